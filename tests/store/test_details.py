"""Details of entries and tags of podcasts come back from both databases as they went in."""

from aggregator.model import (
    Chapters,
    Details,
    FeedInfo,
    Origin,
    Participant,
    Podcast,
    PodcastCategory,
    Soundbite,
    Transcript,
)
from aggregator.store import Store
from tests.store.values import (
    NOW,
    article,
    category_feed,
    marked_categories,
    new,
    publish_everything,
    record,
    source,
    sync_sources,
)

DETAILS = Details(
    comments="https://thehill.example/c",
    origin=Origin(title="Ötzi \U0001f3d4"),
    title="Ü",
    episode=7,
    explicit=False,
    chapters=Chapters(url="https://thehill.example/ch"),
    transcripts=(Transcript(url="https://thehill.example/t", language="de"),),
    people=(Participant(name="A", role="host"), Participant(name="B")),
    soundbites=(Soundbite(start=0, duration=1.5),),
)
FIRST = Podcast(explicit=False, author="First")
SECOND = Podcast(image="https://thehill.example/i", author="Second", categories=(PodcastCategory(name="Arts"),))


def test_details_come_back(store: Store) -> None:
    sync_sources(store, [source("a", categories=("x",))], NOW)
    record(store, new(article(1, details=DETAILS)), new(article(2)))
    first, second = category_feed(store, "x", 5, max_body=1000).articles
    assert (first.details, second.details) == (DETAILS, Details())


def test_a_feed_of_podcasts_has_the_tags_of_the_first_source_that_gives_them(store: Store) -> None:
    sources = [source("a", categories=("x",)), source("b", categories=("x",)), source("c", categories=("y",))]
    sync_sources(store, sources, NOW)
    record(store, new(article(1)), feed_info=FeedInfo(podcast=FIRST))
    assert category_feed(store, "x", 5, max_body=1000).podcast == FIRST
    record(store, new(article(2, 2)), by=2, feed_info=FeedInfo(podcast=SECOND))
    both = Podcast(explicit=False, author="First", image=SECOND.image, categories=SECOND.categories)
    assert category_feed(store, "x", 5, max_body=1000).podcast == both
    record(store, new(article(3, 3)), by=3, feed_info=FeedInfo(title="No podcast"))
    assert category_feed(store, "all", 5, max_body=1000).podcast is None
    assert category_feed(store, "y", 5, max_body=1000).podcast is None
    publish_everything(store)
    record(store, by=2, feed_info=FeedInfo(podcast=FIRST))
    assert marked_categories(store) == {"all", "x"}
