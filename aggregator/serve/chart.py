"""Bar chart of a source's articles per day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 28
HEIGHT = 10  # of the chart; a day is 1 wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars as SVG path data, in a box of DAYS by HEIGHT, with the mean and the maximum per day."""

    path: str
    mean: str
    maximum: int


def chart(counts: Mapping[date, int], today: date) -> Chart | None:
    """Return the chart of the DAYS up to `today`, None if nothing was published in them."""
    days = [counts.get(today - timedelta(days=age), 0) for age in reversed(range(DAYS))]
    maximum = max(days)
    if not maximum:
        return None
    heights = (round(HEIGHT * count / maximum, 2) for count in days)
    path = "".join(f"M{day} {HEIGHT}v-{height:g}h.8v{height:g}z" for day, height in enumerate(heights) if height)
    return Chart(path=path, mean=f"{sum(days) / DAYS:.1f}", maximum=maximum)
