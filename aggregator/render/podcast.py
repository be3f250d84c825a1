"""Elements for details of an article and for a podcast: iTunes' module, the podcast namespace, Atom links.

feedgen's own extension is not used: it drops pictures whose URL does not end in .jpg or .png, and knows `yes` and `no`
only where Apple requires `true` and `false`.
"""

from lxml.etree import SubElement
from lxml.etree import _Element as Element

from aggregator.model import Details, EpisodeType, Origin, Podcast, StoredArticle

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"


def namespaces(article: StoredArticle) -> dict[str, str]:
    """Return the namespaces of the elements below, by prefix, as far as this article needs them."""
    needed = dict[str, str]()
    if _is_episode(article.details) or any(file.duration for file in article.enclosures):
        needed["itunes"] = ITUNES
    if _has_podcast_elements(article.details):
        needed["podcast"] = PODCAST
    return needed


def add_podcast(podcast: Podcast, channel: Element) -> None:
    """Add to the channel of RSS what the validators of Apple and the W3C require of a podcast."""
    if podcast.author:
        SubElement(channel, f"{{{ITUNES}}}author").text = podcast.author
    if podcast.image:
        SubElement(channel, f"{{{ITUNES}}}image", href=podcast.image)
    if podcast.explicit is not None:
        SubElement(channel, f"{{{ITUNES}}}explicit").text = _truth(podcast.explicit)
    for category in podcast.categories:
        element = SubElement(channel, f"{{{ITUNES}}}category", text=category.name)
        for name in category.subcategories:
            SubElement(element, f"{{{ITUNES}}}category", text=name)


def add_episode(article: StoredArticle, parent: Element) -> None:
    """Add to an item or entry the details of an episode, of RSS and Atom alike."""
    details = article.details
    if _is_episode(details):
        number: dict[str, str | int | EpisodeType | None] = {
            "title": details.title,
            "season": details.season,
            "episode": details.episode,
            "episodeType": details.episode_type,
            "explicit": None if details.explicit is None else _truth(details.explicit),
        }
        for name, value in number.items():
            if value is not None:
                SubElement(parent, f"{{{ITUNES}}}{name}").text = str(value)
        if article.image:
            SubElement(parent, f"{{{ITUNES}}}image", href=article.image)
    if _has_podcast_elements(details):
        _add_podcast_elements(details, parent)


def uncredited_origin(article: StoredArticle) -> Origin | None:
    """Return the feed that the entry comes from, None if it has no URL or is credited as a source already."""
    origin = article.details.origin
    if origin is None or origin.url is None:
        return None
    credited = any(origin.url in (credit.feed_url, credit.feed_link) for credit in article.credits)
    return None if credited else origin


def add_origin(article: StoredArticle, parent: Element, link: str) -> None:
    """Add an element `link` of Atom to the feed that the entry comes from."""
    if origin := uncredited_origin(article):
        element = SubElement(parent, link, rel="via", href=origin.url or "")
        _set(element, title=origin.title)


def seconds(number: float) -> str:
    """Return seconds as a decimal number, without a needless fraction."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _add_podcast_elements(details: Details, parent: Element) -> None:
    for transcript in details.transcripts:
        element = SubElement(
            parent, f"{{{PODCAST}}}transcript", url=transcript.url, type=transcript.type or "text/html"
        )
        _set(element, language=transcript.language, rel=transcript.rel)
    if chapters := details.chapters:
        media_type = chapters.type or "application/json+chapters"
        SubElement(parent, f"{{{PODCAST}}}chapters", url=chapters.url, type=media_type)
    for person in details.people:
        element = SubElement(parent, f"{{{PODCAST}}}person")
        element.text = person.name
        _set(element, role=person.role, group=person.group, img=person.image, href=person.url)
    for soundbite in details.soundbites:
        element = SubElement(parent, f"{{{PODCAST}}}soundbite")
        element.text = soundbite.title
        _set(element, startTime=seconds(soundbite.start), duration=seconds(soundbite.duration))


def _set(element: Element, **attributes: str | None) -> None:
    for name, value in attributes.items():
        if value:
            element.set(name, value)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _is_episode(details: Details) -> bool:
    numbers = (details.title, details.episode, details.season, details.episode_type, details.explicit)
    return any(value is not None for value in numbers)


def _has_podcast_elements(details: Details) -> bool:
    return bool(details.transcripts or details.chapters or details.people or details.soundbites)
