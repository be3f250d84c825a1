"""No mojibake, whatever HTTP, the XML declaration and the bytes say of each other."""

import pytest

from aggregator.parse.encoding import decode
from tests.cases import for_each
from tests.parse.documents import feed_of, rss, title_of

DECLARED = '<?xml version="1.0" encoding="{}"?>'
FRENCH = "L’été à « Orléans »"


def one_entry(title: str, declared: str | None = None) -> str:
    declaration = DECLARED.format(declared) if declared else ""
    return declaration + rss(f"<item><title>{title}</title></item>")


@for_each("http", [None, "utf-8", "iso-8859-1", "us-ascii", "nonsense", "utf-16", "punycode", "hex"])
@for_each("declared", [None, "utf-8", "ISO-8859-1", "windows-1251", "UTF-16", "x-unknown", "idna"])
def test_bytes_that_are_utf8_are_read_as_utf8(http: str | None, declared: str | None) -> None:
    content_type = f"text/xml; charset={http}" if http else None
    assert title_of(one_entry(FRENCH, declared), content_type=content_type) == FRENCH


@for_each("http", [None, "utf-8", "iso-8859-1", "us-ascii"])
@for_each("declared", [None, "utf-8", "iso-8859-1", "windows-1252"])
def test_windows_1252_under_another_name_keeps_its_quotes_and_dashes(http: str | None, declared: str | None) -> None:
    content_type = f'application/rss+xml; charset="{http}"' if http else None
    assert title_of(one_entry(FRENCH, declared).encode("cp1252"), content_type=content_type) == FRENCH


def test_every_byte_has_a_character_in_windows_1252() -> None:
    assert "\ufffd" not in decode(b"<a>" + bytes(range(128, 256)) + b"</a>")


@for_each(
    ("text", "codec", "http", "declared"),
    [
        ("Оренбург", "cp1251", None, "windows-1251"),
        ("Оренбург", "cp1251", "windows-1251", None),
        ("Оренбург", "cp1251", "iso-8859-1", "windows-1251"),  # a server's default against a template's knowledge
        ("Оренбург", "cp1251", "windows-1251", "iso-8859-1"),
        ("Оренбург", "cp1251", "utf-8", "windows-1251"),
        ("Оренбург", "koi8-r", "koi8-r", "utf-8"),
        ("中华人民共和国镕", "gb18030", None, "gb2312"),  # the last character is not in GB2312
        ("日本語のニュース①", "cp932", None, "Shift_JIS"),
        ("日本語のニュース", "euc-jp", None, "EUC-JP"),
        ("日本語のニュース", "iso2022_jp", None, "ISO-2022-JP"),
        ("한국어 뉴스 똠", "cp949", "euc-kr", None),
        ("繁體中文新聞", "big5", None, "big5"),
        ("Čeština ž", "iso8859-2", None, "iso-8859-2"),
        ("Türkçe ğ", "cp1254", None, "iso-8859-9"),
        ("ข่าววันนี้", "cp874", None, "windows-874"),  # this and the others below are labels that Python does not know
        ("חדשות היום", "iso8859-8", "ISO-8859-8-I", None),
        ("한국어 뉴스", "cp949", None, "ks_c_5601-1989"),
        ("日本語のニュース①", "cp932", "windows-31j", None),
        ("Новини ґ", "mac-cyrillic", None, "x-mac-ukrainian"),
    ],
)
def test_a_label_is_believed_that_fits_the_bytes(text: str, codec: str, http: str | None, declared: str | None) -> None:
    content_type = f"text/xml;charset={http}" if http else None
    assert title_of(one_entry(text, declared).encode(codec), content_type=content_type) == text


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_a_mark_or_the_width_of_a_character_outweighs_every_label(codec: str) -> None:
    body = one_entry(FRENCH, "iso-8859-1").encode(codec)
    assert title_of(body, content_type="text/xml; charset=windows-1251") == FRENCH


def test_one_pasted_byte_does_not_spoil_the_rest_of_a_utf8_document() -> None:
    body = one_entry("Déjà vu, été, naïf, 日本: l’heure", "utf-8").encode() + b"<!-- \x93 -->"
    assert title_of(body) == "Déjà vu, été, naïf, 日本: l’heure"
    assert "“" in decode(body)


@pytest.mark.parametrize(
    ("title", "http", "declared"),
    [
        (b"It\xe2\x80\x99s Ann\x92s caf\xc3\xa9", None, None),
        (b"It\xe2\x80\x99s Ann\x92s caf\xc3\xa9", "utf-8", None),
        (b"It\xe2\x80\x99s Ann\x92s caf\xc3\xa9", "iso-8859-1", None),
        (b"It\xe2\x80\x99s Ann\x92s caf\xe9", None, "utf-8"),  # more stray bytes than proper characters
        (b"It\xe2\x80\x99s Ann\x92s caf\xe9", "iso-8859-1", "utf-8"),
    ],
)
def test_stray_bytes_are_decoded_by_themselves(title: bytes, http: str | None, declared: str | None) -> None:
    body = one_entry("TITLE", declared).encode().replace(b"TITLE", title)
    assert title_of(body, content_type=f"text/xml; charset={http}" if http else None) == "It’s Ann’s café"


@pytest.mark.parametrize("http", [None, "utf-8", "iso-8859-1"])
def test_two_bytes_that_happen_to_be_utf8_do_not_spoil_windows_1252(http: str | None) -> None:
    title = "« CAFÉ» : l’été à « Orléans », déjà vu"  # É» are C9 BB
    content_type = f"text/xml; charset={http}" if http else None
    assert title_of(one_entry(title).encode("cp1252"), content_type=content_type) == title


def test_one_broken_character_does_not_spoil_the_rest_of_a_labelled_document() -> None:
    body = one_entry("中华人民共和国", "gb2312").encode("gb18030").replace(b"</title></item>", b"\xd6</title></item>")
    assert title_of(body).startswith("中华人民共和国")


def test_a_document_that_was_encoded_twice_is_decoded_twice() -> None:
    twice = one_entry(FRENCH).encode().decode("cp1252").encode()
    assert title_of(twice) == FRENCH


@for_each("title", ["It’s “Straße”, Bäche", "Größe für Bäche", FRENCH])
def test_a_document_that_was_encoded_twice_by_way_of_latin_1_is_decoded_twice(title: str) -> None:
    assert title_of(one_entry(title).encode().decode("latin-1").encode()) == title


@for_each("raw", ["It\x92s \x93so\x94 \x85", "It&#146;s &#x93;so&#148; &#0133;"])
def test_controls_beyond_ascii_are_characters_of_windows_1252(raw: str) -> None:
    assert title_of(rss(f"<item><title>{raw}</title></item>")) == "It’s “so” …"


def test_breaks_of_word_processors_stand_between_words() -> None:
    assert title_of(rss("<item><title>Mind\x0bthe\x0cgap</title></item>")) == "Mind the gap"


def test_a_title_about_mojibake_stays_as_published() -> None:
    once = rss("<item><title>Martine Ã©crit en UTF-8</title><description>“Mojibake” expliqué</description></item>")
    assert title_of(once) == "Martine Ã©crit en UTF-8"
    alone = rss("<item><title>Martine Ã©crit en UTF-8</title></item>")
    assert title_of(alone) == "Martine Ã©crit en UTF-8"


def test_characters_that_xml_forbids_are_dropped_and_the_document_stays_well_formed() -> None:
    body = rss("<item><title>a\x00b\x08c\x1bd\ufffee</title></item><item><title>f</title></item>")
    assert [entry.title.value for entry in feed_of(body).entries if entry.title] == ["abcde", "f"]
