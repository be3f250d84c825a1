"""How long readers may keep a feed. Pure."""

from collections.abc import Iterable, Mapping

from aggregator.model import Source
from aggregator.names import ALL, category_name

LEAST, MOST = 60, 3600  # seconds


def max_ages(sources: Iterable[Source]) -> Mapping[str, int]:
    """Seconds for each category's file name, `all` among them: until the most eager of its sources is asked again."""
    ages = {ALL: MOST}
    for source in sources:
        if source.enabled:
            age = max(int(source.interval.total_seconds()), LEAST)
            for name in (ALL, *map(category_name, source.categories)):
                ages[name] = min(age, ages.get(name, MOST))
    return ages
