"""Images of a `srcset`, and the one to show. Pure."""

import re
from collections.abc import Mapping
from typing import NamedTuple

MAX_WIDTH = 1600  # pixels; of wider images nobody sees more
PLACEHOLDER = re.compile(r"data:|.*\b(?:blank|spacer|placeholder|transparent|grey|1x1|pixel)\.(?:gif|png|svg|jpe?g)\b")
# A URL begins behind a blank or a comma: a search from each of its characters would take the square of its length.
_CANDIDATE = re.compile(r"(?<![^\s,])([^\s,]\S*[^\s,])(?:\s+([0-9.]{1,9})([wx])(?:\s+[0-9]{1,6}h)?)?\s*(?:,|$)")


class Candidates(NamedTuple):
    """Images of a `srcset`, each "" if there is none."""

    fitting: str = ""  # the largest of those whose width is known to be at most MAX_WIDTH
    any: str = ""  # the smallest that is wider, or the one of the highest density if no width is known


def candidates_of(srcset: str, attributes: Mapping[str, str]) -> Candidates:
    """Return the best images of a `srcset` (HTML, 4.8.4.2.1) of an `img` with `attributes`."""
    if not srcset:
        return Candidates()
    width = _number(attributes.get("width", ""))  # of a density of 1
    widths: dict[str, float] = {}
    densities: dict[str, float] = {}
    for url, number, unit in _CANDIDATE.findall(srcset[:8192]):
        if PLACEHOLDER.match(url):
            continue
        if unit == "w":
            widths.setdefault(url, _number(number))
        elif width:
            widths.setdefault(url, _number(number or "1") * width)
        else:
            densities.setdefault(url, _number(number or "1"))
    fitting = {url: width for url, width in widths.items() if width <= MAX_WIDTH}
    return Candidates(
        fitting=max(fitting, key=fitting.__getitem__, default=""),
        any=min(widths, key=widths.__getitem__, default="") or max(densities, key=densities.__getitem__, default=""),
    )


def _number(text: str) -> float:
    try:
        return float(text) if text.isascii() and text[:1].isdigit() else 0.0
    except ValueError:  # a width that is no number tells nothing
        return 0.0
