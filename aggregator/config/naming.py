"""Names for sources that were written without one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from urllib.parse import urlsplit

from aggregator.names import ALL, slug
from aggregator.settings import SourceSettings

LONGEST_BASE = 70  # characters before a number; a name has 80 at most


class FreeNames:
    """The names that a source can still get: none of those `taken`, which grow, and not that of the feed of all."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = {ALL, *taken}
        self._numbers: dict[str, Iterator[int]] = {}

    def take(self, base: str) -> str:
        """`base`, with `-2` and so on behind it where it is taken; taken from now on."""
        name = base
        while name in self.taken:
            name = f"{base[:LONGEST_BASE]}-{next(self._numbers.setdefault(base, count(2)))}"
        self.taken.add(name)
        return name


def named(entries: Sequence[SourceSettings]) -> Iterator[SourceSettings]:
    """The sources, each with a name: the written one, else its host's; a written name wins wherever it stands."""
    names = FreeNames(entry.name for entry in entries if entry.name)
    for entry in entries:
        yield entry if entry.name else entry.model_copy(update={"name": names.take(host_name(entry.url))})


def host_name(url: str) -> str:
    """`example-org` for https://www.example.org/feed.xml; a host in another script by the sound of its letters."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    with suppress(UnicodeError):  # in its own script already, or no IDNA after all
        host = host.encode("ascii").decode("idna")  # xn--bcher-kva.example is bücher.example
    return slug(host)[:LONGEST_BASE].strip("-") or "source"
