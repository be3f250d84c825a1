"""Languages, declared and detected."""

import subprocess
import sys

import pytest

from aggregator.normalise.language import detected, primary_subtag


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
    ("words", "language"),
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
def test_a_language_is_detected_only_where_it_is_certain(words: str, language: str | None) -> None:
    assert detected(words) == language


def test_a_language_is_detected_where_no_file_may_be_written() -> None:
    """As in the process that reads what is not plain; there the model is loaded at the first call."""
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "from aggregator.normalise.language import detected\n"
        "assert detected('Der Bundestag hat am Freitag über den Haushalt des Jahres beraten.') == 'de'"
    )
    subprocess.run([sys.executable, "-X", "utf8", "-c", script], check=True, timeout=60)
