"""How many articles a source carried on each of the last days, as a small chart. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 28
HEIGHT = 10  # of the chart, in widths of a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn: the `outline` of bars (SVG path data in a box of DAYS by HEIGHT), and what is said of it."""

    outline: str
    a_day: str
    most: int


def chart(counts: Mapping[date, int], today: date) -> Chart | None:
    """The chart of the DAYS that end with `today`; None where nothing was published in them."""
    days = [counts.get(today - timedelta(days=back), 0) for back in reversed(range(DAYS))]
    most = max(days)
    return Chart(outline=_outline(days, most), a_day=f"{sum(days) / DAYS:.1f}", most=most) if most else None


def _outline(days: Sequence[int], most: int) -> str:
    heights = (round(HEIGHT * count / most, 2) for count in days)
    return "".join(f"M{day} {HEIGHT}v-{height:g}h.8v{height:g}z" for day, height in enumerate(heights) if height)
