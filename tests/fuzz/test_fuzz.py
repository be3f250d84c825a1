"""What `make fuzz` runs for minutes, for a moment: on every seed, and on some changes of them.

FUZZ_EXAMPLES=5000 makes it thorough.
"""

import os
import re
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model import Failure, Feed
from tests.cases import for_each
from tests.fuzz.mutations import mutated
from tests.fuzz.properties import PROPERTIES
from tests.fuzz.seeds import found, seeds
from tests.normalise.fragments import broken_html
from tests.parse.test_properties import answer

ASKED = os.environ.get("FUZZ_EXAMPLES")
modestly = settings(
    max_examples=int(ASKED or 25),
    derandomize=not ASKED,
    deadline=None,
    database=None,
    suppress_health_check=[*HealthCheck],
)
EVERY = 1 if ASKED else 14  # of many seeds one in so many, or the suite would grow by half a minute


@for_each("name", PROPERTIES)
def test_it_holds_for_what_we_know(name: str) -> None:
    given = seeds(name)
    for seed in (*found(name), *(given if len(given) < 300 else given[::EVERY])):
        PROPERTIES[name](seed)


@for_each("name", PROPERTIES)
def test_it_holds_for_changes_of_it(name: str) -> None:
    @modestly
    @given(mutated(name, 3000))
    def holds(data: bytes) -> None:
        PROPERTIES[name](data)

    holds()


@modestly
@given(broken_html())
def test_cleaning_holds_for_any_fragment(html: str) -> None:
    PROPERTIES["clean"](html.encode("utf-8", "surrogatepass"))


@modestly
@given(st.text(max_size=80))
def test_every_property_holds_for_any_text(text: str) -> None:
    for holds in PROPERTIES.values():
        holds(text.encode("utf-8", "surrogatepass"))


def test_a_document_cut_at_any_tag_gives_what_stands_before() -> None:
    for body in (*seeds("parse")[:: 1 if ASKED else 8], *seeds("jsonfeed")[:3]):
        uncut = answer(body)
        for cut in _cuts(body):
            part = answer(cut)
            assert isinstance(part, Feed | Failure)
            if isinstance(part, Feed) and isinstance(uncut, Feed):
                assert len(part.entries) <= len(uncut.entries)


def _cuts(body: bytes) -> Iterator[bytes]:
    """`body` up to each of its tags, of many up to 30 of them."""
    places = [tag.start() for tag in re.finditer(rb"[<{\[]", body)]
    step = max(1, len(places) // (300 if ASKED else 15))
    for place in places[::step]:
        yield body[:place]
        yield body[: place + 3]
