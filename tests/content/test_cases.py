"""Entries as real feeds have them, as a reader finds them; `cases/README.md` defines documents, places and tests.

The program runs once for each visit, over all cases together.
"""

import csv
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands import aggregator, configure
from tests.newsroom import front_matter
from tests.normalise.rendering import Page, rendered
from tests.servers import Server

CASES = Path(__file__).parent / "cases"
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
SHIFTED = {
    mark: re.compile(
        f"[{''.join(sign for sign in map(chr, range(0x80, 0x2100)) if name in unicodedata.name(sign, ''))}]+"
    )
    for mark, name in (("^", "SUPERSCRIPT"), ("_", "SUBSCRIPT"))
}
SPELLED_ALIKE = frozenset({"title", "summary", "text", "feedtext"})


@dataclass(frozen=True)
class Check:
    """A line of `expected.tsv`."""

    entry: str
    place: str
    test: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.entry, self.place, self.test, " | ".join(self.values))))


@dataclass(frozen=True)
class File:
    """An article's file."""

    head: Mapping[str, str]
    body: str  # without the link at its end
    link: str


@dataclass(frozen=True)
class Item:
    """An entry of a published feed."""

    title: str
    link: str
    html: str
    values: str  # one on a line


RAISED = {"sup": "^", "sub": "_"}


