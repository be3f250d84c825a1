"""Programming language of code, found in the attributes that highlighters leave. Pure."""

import re

from aggregator.commonmark.code import LANGUAGE_PREFIX
from aggregator.commonmark.languages import LANGUAGES

# language-go (HTML, 4.5.15), lang-go, highlight-source-go (GitHub), highlight-go (Sphinx), src-go (Org), brush: go
_CLASS = re.compile(
    r"(?:^|\s)(?:lang(?:uage)?-|highlight-(?:source-|text-)?|src-|brush:\s*)([\w+#-]{1,30})", re.IGNORECASE
)
# Beside one of these classes, or alone on code, a bare word is a language, too.
_HIGHLIGHTER = re.compile(
    r"(?:^|\s)(?:highlight|hljs|sourceCode|prettyprint|codehilite|prism|chroma)(?:$|\s)", re.IGNORECASE
)
_BARE_TAGS = frozenset({"pre", "code"})
_MAX_CLASS = 200  # characters that are looked at


def annotated_language(tag: str, name: str, value: str) -> str | None:
    """Return the annotation for the language that the attribute `name` of an element says, None if it says none."""
    value = value[:_MAX_CLASS].strip()
    words = [value]
    if name == "class":
        words = _CLASS.findall(value)
        if not words and (tag in _BARE_TAGS or _HIGHLIGHTER.search(value)):
            words = value.split()
    elif name == "lang" and len(value) <= 2:  # "pl" and "cs" are Polish and Czech
        return None
    language = next((word for word in map(str.lower, words) if word in LANGUAGES), None)
    return LANGUAGE_PREFIX + language if language else None
