"""Sources that all have news with each edition, for tests that stop, kill or double who reads them."""

from collections import Counter
from typing import Any

from tests.newsroom import item, prose, rss
from tests.servers import Request, Server


class Press:
    """Sources whose documents all change with each edition: new entries, edited ones, and one that two share."""

    def __init__(self, server: Server, *, sources: int, entries: int, desks: int) -> None:
        """`entries` of a document, one new with each edition and one shared; `desks` are the categories."""
        self.server, self.edition = server, 0
        self._sources, self._entries, self._desks = sources, entries, desks
        for source in range(sources):
            server.put(f"/{source}", self.document)

    def sources(self) -> list[dict[str, Any]]:
        """As `feeds.yaml` has them."""
        return [
            {
                "name": f"paper-{source}",
                "url": self.server.url(f"/{source}"),
                "category": f"desk-{source % self._desks}",
            }
            for source in range(self._sources)
        ]

    def document(self, request: Request) -> bytes:
        """The source at the request's path, in this edition."""
        source = int(request.path.removeprefix("/"))
        numbers = [*self._own(source, self.edition), self._shared(source, self.edition)]
        return rss(*map(self._item, numbers))

    def titles(self) -> Counter[str]:
        """What has to be there once all sources were read in every edition from the first on, each story once."""
        editions = range(1, self.edition + 1)
        pairs = [(source, edition) for source in range(self._sources) for edition in editions]
        own = {number for pair in pairs for number in self._own(*pair)}
        return Counter(f"Story number {number}" for number in own | {self._shared(*pair) for pair in pairs})

    def _own(self, source: int, edition: int) -> range:
        first = 10_000 * (source + 1) + edition
        return range(first, first + self._entries - 1)

    def _shared(self, source: int, edition: int) -> int:
        return 1_000_000 + 100 * edition + source // 2

    def _item(self, number: int) -> str:
        edited = f"&lt;p&gt;{prose(number)} {f'edition {self.edition}' if number % 3 == 0 else ''}&lt;/p&gt;"
        return item(number, description=edited, pubDate=f"Mon, 06 Jan 2025 {number % 24:02}:00:00 +0000")
