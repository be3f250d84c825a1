"""Articles of a page by day and by source. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from aggregator.model import ListedArticle

MAX_IN_A_ROW = 3  # articles of one source, so that others are seen; the rest of the row is folded
WORDS_PER_MINUTE = 230


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """Articles of one source that follow each other."""

    source: str
    source_title: str
    shown: Sequence[ListedArticle]
    folded: Sequence[ListedArticle]


def day_groups(
    articles: Sequence[ListedArticle], now: datetime, zone: ZoneInfo, most: int = MAX_IN_A_ROW
) -> Iterator[tuple[str, list[SourceRun]]]:
    """Yield the heading of each day and its articles, newest first, with at most `most` of a source in a row."""
    today = now.astimezone(zone).date()
    for day, on_day in groupby(articles, lambda article: article.published.astimezone(zone).date()):
        runs = (list(run) for _, run in groupby(on_day, lambda article: article.source))
        yield (
            day_heading(day, today),
            [
                SourceRun(
                    source=run[0].source,
                    source_title=run[0].source_title,
                    shown=run[: most if len(run) > most + 1 else None],  # a fold of one would save nothing
                    folded=run[most:] if len(run) > most + 1 else (),
                )
                for run in runs
            ],
        )


def day_heading(day: date, today: date) -> str:
    """Return "Today", "Yesterday", or the date, with its year if that is another one."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    text = f"{day:%A} {day.day} {day:%B}"
    return text if day.year == today.year else f"{text} {day.year}"


def reading_minutes(words: int) -> int:
    """Return the minutes that reading takes, at least 1."""
    return max(1, round(words / WORDS_PER_MINUTE))
