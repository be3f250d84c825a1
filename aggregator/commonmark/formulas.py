"""Formulas as one line of text: their TeX, else their MathML in reading order. Pure."""

import re
from collections.abc import Callable

from lxml.etree import _Element as Element

from aggregator.commonmark.notation import script_marks

_RELATIONS = frozenset("=<>≤≥≠≈≡∼≃≅∝→←↔⇒⇐⇔↦∈∉⊂⊆⊃⊇±∓∧∨≪≫")
_INVISIBLE = str.maketrans(dict.fromkeys("\u2061\u2062\u2063\u2064"))  # operators that are read, not seen
_FORMULA_URL = re.compile(r"latex|mathtex|mimetex|texvc|codecogs|cht=tx|/media/math/", re.IGNORECASE)
_TEX = re.compile(r"[\\^_{}=<>]|\A\w\Z")  # else it may be a word about it
_TOKENS = ("mi", "mn", "mo", "ms", "mtext")


def formula_text(math: Element) -> str:
    """Return `math`, as `normalise.formulas` writes it, as `$TeX$` if it has an `alttext`, else as readable text."""
    if tex := math.get("alttext"):
        return f"${tex}$"
    return " ".join(_text(math).translate(_INVISIBLE).split())


def formula_of_image(image: Element) -> str:
    """Return the TeX of an image that shows a formula as `$TeX$`, "" for any other image."""
    tex = " ".join(image.get("alt", "").split()).strip("$").strip()
    is_formula = _FORMULA_URL.search(image.get("src", "")) and _TEX.search(tex)
    return f"${tex}$" if is_formula else ""


def _text(element: Element) -> str:
    if write := _LAYOUTS.get(element.tag):
        return write([*element])
    text = element.text or ""
    if element.tag == "mo" and text.strip() in _RELATIONS:
        return f" {text.strip()} "
    return text + "".join(_text(child) + (child.tail or "") for child in element)


def _grouped(element: Element) -> str:
    """Return the text of `element`, in parentheses if it has more than one part."""
    text = _text(element).strip()
    return f"({text})" if sum(1 for _ in element.iter(*_TOKENS)) > 1 else text


def _script(name: str, element: Element) -> str:
    text = _text(element).strip()
    if not text:
        return ""
    _, table, _ = script_marks(name, text, "x")
    if table:
        return text.translate(table)
    alone = len(text) == 1 and not text.isalnum()  # an accent, a prime
    return text if alone else f"{'^' if name == 'sup' else '_'}({text})"


def _fraction(parts: list[Element]) -> str:
    return "/".join(map(_grouped, parts))


def _scripted(*names: str) -> Callable[[list[Element]], str]:
    def scripted(parts: list[Element]) -> str:
        scripts = zip(names, parts[1:], strict=False)
        spare = parts[1 + len(names) :]
        text = "".join((*map(_grouped, parts[:1]), *(_script(name, part) for name, part in scripts)))
        return text + "".join(map(_text, spare))

    return scripted


def _multiscripts(parts: list[Element]) -> str:
    """Return a base with scripts on both sides: lower and upper alternate, those before the base come last."""
    base = parts[:1]
    scripts: list[Element] = []
    leading: list[Element] = []
    behind = scripts
    for part in parts[1:]:
        if part.tag == "mprescripts":
            behind = leading
        else:
            behind.append(part)
    before, after = (
        "".join(_script("sup" if index % 2 else "sub", part) for index, part in enumerate(side))
        for side in (leading, scripts)
    )
    return before + "".join(map(_grouped, base)) + after


def _root(parts: list[Element]) -> str:
    if len(parts) < 2:
        return f"√({''.join(map(_text, parts))})"
    return f"({_text(parts[0])})^(1/{_grouped(parts[1])})"


def _table(rows: list[Element]) -> str:
    return "(" + "; ".join(", ".join(_text(cell).strip() for cell in row) for row in rows) + ")"


_LAYOUTS: dict[str, Callable[[list[Element]], str]] = {
    "mfrac": _fraction,
    "msup": _scripted("sup"),
    "mover": _scripted("sup"),
    "msub": _scripted("sub"),
    "munder": _scripted("sub"),
    "msubsup": _scripted("sub", "sup"),
    "munderover": _scripted("sub", "sup"),
    "mmultiscripts": _multiscripts,
    "msqrt": lambda parts: f"√({''.join(map(_text, parts))})",
    "mroot": _root,
    "mtable": _table,
    "mphantom": lambda parts: "",
    "mspace": lambda parts: " ",
}
