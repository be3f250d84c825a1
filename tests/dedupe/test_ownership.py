"""BEHAVIOUR, section 9: nobody can take another's article."""

from msgspec.structs import replace

from aggregator.dedupe.ownership import Ground, ground_of
from aggregator.model import Carrier
from tests.dedupe.memory import OTHER, STORY, Duplicate, E, New, Store, Unchanged, Updated, edited, kinds

LINK = "https://paper.example/bridge"
BRIDGE = E(guid="1", link=LINK)
STUB = E(guid="s", link=LINK, text="Comments")
FULL = replace(BRIDGE, guid="f", text=f"{STORY} {OTHER}")
PAPER, DECLARING, AGGREGATOR, SISTER = 4, 3, 2, 5


def store() -> Store:
    carriers = (
        Carrier(source_id=PAPER, ordinal=4, host="paper.example", site=""),
        Carrier(source_id=SISTER, ordinal=5, host="paper.example", site="paper.example"),
        Carrier(source_id=DECLARING, ordinal=3, host="proxy.example", site="paper.example"),
        Carrier(source_id=AGGREGATOR, ordinal=2, host="links.example", site="links.example"),
    )
    made = Store()
    made.carriers = {carrier.source_id: carrier for carrier in carriers}
    return made


def test_an_owner_that_comes_second_takes_over() -> None:
    for first, second in ((AGGREGATOR, DECLARING), (AGGREGATOR, PAPER), (DECLARING, PAPER)):
        room = store()
        (new,) = room.fetch(FULL, source=first)
        assert isinstance(new, New)
        (decision,) = room.fetch(BRIDGE, source=second)
        assert isinstance(decision, Updated)
        assert (decision.id, decision.takes_over, decision.text_changed) == (new.keyed.id, True, True)
        assert room.rows[new.keyed.id].article.source_id == second
        assert kinds(room.fetch(BRIDGE, source=second, skip_seen=False)) == [Unchanged]
        assert kinds(room.fetch(replace(FULL, text=STORY), source=first)) == [Unchanged]


def test_an_article_in_an_amp_cache_is_its_sites() -> None:
    carriers = store().carriers
    for cache in ("https://www.google.com/amp", "https://paper-example.cdn.ampproject.org/c"):
        link = f"{cache}/s/paper.example/bridge"
        assert ground_of(carriers[PAPER], link) == Ground.CONFIGURED
        assert ground_of(carriers[DECLARING], link) == Ground.DECLARED
        assert ground_of(carriers[AGGREGATOR], link) == Ground.NONE


def test_nobody_takes_over_from_a_better_ground() -> None:
    for first, second in ((PAPER, DECLARING), (PAPER, AGGREGATOR), (PAPER, SISTER), (DECLARING, AGGREGATOR)):
        room = store()
        room.fetch(BRIDGE, source=first)
        assert kinds(room.fetch(FULL, source=second)) == [Duplicate]


def test_without_a_ground_the_fuller_text_owns_when_it_comes() -> None:
    room = store()
    room.fetch(STUB, source=AGGREGATOR)
    (decision,) = room.fetch(BRIDGE, source=1)
    assert isinstance(decision, Updated)
    assert decision.takes_over
    assert kinds(room.fetch(replace(STUB, text=f"{STORY} {OTHER}"), source=AGGREGATOR)) == [Unchanged]


def test_two_feeds_of_the_site_share_an_article_by_its_title() -> None:
    room = store()
    room.fetch(BRIDGE, source=PAPER)
    assert kinds(room.fetch(replace(BRIDGE, guid="o", text=OTHER), source=SISTER)) == [Duplicate]
    assert kinds(room.fetch(replace(BRIDGE, guid="o", text=OTHER), source=AGGREGATOR)) == [New]


def test_a_source_that_moves_its_link_to_another_host_leaves() -> None:
    room = store()
    (new,) = room.fetch(BRIDGE, source=PAPER)
    assert isinstance(new, New)
    room.fetch(FULL, source=AGGREGATOR)
    moved = replace(FULL, link="https://evil.example/bridge", text=edited(FULL.text))
    (decision,) = room.fetch(moved, source=AGGREGATOR)
    assert isinstance(decision, New)
    article = room.rows[new.keyed.id].article
    assert (set(article.credited), article.source_id, article.link) == ({PAPER}, PAPER, LINK)
    assert kinds(room.fetch(replace(moved, text=OTHER), source=AGGREGATOR)) == [Updated]
    assert room.rows[new.keyed.id].article.fingerprint == new.keyed.fingerprint


def test_an_owner_that_leaves_hands_the_article_to_the_next_one() -> None:
    room = store()
    (new,) = room.fetch(FULL, source=AGGREGATOR)
    assert isinstance(new, New)
    room.fetch(replace(BRIDGE, text=STORY), source=1)
    (decision,) = room.fetch(replace(FULL, link="https://evil.example/bridge"), source=AGGREGATOR)
    assert isinstance(decision, New)
    assert decision.leaves is not None
    assert (decision.leaves.id, decision.leaves.next_owner) == (new.keyed.id, 1)
    assert kinds(room.fetch(replace(BRIDGE, text=STORY), source=1, skip_seen=False)) == [Updated]


def test_an_article_of_one_source_keeps_its_id_when_its_site_moves() -> None:
    room = store()
    room.fetch(BRIDGE, source=PAPER)
    assert kinds(room.fetch(replace(BRIDGE, link="https://new.example/bridge"), source=PAPER)) == [Updated]
    assert len(room.rows) == 1


def test_an_article_that_moved_to_another_host_takes_nobodys_in_at_its_old_link() -> None:
    room = store()
    (new,) = room.fetch(replace(BRIDGE, guid="t"), source=AGGREGATOR)
    assert isinstance(new, New)
    moved = replace(BRIDGE, guid="t", link="https://evil.example/bridge")
    assert kinds(room.fetch(moved, source=AGGREGATOR)) == [Updated]
    (decision,) = room.fetch(BRIDGE, source=PAPER)
    assert isinstance(decision, New)
    assert room.rows[new.keyed.id].article.credited == {AGGREGATOR}
    assert kinds(room.fetch(BRIDGE, source=PAPER, skip_seen=False)) == [Unchanged]
    assert kinds(room.fetch(replace(BRIDGE, text=edited(STORY)), source=PAPER)) == [Updated]
    assert kinds(room.fetch(replace(BRIDGE, guid=None, text=edited(STORY, 3)), source=PAPER)) == [Updated]


def test_an_article_whose_link_changed_on_its_host_is_found_at_its_old_link() -> None:
    room = store()
    room.fetch(BRIDGE, source=PAPER)
    assert kinds(room.fetch(replace(BRIDGE, link=f"{LINK}-closed"), source=PAPER)) == [Updated]
    assert kinds(room.fetch(STUB, source=AGGREGATOR)) == [Duplicate]
