"""Helpers of several commands on a terminal: times as people say them, and the log beside a progress bar."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)), ("s", timedelta(seconds=1)))


def relative(moment: datetime, now: datetime) -> str:
    """Return `moment` as seen from `now`: "3 m ago", "in 27 m", "now" within a second; both in UTC."""
    distance = abs(moment - now)
    for unit, length in _UNITS:
        if distance >= length:
            text = f"{distance // length} {unit}"
            return f"in {text}" if moment > now else f"{text} ago"
    return "now"


@contextmanager
def progress_bar(total: int, verb: str = "fetching", nouns: str = "sources") -> Iterator[Callable[[], None]]:
    """Show a progress bar if standard error is a terminal; the yielded function advances it by one of the `nouns`.

    Meanwhile the lines of the log are printed above the bar.
    """
    if not sys.stderr.isatty() or not total:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TextColumn(nouns), TimeElapsedColumn())
    terminal = sys.stderr
    with Progress(*columns, console=Console(stderr=True, soft_wrap=True), transient=True) as progress:
        task = progress.add_task(verb, total=total)
        handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, logging.StreamHandler)]
        for handler in handlers:
            handler.setStream(sys.stderr)  # the progress bar's, as long as it is shown
        try:
            yield lambda: progress.advance(task)
        finally:
            for handler in handlers:
                handler.setStream(terminal)
