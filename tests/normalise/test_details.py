"""Details of an entry are bounded, and their URLs lie on the web."""

from aggregator.model import (
    Chapters,
    Details,
    Origin,
    Participant,
    Podcast,
    PodcastCategory,
    Soundbite,
    Transcript,
)
from aggregator.normalise.details import MAX_CATEGORIES, MAX_PEOPLE, MAX_SOUNDBITES, MAX_TRANSCRIPTS, details, podcast

BASE = "https://example.org/"
LONG = "x" * 100_000


def test_no_detail_is_unbounded() -> None:
    published = Details(
        title=LONG,
        comments=BASE + LONG,
        origin=Origin(title=LONG, url=BASE + LONG),
        chapters=Chapters(url=BASE + LONG, type=LONG),
        transcripts=tuple(
            Transcript(url=f"{BASE}{number}", type=LONG, language=LONG, rel=LONG) for number in range(999)
        ),
        people=tuple(Participant(name=LONG, role=LONG, group=LONG, url=BASE + LONG) for _ in range(999)),
        soundbites=tuple(Soundbite(start=number, duration=1, title=LONG) for number in range(999)),
    )
    printed = details(published, BASE)
    assert len(printed.transcripts) == MAX_TRANSCRIPTS
    assert len(printed.people) == MAX_PEOPLE
    assert len(printed.soundbites) == MAX_SOUNDBITES
    assert (printed.comments, printed.chapters) == (None, None)
    assert len(repr(printed)) < 50_000


def test_no_tag_of_a_podcast_is_unbounded() -> None:
    categories = tuple(PodcastCategory(name=LONG, subcategories=(LONG,) * 99) for _ in range(99))
    printed = podcast(Podcast(author=LONG, image=BASE + LONG, categories=categories), BASE)
    assert printed
    assert printed.image is None
    assert len(printed.categories) == len(printed.categories[0].subcategories) == MAX_CATEGORIES
    assert len(repr(printed)) < 30_000


def test_a_url_that_is_not_of_the_web_is_left_out() -> None:
    published = Details(
        comments="javascript:alert(1)",
        origin=Origin(url="data:text/html,x"),
        transcripts=(Transcript(url="file:///etc/passwd"),),
        people=(Participant(name=" "), Participant(name="Jo\n <b>", image="blob:x")),
    )
    assert details(published, BASE) == Details(people=(Participant(name="Jo <b>"),))
