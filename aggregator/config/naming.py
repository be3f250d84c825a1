"""Names for sources that were written without one."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from aggregator.names import ALL, slug
from aggregator.settings import SourceSettings


def named(entries: Sequence[SourceSettings]) -> Iterator[SourceSettings]:
    """The sources, each with a name: the written one, else its host's, `-2` and so on behind it where that is taken.

    A written name wins wherever it stands in the file.
    """
    taken = {entry.name for entry in entries} | {ALL}
    counts: dict[str, int] = {}
    for entry in entries:
        if entry.name:
            yield entry
            continue
        base = host_name(entry.url)
        name = base
        while name in taken:
            counts[base] = counts.get(base, 1) + 1
            name = f"{base}-{counts[base]}"
        taken.add(name)
        yield entry.model_copy(update={"name": name})


def host_name(url: str) -> str:
    """`example-org` for https://www.example.org/feed.xml; a host in another script by the sound of its letters."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    with suppress(UnicodeError):  # in its own script already, or no IDNA after all
        host = host.encode("ascii").decode("idna")  # xn--bcher-kva.example is bücher.example
    return slug(host)[:70].strip("-") or "source"
