"""Parts of an entry beside its text, people and files that published feeds pass on. Pure."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

EpisodeType = Literal["full", "trailer", "bonus"]


class Origin(Struct, frozen=True, kw_only=True):
    """Feed that an entry comes from, as its `source` says; `url` is that feed's, else its site's."""

    title: str | None = None
    url: str | None = None


class Transcript(Struct, frozen=True, kw_only=True):
    """A transcript or closed captions of an episode (podcast:transcript)."""

    url: str
    type: str | None = None
    language: str | None = None
    rel: str | None = None  # "captions", if it has time codes


class Chapters(Struct, frozen=True, kw_only=True):
    """A file of chapters of an episode (podcast:chapters)."""

    url: str
    type: str | None = None


class Participant(Struct, frozen=True, kw_only=True):
    """A host, guest or other person of an episode (podcast:person)."""

    name: str
    role: str | None = None
    group: str | None = None
    url: str | None = None
    image: str | None = None


class Soundbite(Struct, frozen=True, kw_only=True):
    """A part of an episode to play as a sample (podcast:soundbite); both times in seconds."""

    start: float
    duration: float
    title: str | None = None


class Details(Struct, frozen=True, kw_only=True):
    """Parts of an entry beside its text, people and files: comments, origin, and what podcasts say of an episode."""

    comments: str | None = None  # URL of the page with comments on it
    origin: Origin | None = None
    title: str | None = None  # of the episode, without number and name of the show (itunes:title)
    episode: int | None = None
    season: int | None = None
    episode_type: EpisodeType | None = None
    explicit: bool | None = None
    chapters: Chapters | None = None
    transcripts: tuple[Transcript, ...] = ()
    people: tuple[Participant, ...] = ()
    soundbites: tuple[Soundbite, ...] = ()


NO_DETAILS = Details()


class PodcastCategory(Struct, frozen=True, kw_only=True):
    """A category of Apple's list, and those of its subcategories that apply."""

    name: str
    subcategories: tuple[str, ...] = ()


class Podcast(Struct, frozen=True, kw_only=True):
    """Tags by which a feed says that it is a podcast (iTunes' module)."""

    image: str | None = None
    explicit: bool | None = None
    author: str | None = None
    categories: tuple[PodcastCategory, ...] = ()

    @classmethod
    def of_feed(cls, sources: "Iterable[Podcast | None]") -> "Podcast | None":
        """Return the tags of a feed with these sources, None unless all of them are podcasts.

        Each tag is that of the first source that gives it.
        """
        given = tuple(sources)
        podcasts = [podcast for podcast in given if podcast]
        if not podcasts or len(podcasts) < len(given):
            return None
        return cls(
            image=next((podcast.image for podcast in podcasts if podcast.image), None),
            explicit=next((podcast.explicit for podcast in podcasts if podcast.explicit is not None), None),
            author=next((podcast.author for podcast in podcasts if podcast.author), None),
            categories=next((podcast.categories for podcast in podcasts if podcast.categories), ()),
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Elements that podcast directories require, and for which there is no value."""
        values = {
            "itunes:image": self.image,
            "itunes:explicit": self.explicit,
            "itunes:category": self.categories or None,
            "itunes:author": self.author,
        }
        return tuple(name for name, value in values.items() if value is None)