class Seen(Page):
    """Return the visible text of HTML; raised and lowered text as `^(2)` and `_(2)`."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag in RAISED:
            self.text += f"{RAISED[tag]}("

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag in RAISED:
            self.text += ")"


TESTS: dict[str, Callable[[str, tuple[str, ...]], bool]] = {
    "is": lambda subject, values: subject in values,
    "has": lambda subject, values: any(value in subject for value in values),
    "lacks": lambda subject, values: not any(value in subject for value in values),
    "starts": lambda subject, values: subject.startswith(values),
    "once": lambda subject, values: any(subject.count(value) == 1 for value in values),
    "matches": lambda subject, values: any(re.search(value, subject, re.DOTALL) for value in values),
}


def _checks() -> dict[str, tuple[Check, ...]]:
    with (CASES / "expected.tsv").open(encoding="utf-8", newline="") as lines:
        rows = [*csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]
    return {
        case: tuple(
            Check(entry, place, test, tuple(value.replace("⏎", "\n") for value in values))
            for _, _, entry, place, test, *values in group
        )
        for case, group in groupby(rows, key=lambda row: row[0])
    }


CHECKS = _checks()


def _visits(case: str) -> list[bytes]:
    """Return the responses of the case's address, visit by visit."""
    numbered = sorted(CASES.glob(f"{case}-[0-9].*"))
    return [path.read_bytes() for path in numbered or CASES.glob(f"{case}.*")]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The storage after the last visit."""
    folder = tmp_path_factory.mktemp("cases")
    visits = {case: _visits(case) for case in CHECKS}
    with Server() as server:
        configure(folder, sources=[{"name": case, "url": server.url(f"/{case}"), "category": case} for case in CHECKS])
        for visit in range(max(map(len, visits.values()))):
            for case, documents in visits.items():
                server.put(f"/{case}", documents[min(visit, len(documents) - 1)])
            done = json.loads(aggregator("once", "--all", "--json", cwd=folder).stdout)
            assert (done["sources"], done["fetched"], done["failures"]) == (len(CHECKS), len(CHECKS), [])
    return folder / "storage"


@pytest.mark.parametrize("case", CHECKS)
def test_a_reader_finds_what_the_entry_says(case: str, storage: Path) -> None:
    files = [_file(path, case) for path in sorted((storage / "articles" / case).rglob("*.md"))]
    feeds = {suffix: [*_items(storage / "feeds" / f"{case}.{suffix}")] for suffix in ("rss", "atom", "json")}
    faults = [fault for check in CHECKS[case] for fault in _faults(check, files, feeds)]
    assert not faults, "\n".join(faults)


def test_each_case_has_a_document() -> None:
    assert {case for case in CHECKS if not _visits(case)} == set()


def _faults(check: Check, files: list[File], feeds: Mapping[str, list[Item]]) -> Iterator[str]:
    """Return the parts of the check that fail, each with the text it was compared with."""
    files = [file for file in files if check.entry in ("", file.head["title"])]
    chosen = {name: [item for item in items if check.entry in ("", item.title)] for name, items in feeds.items()}
    values = tuple(map(spelling, check.values)) if check.place in SPELLED_ALIKE else check.values
    for subject in _subjects(check.place, files, chosen):
        if not TESTS[check.test](subject, values if check.test != "matches" else check.values):
            yield f"{check}: {subject}"


def _subjects(place: str, files: list[File], feeds: Mapping[str, list[Item]]) -> Iterator[str]:
    """Return the text in a place: one text, or one for each feed."""
    match place:
        case "articles":
            yield str(len(files))
        case "title" | "date":
            yield from _joined(place, (file.head[place] for file in files))
        case "summary":
            yield from _joined(place, (Seen(rendered(file.head["summary"])).words for file in files))
        case "link":
            yield from (file.link for file in files)
            yield from (item.link for items in feeds.values() for item in items)
        case "markdown":
            yield from _joined(place, (file.body for file in files))
        case "page":
            yield from _joined(place, (rendered(file.body) for file in files))
        case "text":
            yield from _joined(place, (Seen(rendered(file.body)).words for file in files))
        case "feed":
            for items in feeds.values():
                yield from _joined(place, (item.html for item in items))
        case "feedtext":
            for items in feeds.values():
                yield from _joined(place, (Seen(item.html).words for item in items))
        case "entry":
            for items in feeds.values():
                yield from _joined(place, (item.values for item in items))
        case "rss" | "atom" | "json":
            yield from _joined(place, (item.values for item in feeds[place]))
        case _:
            raise ValueError(place)


def _joined(place: str, parts: Iterator[str]) -> Iterator[str]:
    text = "\n".join(parts)
    yield spelling(text) if place in SPELLED_ALIKE else text


def spelling(text: str) -> str:
    """The text in the one of several equal spellings that all are held against."""
    for mark, signs in SHIFTED.items():
        text = signs.sub(lambda run: f"{mark}{unicodedata.normalize('NFKC', run[0])}", text)  # noqa: B023 - it runs at once
    text = re.sub(r"([\^_])\(([^\s()]+)\)", r"\1\2", text.replace("\u2212", "-"))
    return " ".join(text.split())


def _file(path: Path, case: str) -> File:
    text = path.read_text(encoding="utf-8")
    body, _, closing = text.partition("\n---\n")[2].strip("\n").rpartition("[")
    source, _, link = closing.rpartition("](")
    assert source == case
    return File(head=front_matter(text), body=body.strip("\n"), link=link.removesuffix(")"))


def _items(path: Path) -> Iterator[Item]:
    if path.suffix == ".json":
        for item in json.loads(path.read_bytes())["items"]:
            html = item.get("content_html", "")
            yield Item(item["title"], item["url"], html, "\n".join(_leaves(item)))
        return
    for entry in ElementTree.parse(path).iter():
        if entry.tag == "item":
            html = entry.findtext(CONTENT) or ""
            yield Item(entry.findtext("title") or "", entry.findtext("link") or "", html, _texts(entry))
        elif entry.tag == f"{ATOM}entry":
            link = next(link.get("href", "") for link in entry.iter(f"{ATOM}link") if not link.get("rel"))
            html = entry.findtext(f"{ATOM}content") or ""
            yield Item(entry.findtext(f"{ATOM}title") or "", link, html, _texts(entry))


def _texts(entry: ElementTree.Element) -> str:
    return "\n".join(text for element in entry.iter() for text in (element.text or "", *element.attrib.values()))


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    else:
        yield str(value)
