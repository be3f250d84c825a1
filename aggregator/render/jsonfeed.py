"""JSON Feed 1.1."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import asdict

from aggregator.model import NO_DETAILS, Credit, Details, Enclosure, StoredArticle
from aggregator.render.channel import GENERATOR, Channel
from aggregator.render.podcast import uncredited_origin
from aggregator.timestamps import rfc3339

VERSION = "https://jsonfeed.org/version/1.1"


def jsonfeed(channel: Channel, items: Iterable[bytes]) -> bytes:
    """Return a JSON Feed 1.1 document in UTF-8: the channel with these items as `json_item` returns them.

    No value is null or, but for `items`, empty.
    """
    head = _present(
        version=VERSION,
        title=channel.title,
        home_page_url=channel.page_url,
        feed_url=channel.self_url,
        next_url=dict(channel.links).get("prev-archive"),
        icon=channel.podcast.image if channel.podcast else None,
        authors=[{"name": channel.podcast.author}] if channel.podcast and channel.podcast.author else None,
        language=channel.language,
        hubs=[{"type": "WebSub", "url": channel.hub}] if channel.hub else None,
        _generator={"name": GENERATOR},
    )
    return b'%b,"items":[%b]}' % (msgspec.json.encode(head).removesuffix(b"}"), b",".join(items))


def json_item(article: StoredArticle) -> bytes:
    """Return the object of the article as it stands in a document."""
    item = _present(
        id=article.uid,
        url=article.link,
        external_url=article.external_url,
        title=article.title,
        content_html=article.html,
        content_text=None if article.html else article.summary or article.title,
        summary=article.summary,
        image=article.image,
        date_published=rfc3339(article.published),
        date_modified=rfc3339(article.updated),
        authors=[_present(name=person.name, url=person.url) for person in article.authors],
        tags=[term.term for term in article.terms],
        language=article.language,
        attachments=[_attachment(enclosure) for enclosure in article.enclosures],
        _source=next(map(_source, article.credits), None),
        _sources=[_source(credit) | {"url": credit.link} for credit in article.credits],
        _comments=article.details.comments,
        _via=_origin(article),
        _episode=_episode(article.details),
        _also=[{"title": member.title, "url": member.link, "source": member.source} for member in article.also],
    )
    return msgspec.json.encode(item)


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(
        url=enclosure.url,
        mime_type=enclosure.type,
        title=enclosure.title,
        size_in_bytes=enclosure.length,
        duration_in_seconds=enclosure.duration,
        _credit=enclosure.credit,
        _renditions=[
            _present(
                url=rendition.url,
                mime_type=rendition.type,
                width=rendition.width,
                height=rendition.height,
                size_in_bytes=rendition.length,
            )
            for rendition in enclosure.renditions
        ],
    )


def _origin(article: StoredArticle) -> dict[str, Any] | None:
    """Return the feed that the entry comes from, which RSS and Atom write as a link."""
    origin = uncredited_origin(article)
    return _present(title=origin.title, url=origin.url) if origin else None


def _episode(details: Details) -> dict[str, Any] | None:
    """Return what RSS and Atom write in iTunes' module and the podcast namespace."""
    if details is NO_DETAILS:
        return None
    episode = _present(
        title=details.title,
        season=details.season,
        episode=details.episode,
        type=details.episode_type,
        chapters=_fields(details.chapters) if details.chapters else None,
        transcripts=[_fields(transcript) for transcript in details.transcripts],
        people=[_fields(person) for person in details.people],
        soundbites=[_fields(soundbite) for soundbite in details.soundbites],
    )
    return episode if details.explicit is None else episode | {"explicit": details.explicit}


def _fields(value: Any) -> dict[str, Any]:
    return {name: field for name, field in asdict(value).items() if field is not None}


def _source(credit: Credit) -> dict[str, Any]:
    """Return the credit that RSS and Atom write as `source`; JSON Feed has no field for it."""
    return _present(
        name=credit.source, title=credit.feed_title, home_page_url=credit.feed_link, feed_url=credit.feed_url
    )


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
