"""Clean HTML of untrusted HTML: an allow-list of tags, http, https and mailto, nothing that acts. Pure; never raises.

nh3 reads a text as browsers do and has the last word. Before it, late images and players, which it would drop, get a
form that it keeps, and nesting that would cost too much time is flattened. After it only formulas, written anew by our
own code, take their places, the foot of a table goes to its end, and the link of an empty post gets its host as text.

Annotations are attributes that only our own readers of the clean HTML see: the TeX of a formula, the language of code,
the tables that lay out a page. Their values come from us or from a closed list.
"""

import re
from collections import defaultdict
from contextvars import ContextVar
from html import escape
from typing import NamedTuple

import nh3

from aggregator.characters import strip_unsafe
from aggregator.commonmark.block_tags import BLOCK_TAGS
from aggregator.normalise.code_languages import annotated_language
from aggregator.normalise.links import link_target
from aggregator.normalise.media import image_url
from aggregator.normalise.rewriting import RENAMED, rewritten
from aggregator.normalise.tags import OPEN_IMAGE, TAG

MAX_TAGS = 20_000  # twice what the longest article of the corpus has; above it the text alone is kept
MAX_DEPTH = 40  # of elements whose end tag is not optional: the cleaner's time grows with its square
_SHALLOW = 200  # up to so many tags no nesting takes long

_ALLOWED = """
    a abbr b blockquote br caption cite code dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins
    kbd li mark ol p pre q rp rt ruby s samp small strong sub sup table tbody td tfoot th thead tr u ul var
"""
_DROPPED_WITH_CONTENT = """
    script style noscript template object embed svg math form textarea select title head noembed noframes xmp
    plaintext iframe audio video
"""

_CODE_ATTRIBUTES = {"class", "lang", "data-lang", "data-language", "data-enlighter-language"}
_ANNOTATION = re.compile(r'<(pre|code|div|figure|table|math)((?: [a-z-]+="[^"]*")+)>')
_NO_ANNOTATION = re.compile(r' dir="(?:rtl|ltr)"')


class _Context(NamedTuple):
    """Context on which the values of attributes depend."""

    base: str | None  # that relative URLs are joined to
    has_rtl: bool  # parts from left to right need their direction only within others


_context: ContextVar[_Context] = ContextVar("context")  # of the present text


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value that an attribute gets, or None if it is dropped; the cleaner calls this for each attribute."""
    if name == "href":
        return link_target(value, _context.get().base)
    if name == "src":
        return image_url(value, _context.get().base)
    if name == "dir":
        return _direction(value)
    if name == "role":
        return "presentation" if value.strip().lower() in {"presentation", "none"} else None
    return annotated_language(tag, name, value) if name in _CODE_ATTRIBUTES else value


def _direction(value: str) -> str | None:
    direction = value.strip().lower()
    return direction if direction == "rtl" or (direction == "ltr" and _context.get().has_rtl) else None


_CLEANER = nh3.Cleaner(
    tags=set(_ALLOWED.split()),
    clean_content_tags=set(_DROPPED_WITH_CONTENT.split()),
    attributes={
        "*": {"dir"},
        "a": {"href", "title"},
        "code": _CODE_ATTRIBUTES,
        "div": {"class"},
        "figure": {"class"},
        "img": {"src", "alt", "title"},
        "li": {"value"},
        "ol": {"start", "reversed"},
        "pre": _CODE_ATTRIBUTES,
        "table": {"role"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
    },
    url_schemes={"http", "https", "mailto"},
    url_relative="pass_through",
    attribute_filter=_attribute,
    link_rel=None,
)

_ANY_BLOCK = re.compile(rf"<(?:br|{'|'.join(sorted(BLOCK_TAGS))})\b")
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")
# Void, or ended by what follows: without an end tag they do not stand in each other.
_UNNESTED = """
    area base br col embed hr img input link meta param source track wbr
    p li dt dd tr td th thead tbody tfoot option optgroup colgroup
