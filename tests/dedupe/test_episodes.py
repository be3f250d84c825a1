"""BEHAVIOUR, section 9: hourly bulletins and podcasts share link, title and text; each is an article of its own."""

from datetime import timedelta

from tests.cases import for_each
from tests.dedupe.memory import DATE, STORY, E, New, Store, Updated, edited, kinds

LINK = "https://radio.example/now"
HOUR = timedelta(hours=1)


def bulletin(number: int, *, link: str | None = LINK, after: timedelta = HOUR, text: str = STORY) -> E:
    audio = f"https://cdn.example/{number}.mp3"
    return E(
        guid=f"b-{number}", link=link, title="Hourly news", text=text, published=DATE + number * after, audio=audio
    )


@for_each("link", [LINK, None])
@for_each("after", [HOUR, timedelta(days=1)])
@for_each("text", [STORY, "In five minutes."])
def test_another_recording_with_another_guid_and_date_is_another_article(
    link: str | None, after: timedelta, text: str
) -> None:
    store = Store()
    for number in range(3):
        (decision,) = store.fetch(bulletin(number, link=link, after=after, text=text))
        assert isinstance(decision, New)
        assert store.cluster(decision) is None  # the feed shows it


def test_bulletins_of_a_window_are_recognised_by_their_guid() -> None:
    store = Store()
    for newest in range(2, 5):
        store.fetch(*(bulletin(number, link=None) for number in range(newest, newest - 3, -1)), skip_seen=False)
    assert len(store.rows) == 5
    edit = bulletin(4, link=None, text=edited(STORY, 3))
    assert kinds(store.fetch(edit)) == [Updated]


def test_an_older_episode_that_comes_later_is_another_article() -> None:
    store = Store()
    store.fetch(bulletin(1))
    assert kinds(store.fetch(bulletin(0))) == [New]


def test_a_guid_that_counts_versions_keeps_the_recording_and_the_article() -> None:
    store = Store()
    video = "https://cdn.example/interview.mp4?quality=high"
    store.fetch(E(guid="x#1", link=LINK, audio=video))
    edit = E(guid="x#2", link=LINK, audio=video, text=edited(STORY, 2), published=DATE + HOUR)
    assert kinds(store.fetch(edit)) == [Updated]


def test_a_new_guid_without_a_new_date_keeps_the_article() -> None:
    store = Store()
    store.fetch(E(guid="x", link=LINK, audio="https://cdn.example/1.mp3"))
    moved = E(guid="y", link=LINK, audio="https://other.example/1.mp3")
    assert kinds(store.fetch(moved)) == [Updated]


def test_bulletins_of_two_sources_are_no_story_unless_they_are_of_one_hour() -> None:
    store = Store()
    (first,) = store.fetch(bulletin(0, link=None))
    assert isinstance(first, New)
    mirror = "https://mirror.example"
    audio = [f"{mirror}/{number}.mp3" for number in range(2)]
    same_hour, later = (
        E(guid=url, link=f"{mirror}/{number}", title="Hourly news", published=DATE + number * HOUR, audio=url)
        for number, url in enumerate(audio)
    )
    decisions = store.fetch(same_hour, later, source=2)
    assert list(map(store.cluster, decisions)) == [first.keyed.id, None]
