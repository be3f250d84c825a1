"""Real feeds from a folder, with entries that can be held back for a later poll."""

import json
import os
import re
from pathlib import Path

KINDS = {
    ".atom": "application/atom+xml",
    ".json": "application/feed+json",
    ".rdf": "application/rdf+xml",
    ".rss": "application/rss+xml",
    ".xml": "application/xml",
}
VARIABLE = "AGGREGATOR_CORPUS"
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "corpus"  # beside the checkout

CHANGING = 20  # every twentieth document lacks its first entries until the round in which it changes
HELD_BACK = 2  # entries

_ENTRY = re.compile(rb"<(item|entry)[\s>].*?</\1>", re.DOTALL)
_URL_START = re.compile(rb"""(xmlns[:\w]*\s*=\s*["'][^"']*)|://""")
_LANGUAGE = re.compile(rb'<language|lang=|dc:language|"language"', re.IGNORECASE)


def corpus_folder(path: Path | None = None) -> Path | None:
    """Return the folder of real feeds: `path`, AGGREGATOR_CORPUS or ../shared/corpus; None if it does not exist."""
    folder = path or Path(os.environ.get(VARIABLE) or BESIDE)
    return folder.resolve() if folder.is_dir() else None


class RealFeeds:
    """The documents of a folder, repeated `copies` times. In each copy, all links name other hosts."""

    def __init__(self, folder: Path, copies: int = 1) -> None:
        self._files = sorted(path for path in folder.iterdir() if path.suffix in KINDS)
        self._copies = copies

    def __len__(self) -> int:
        return len(self._files) * self._copies

    def content_type(self, number: int) -> str:
        return KINDS[self._files[number % len(self._files)].suffix]

    def body(self, number: int, newer: int) -> bytes:
        """Return document `number`; of the entries held back, `newer` are in it."""
        copy, file = divmod(number, len(self._files))
        body = self._files[file].read_bytes()
        if number % CHANGING == 0:
            body = _without_first(body, max(HELD_BACK - newer, 0))
        return _on_other_hosts(body, copy) if copy else body


class Undeclared(RealFeeds):
    """The first `limit` documents of a folder that declare no language."""

    def __init__(self, folder: Path, limit: int) -> None:
        super().__init__(folder)
        self._files = [path for path in self._files if not _LANGUAGE.search(path.read_bytes())][:limit]


def _without_first(body: bytes, count: int) -> bytes:
    """Return the document without its first entries. Entries nested in each other are left as they are."""
    if body.lstrip().startswith(b"{"):
        feed = json.loads(body)
        return json.dumps(feed | {"items": feed["items"][count:]}).encode()
    for _ in range(count):
        match = _ENTRY.search(body)
        if match and not re.search(rb"<%b[\s>]" % match[1], match[0][1:]):
            body = body[: match.start()] + body[match.end() :]
    return body


def _on_other_hosts(body: bytes, copy: int) -> bytes:
    """Return the document with a label before each host name, but for the names of XML namespaces."""
    return _URL_START.sub(lambda match: match[1] or b"://copy%d." % copy, body)
