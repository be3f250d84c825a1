"""Cache lifetimes of feeds. Pure."""

from collections.abc import Iterable, Mapping

from aggregator.model import Source
from aggregator.names import ALL, category_name

MIN_AGE, MAX_AGE = 60, 3600  # seconds


def max_ages(sources: Iterable[Source]) -> Mapping[str, int]:
    """Return the max-age in seconds for each category's file name and `all`: the shortest interval of its sources."""
    ages = {ALL: MAX_AGE}
    for source in sources:
        if source.settings.enabled:
            age = max(int(source.interval.total_seconds()), MIN_AGE)
            for name in (ALL, *map(category_name, source.categories)):
                ages[name] = min(age, ages.get(name, MAX_AGE))
    return ages
