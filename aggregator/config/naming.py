"""Names for sources that were written without one. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from urllib.parse import urlsplit

from aggregator.names import ALL, slug
from aggregator.settings import SourceSettings

MAX_BASE = 70  # characters before a number; a name has 80 at most


class FreeNames:
    """Names that a new source may get: none of `names`, to which `take` adds, and not that of the feed of all."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = {ALL, *names}
        self._numbers: dict[str, Iterator[int]] = {}

    def take(self, base: str) -> str:
        """Return `base`, with `-2` and so on appended if it is taken, and count it as taken."""
        name = base
        while name in self.names:
            name = f"{base[:MAX_BASE]}-{next(self._numbers.setdefault(base, count(2)))}"
        self.names.add(name)
        return name


def named(sources: Sequence[SourceSettings]) -> Iterator[SourceSettings]:
    """Yield the sources, each with a name: the written one, else its host's. Written names are taken first."""
    names = FreeNames(source.name for source in sources if source.name)
    for source in sources:
        yield source if source.name else source.model_copy(update={"name": names.take(host_name(source.url))})


def host_name(url: str) -> str:
    """Return `example-org` for https://www.example.org/feed.xml; other scripts are transliterated."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    with suppress(UnicodeError):  # already in its own script, or not valid IDNA
        host = host.encode("ascii").decode("idna")  # xn--bcher-kva.example is bücher.example
    return slug(host)[:MAX_BASE].strip("-") or "source"
