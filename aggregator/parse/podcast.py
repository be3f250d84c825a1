"""Details of an entry and tags of a podcast, from feedparser's dictionaries (iTunes, podcast namespace). Pure."""

import re
from collections.abc import Iterable
from typing import cast, get_args

from aggregator.model import (
    Chapters,
    Details,
    EpisodeType,
    Link,
    Origin,
    Participant,
    Podcast,
    PodcastCategory,
    Soundbite,
    Transcript,
)
from aggregator.parse.constructs import integer, links, part, parts, string, url
from aggregator.parse.raw import Values

_DIGITS = 6  # of the number of an episode or season
_SECONDS = re.compile(r"\d{1,8}(?:\.\d{1,6})?", re.ASCII)
_EXPLICIT = {"yes": True, "true": True, "explicit": True, "no": False, "false": False, "clean": False}
_TYPES = frozenset(get_args(EpisodeType))
_KEYS = frozenset(
    [
        "comments",
        "source",
        "itunes_title",
        "itunes_episode",
        "itunes_season",
        "itunes_episodetype",
        "itunes_explicit",
        "podcast_transcript",
        "podcast_chapters",
        "podcast_person",
        "podcast_soundbite",
    ]
)


def details(values: Values, base: str, entry_links: Iterable[Link]) -> Details | None:
    """Return the details of an entry, None if it has none of their elements and no link to a page of replies."""
    replies = next((link.href for link in entry_links if link.rel == "replies" and link.type == "text/html"), None)
    if not replies and _KEYS.isdisjoint(values):
        return None
    episode_type = (string(values, "itunes_episodetype") or "").lower()
    chapters = next(iter(parts(values, "podcast_chapters")), {})
    chapters_url = url(chapters, "url", base=base)
    return Details(
        comments=url(values, "comments", base=base) or replies,
        origin=_origin(part(values, "source"), base),
        title=string(values, "itunes_title"),
        episode=integer(string(values, "itunes_episode"), _DIGITS) or None,
        season=integer(string(values, "itunes_season"), _DIGITS) or None,
        episode_type=cast(EpisodeType, episode_type) if episode_type in _TYPES else None,
        explicit=_explicit(values),
        chapters=Chapters(url=chapters_url, type=string(chapters, "type")) if chapters_url else None,
        transcripts=tuple(
            Transcript(
                url=href,
                type=string(transcript, "type"),
                language=string(transcript, "language"),
                rel=string(transcript, "rel"),
            )
            for transcript in parts(values, "podcast_transcript")
            if (href := url(transcript, "url", base=base))
        ),
        people=tuple(
            Participant(
                name=name,
                role=string(person, "role"),
                group=string(person, "group"),
                url=url(person, "href", base=base),
                image=url(person, "img", base=base),
            )
            for person in parts(values, "podcast_person")
            if (name := string(person, "text"))
        ),
        soundbites=tuple(
            Soundbite(start=start, duration=duration, title=string(soundbite, "text"))
            for soundbite in parts(values, "podcast_soundbite")
            if (start := _seconds(soundbite, "starttime")) is not None and (duration := _seconds(soundbite, "duration"))
        ),
    )


def podcast(values: Values, base: str) -> Podcast | None:
    """Return the podcast that a feed is, None if it has no picture, category or rating of iTunes' module."""
    image, explicit = url(values, "podcast_image", base=base), _explicit(values)
    categories: list[tuple[str, list[str]]] = []
    for category in parts(values, "podcast_categories"):
        if name := string(category, "text"):
            if category["is_inside"] and categories:
                categories[-1][1].append(name)
            else:
                categories.append((name, []))
    if not (image or categories or explicit is not None):
        return None
    return Podcast(
        image=image,
        explicit=explicit,
        author=string(values, "podcast_author"),
        categories=tuple(PodcastCategory(name=name, subcategories=tuple(inside)) for name, inside in categories),
    )


def _explicit(values: Values) -> bool | None:
    return _EXPLICIT.get((string(values, "itunes_explicit") or "").lower())


def _origin(source: Values, base: str) -> Origin | None:
    """Return the feed that `source` of RSS names by its attribute, that of Atom by its links."""
    by_rel = {link.rel: link.href for link in reversed(links(source, base))}
    href = url(source, "source_url", base=base) or by_rel.get("self") or by_rel.get("alternate")
    title = string(source, "title")
    return Origin(title=title, url=href) if title or href else None


def _seconds(values: Values, key: str) -> float | None:
    text = string(values, key) or ""
    return float(text) if _SECONDS.fullmatch(text) else None