"""
_UNCOUNTED = frozenset(_UNNESTED.split())
_MARKUP = re.compile(r"<[^<>]*>?")
_SOURCELESS = re.compile(r"<img(?![^>]* src=)[^>]*>")  # exact: the cleaner leaves no "<" or ">" in attributes
# HTML 4 has the foot of a table before its body, and browsers show it at the end.
_EARLY_FOOT = re.compile(
    r"(<tfoot\b[^<>]*>(?:(?!</?(?:table|tfoot)\b).)*+</tfoot>)\s*+"
    r"((?:<tbody\b[^<>]*>(?:(?!</?(?:table|tbody)\b).)*+</tbody>\s*+)++)(?=</table>)",
    re.DOTALL,
)
# A post of another site that a script was to show: its link is empty, and all that is there. Its host becomes the text.
_EMPTY_POST = re.compile(
    r'(<blockquote>\s*+(?:<(?:p|div)>\s*+)*+<a href="https?://(?:[^/"?#@]*+@)?+([^/"?#]++)[^<>]*+>)\s*+'
    r"(</a>\s*+(?:</(?:p|div)>\s*+)*+</blockquote>)"
)
# Elements within which browsers read other tags differently: once some are gone, the rest is read anew.
# They are renamed before the cleaner where their tags are not odd.
_UNSETTLING = re.compile(
    rf"<(?:table|button|marquee|applet|select|form|dd|dt|isindex|rt|rp|{'|'.join(RENAMED)})\b", re.IGNORECASE
)
_NESTED_HEADING = re.compile(r"<h[1-6][ >](?:[^<]|<(?!/?h[1-6][ >]))*+<h")
_PASSES = 4
_PRE_START = re.compile(r"(<pre(?: [^<>]*)?>)\n+")  # a reader of HTML drops one each time

_TAG = re.compile(r"<[^>]*>")


def clean(value: str, base: str | None = None) -> str:
    """Return `value`, HTML or RSS's text, as clean, well-formed HTML; relative URLs are joined to `base`, or dropped.

    Text that has blank lines but no block tag becomes paragraphs. Cleaning clean HTML changes nothing.
    """
    return published(annotated(value, base))


def published(annotated_html: str) -> str:
    """Return clean HTML without the annotations."""
    return _ANNOTATION.sub(_without_annotation, annotated_html)


def _without_annotation(tag: re.Match[str]) -> str:
    return f"<{tag[1]}{''.join(_NO_ANNOTATION.findall(tag[2]))}>"


def annotated(value: str, base: str | None = None) -> str:
    """Return `value` as `clean` does, with the annotations."""
    source = strip_unsafe(value).strip()
    if source.count("<") > MAX_TAGS:
        source = _MARKUP.sub(" ", source)
    _context.set(_Context(base, "rtl" in source))
    rewriting = rewritten(source, base)
    cleaned = rewriting.with_formulas(_cleaned(rewriting.html, has_references="&#" in source))
    # Only the cleaner reads such an image as one: what becomes of it (an emoji, nothing) is decided now.
    return annotated(cleaned) if OPEN_IMAGE.search(source) else cleaned


def _cleaned(source: str, *, has_references: bool) -> str:
    """Return `source`, HTML rewritten for the cleaner, cleaned until cleaning it changes nothing.

    `has_references` tells that what was rewritten held numeric references: some of their characters are unsafe.
    """
    if source.count("<") > _SHALLOW:
        source = _bounded(source)
    cleaned = _CLEANER.clean(source)
    if cleaned.count("<") > _SHALLOW:  # what looked like an end tag may have been none, in a comment or an attribute
        bounded = _bounded(cleaned)
        cleaned = cleaned if bounded == cleaned else _CLEANER.clean(bounded)
    if _UNSETTLING.search(source) or _NESTED_HEADING.search(cleaned):
        cleaned = _settled(cleaned)
    if len(cleaned) > 8 * len(source) + 1000:  # unclosed formatting is opened again in every paragraph
        cleaned = _CLEANER.clean(_MARKUP.sub(" ", source))
    if has_references:
        cleaned = strip_unsafe(cleaned)
    if _BLANK_LINE.search(cleaned) and not _ANY_BLOCK.search(cleaned):
        parts = _BLANK_LINE.split(_TAG.sub(lambda tag: tag[0].replace("\n", " "), cleaned).strip())
        cleaned = _CLEANER.clean("\n".join(f"<p>{part}</p>" for part in parts))
    cleaned = _PRE_START.sub(r"\1", _SOURCELESS.sub("", cleaned)).strip()
    if "<tfoot" in cleaned:
        cleaned = _EARLY_FOOT.sub(r"\2\1", cleaned)
    return _EMPTY_POST.sub(r"\1\2\3", cleaned) if "<blockquote" in cleaned else cleaned


def paragraphs(plain_text: str) -> str:
    """Return a plain text as clean HTML: paragraphs at blank lines, other line ends kept."""
    text = escape(strip_unsafe(plain_text).strip(), quote=False).replace("\xa0", "&nbsp;")
    return "\n".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in _BLANK_LINE.split(text) if part)


def _settled(cleaned: str) -> str:
    """Return `cleaned`, cleaned again until that changes nothing."""
    for _ in range(_PASSES):
        again = _CLEANER.clean(cleaned)
        if again == cleaned:
            break
        cleaned = again
    return cleaned


def _bounded(source: str) -> str:
    """Return `source` without tags that stand too deep."""
    waiting: defaultdict[str, int] = defaultdict(int)  # start tags that wait for their end, by name
    dropped: defaultdict[str, int] = defaultdict(int)
    depth = 0

    def bounded_tag(tag: re.Match[str]) -> str:
        nonlocal depth
        name, ends = tag[2].lower(), tag[1]
        if name in _UNCOUNTED:
            return tag[0]
        if ends and not dropped[name]:
            if waiting[name]:
                depth -= 1
                waiting[name] -= 1
        elif not ends and depth < MAX_DEPTH:
            depth += 1
            waiting[name] += 1
        else:
            dropped[name] += -1 if ends else 1
            return ""
        return tag[0]

    return TAG.sub(bounded_tag, source)
