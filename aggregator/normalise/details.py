"""Details of an entry and tags of a podcast, fit to print and bounded. Pure."""

from msgspec.structs import replace

from aggregator.model import NO_DETAILS, Chapters, Details, Origin, Podcast, PodcastCategory, TextConstruct
from aggregator.normalise.links import clean_url
from aggregator.normalise.metadata import MAX_NAME, media_type, name
from aggregator.normalise.text import one_line
from aggregator.normalise.titles import plain_title

MAX_TRANSCRIPTS = MAX_SOUNDBITES = 20
MAX_PEOPLE = 50
MAX_CATEGORIES = 10
_MAX_TAG = 100  # characters of a language tag or a role


def details(published: Details, base: str) -> Details:
    """Return the details of an entry with URLs that lie on the web, names and lists as long as others at most."""
    if published is NO_DETAILS:
        return NO_DETAILS
    return replace(
        published,
        comments=_url(published.comments, base),
        origin=_origin(published.origin, base),
        title=_title(published.title),
        chapters=_chapters(published.chapters, base),
        transcripts=tuple(
            replace(
                transcript,
                url=url,
                type=media_type(transcript.type),
                language=_tag(transcript.language),
                rel=_tag(transcript.rel),
            )
            for transcript in published.transcripts[:MAX_TRANSCRIPTS]
            if (url := clean_url(transcript.url, base))
        ),
        people=tuple(
            replace(
                person,
                name=printed,
                role=_tag(person.role),
                group=_tag(person.group),
                url=_url(person.url, base),
                image=_url(person.image, base),
            )
            for person in published.people[:MAX_PEOPLE]
            if (printed := name(person.name, is_rss=True))
        ),
        soundbites=tuple(
            replace(soundbite, title=_title(soundbite.title)) for soundbite in published.soundbites[:MAX_SOUNDBITES]
        ),
    )


def podcast(published: Podcast | None, base: str) -> Podcast | None:
    """Return the tags of a podcast, None if the feed is none."""
    if published is None:
        return None
    return Podcast(
        image=_url(published.image, base),
        explicit=published.explicit,
        author=name(published.author, is_rss=True),
        categories=tuple(
            PodcastCategory(
                name=category.name[:MAX_NAME],
                subcategories=tuple(inside[:MAX_NAME] for inside in category.subcategories[:MAX_CATEGORIES]),
            )
            for category in published.categories[:MAX_CATEGORIES]
        ),
    )


def _origin(origin: Origin | None, base: str) -> Origin | None:
    if origin is None:
        return None
    printed = Origin(title=_title(origin.title), url=_url(origin.url, base))
    return printed if printed.title or printed.url else None


def _chapters(chapters: Chapters | None, base: str) -> Chapters | None:
    url = _url(chapters.url, base) if chapters else None
    return Chapters(url=url, type=media_type(chapters.type)) if chapters and url else None


def _url(url: str | None, base: str) -> str | None:
    return clean_url(url, base) if url else None


def _title(title: str | None) -> str | None:
    return plain_title(TextConstruct(value=title, kind="rss")) or None if title else None


def _tag(value: str | None) -> str | None:
    return one_line(value[:_MAX_TAG]) or None if value else None
