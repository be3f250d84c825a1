"""Labelled pairs of texts: one report in two sources, or two reports.

The texts of `stories.txt` were written for this purpose, in eight languages: two stories, sentences of other reports,
and a series whose issues share their wording. The pairs are made of them, always the same ones.
`python -m tests.dedupe.pairs` prints precision and recall.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator.dedupe import clusters, text_keys
from aggregator.dedupe.fingerprint import fingerprint
from aggregator.model import Carrier, KnownArticle

SAME = ("copy", "copy with a footer", "rewritten", "edited", "shortened")
DIFFERENT = ("follow-up", "series", "same title", "shared boilerplate")
UNSPACED = {"zh", "ja"}
FOOTER = (
    "Read more on example.org, follow us on every network and write to newsroom@example.org or call +49 30 12 34 56."
)
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts with their titles; `same` if they are one report."""

    kind: str
    language: str
    titles: tuple[str, str]
    texts: tuple[str, str]

    @property
    def same(self) -> bool:
        return self.kind in SAME


def is_found(pair: Pair) -> bool:
    """Return True if the program makes one cluster of two sources' articles with these texts."""
    articles = []
    for number, (title, text) in enumerate(zip(pair.titles, pair.texts, strict=True), start=1):
        mark = fingerprint(title, text)
        articles.append(
            KnownArticle(
                id=f"{number:032x}",
                source_id=number,
                credited=frozenset({number}),
                carriers=(Carrier(source_id=number, ordinal=number, host=f"{number}.example", site=""),),
                guid=None,
                link=f"https://{number}.example/",
                link_key=f"https://{number}.example/",
                title=title,
                published=AT,
                fingerprint=mark,
                cluster=f"{number:032x}",
                keys=text_keys(mark),
                is_published=False,
            )
        )
    return bool(clusters(articles))


def scores(pairs: list[Pair]) -> tuple[float, dict[str, tuple[int, int]]]:
    """Precision over all pairs; by kind the number of pairs found, and of all."""
    hits = Counter(pair.kind for pair in pairs if is_found(pair))
    counts = Counter(pair.kind for pair in pairs)
    true = sum(hits[kind] for kind in SAME)
    return true / hits.total(), {kind: (hits[kind], counts[kind]) for kind in (*SAME, *DIFFERENT)}


def labelled_pairs() -> list[Pair]:
    sections = _sections()
    languages = sorted({language for language, _ in sections})
    return [pair for language in languages for pair in _of_language(language, sections)]


def _sections() -> dict[tuple[str, str], list[str]]:
    text = (Path(__file__).parent / "stories.txt").read_text(encoding="utf-8")
    sections = {}
    for block in text.removeprefix("= ").split("\n= "):
        head, *sentences = block.splitlines()
        language, name = head.split()
        sections[language, name] = sentences
    return sections


def _of_language(language: str, sections: dict[tuple[str, str], list[str]]) -> Iterator[Pair]:
    names = [name for of, name in sections if of == language and name not in {"pool", "series", "values"}]
    pool = sections[language, "pool"]
    for name in names:
        yield from _of_story(language, sections[language, name], pool, random.Random(f"{language} {name}"))
    first, second = (sections[language, name] for name in names)
    for number in range(2):
        title = (first, second)[number][0]
        yield _pair("same title", language, first, second[number:], (title, title))
        yield _pair("shared boilerplate", language, [*first, *pool[number:]], [*second, *pool[number:]])
    template = "\n".join(sections[language, "series"])
    issues = [[value.strip() for value in line.split("|")] for line in sections[language, "values"]]
    mixed = [pair[place % 3 == 0] for place, pair in enumerate(zip(*issues, strict=True))]
    for before, after in ((issues[0], issues[1]), (issues[0], mixed), (mixed, issues[1])):
        issue, next_issue = (template.format(*values).splitlines() for values in (before, after))
        yield _pair("series", language, issue, next_issue, (issue[0], issue[0]))


def _of_story(language: str, story: list[str], pool: list[str], chance: random.Random) -> Iterator[Pair]:
    yield _pair("copy", language, story, [f"(dpa) {story[0]}", *story[1:]])
    yield _pair("copy", language, story, [sentence.replace("'", "’") for sentence in story])
    yield _pair("copy with a footer", language, story, [*story, FOOTER])
    yield _pair("copy with a footer", language, [*story, pool[0]], [pool[1], *story])
    for number in range(6):  # one or two of ten sentences
        yield _pair("rewritten", language, story, _rewritten(story, pool, 1 + number % 2, chance))
    for number in range(4):
        yield _pair("edited", language, story, _edited(story, 2 + number, language, chance))
    for cut in (1, 2):
        yield _pair("shortened", language, story, story[:-cut])
    for size in (3, 4, 5):
        lead = chance.sample(pool, 4)
        yield _pair("follow-up", language, story, [*lead, *story[-size:]])


def _rewritten(story: list[str], pool: list[str], count: int, chance: random.Random) -> list[str]:
    """The story with so many sentences replaced, left out or moved."""
    sentences = list(story)
    for place, sentence in zip(chance.sample(range(len(story)), count), chance.sample(pool, count), strict=True):
        change = chance.choice(["replace", "leave out", "move"])
        if change == "replace":
            sentences[place] = sentence
        elif change == "leave out":
            sentences[place] = ""
        else:
            exchanged = (place + 3) % len(sentences)
            sentences[place], sentences[exchanged] = sentences[exchanged], sentences[place]
    return [sentence for sentence in sentences if sentence]


def _edited(story: list[str], count: int, language: str, chance: random.Random) -> list[str]:
    """The story with so many words, or characters, replaced in a fifth of its sentences."""
    sentences, separator = list(story), "" if language in UNSPACED else " "
    places = chance.sample(range(len(story)), 2)
    for number in range(count):
        place = places[number % 2]
        words = list(sentences[place]) if language in UNSPACED else sentences[place].split()
        words[chance.randrange(len(words))] = chance.choice(["anders", "nuevo"] if separator else ["新", "大"])
        sentences[place] = separator.join(words)
    return sentences


def _pair(kind: str, language: str, first: list[str], second: list[str], titles: tuple[str, str] | None = None) -> Pair:
    separator = "" if language in UNSPACED else " "
    texts = separator.join(first), separator.join(second)
    return Pair(kind, language, titles or (texts[0][:40], texts[1][:30]), texts)
