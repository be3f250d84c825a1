"""What any released version of the program kept is there after an update, word for word, and is known again."""

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.engine import Engine

from aggregator.model import Term
from aggregator.store import Store
from aggregator.store.columns import EPOCH
from aggregator.store.schema import VERSION
from tests.commands import configure
from tests.newsroom import Newsroom, newsroom
from tests.servers import Server
from tests.store.conftest import database
from tests.store.released import ALEMBIC, REVISIONS, Rows, documents, engine_of, found, restored, sources
from tests.thorough import THOROUGH
from tests.whole.forking import Forks

LATER = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # than the editions of the releases
KILLS = 20 if THOROUGH else 4


@pytest.fixture
def papers() -> Iterator[Server]:
    """The sources; `server` is PostgreSQL here."""
    with Server() as running:
        yield running


@pytest.fixture
def forks() -> Forks:
    return Forks()


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rows_through(store: Store) -> list[dict[str, Any]]:
    """What the store gives of its articles, in the columns' form."""
    return [
        {
            "id": stored.id,
            "uid": stored.uid,
            "guid": stored.guid,
            "link": stored.link,
            "title": stored.title,
            "html": stored.html,
            "markdown": stored.markdown,
            "summary": stored.summary,
            "path": stored.path,
            "published": micros(stored.published),
            "updated": micros(stored.updated),
            "first_seen": micros(stored.first_seen),
        }
        for stored in store.articles.page(None, 1000)
    ]


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def room_of(url: str, root: Path, server: Server) -> Newsroom:
    room = newsroom(root, sources(server, 2), database=url)
    room.now = LATER
    for path, document in documents(2).items():
        server.put(path, document)
    return room


def test_every_version_of_the_schema_but_the_newest_has_its_example() -> None:
    missing = {f"{number:04}" for number in range(1, int(VERSION))} - set(REVISIONS)
    assert not missing, "print one with `python -m tests.store.released`, run with the code of that version"


def test_an_update_keeps_every_row_and_all_of_it_can_be_read(empty_url: str, revision: str, papers: Server) -> None:
    before = restored(empty_url, revision, papers)
    with Store.open(empty_url) as store:
        assert without_what_is_replaced(found(empty_url, before)) == without_what_is_replaced(before)
        texts = {row["number"]: row for row in before.get("article_text", ())}  # from schema 0004 on
        rows_by_id = {
            row["id"]: {**texts.get(row.get("number"), {}), **row} for row in before["article"] if not row["pruned"]
        }
        numbered = {row.get("number"): row["id"] for row in before["article"]}
        read = rows_through(store)
        assert read == [{name: rows_by_id[row["id"]][name] for name in row} for row in read]
        assert len(read) == len(rows_by_id) == 8
        edited = before["revision"][0]
        article_id = edited.get("article_id") or numbered[edited["article_number"]]
        assert [stored.title for stored in store.articles.revisions(article_id)] == ["Story number 2"]
        states = {stored.source.name: stored.state for stored in store.sources.all()}
        assert {row["name"]: row["failures"] for row in before["source"] if row["present"]} == {
            name: state.failures for name, state in states.items()
        }
        assert states["paper"].validators.etag == '"2"'
        assert store.meta.get("style") == before["note"][0]["value"]
        assert store.feeds.dropped_categories() == {"wires": "agencies"}
        assert [stored.title for stored in store.feeds.category_feed("world-news", 9, max_body=10**6).articles] == [
            f"Story number {number}" for number in (5, 4, 3, 2, 1)
        ]
        labels = {
            stored.title: (stored.categories, stored.tags, stored.terms) for stored in store.articles.page(None, 99)
        }
        credited_twice = (("World News", "mirrors"), ("daily", "mirror"), (Term(term="Ötzi & co"),))
        assert labels["Story number 1"] == credited_twice
        assert labels["Story number 3"] == (("World News",), ("daily",), ())


def test_texts_of_entries_pages_translations_and_archives_come_under_the_numbers_of_articles(
    empty_url: str, papers: Server
) -> None:
    before = restored(empty_url, "0004", papers)
    whole, waiting = sorted((row for row in before["article"] if not row["pruned"]), key=itemgetter("id"))[:2]
    engine = engine_of(empty_url)
    with engine.begin() as connection:
        marked = "INSERT INTO page (article_id, digest, due, failures, error, html, markdown, summary, link)"
        connection.execute(
            text(
                f"{marked} VALUES (:id, :digest, NULL, 0, NULL, '<p>Page</p>', 'Page', 'P', 'https://whole.example/')"
            ),
            {"id": whole["id"], "digest": bytes.fromhex(whole["text_digest"])},
        )
        connection.execute(
            text(f"{marked} VALUES (:id, :digest, 7, 2, 'It was down', NULL, NULL, NULL, NULL)"),
            {"id": waiting["id"], "digest": bytes.fromhex(waiting["text_digest"])},
        )
        translated = (
            "INSERT INTO translation (article_id, language, due, failures, version, updated, digest, title, html"
        )
        connection.execute(
            text(f"{translated}, markdown, summary) VALUES (:id, 'de', NULL, 0, 3, 5, :digest, 'T', 'H', 'M', 'S')"),
            {"id": whole["id"], "digest": b"of it"},
        )
        connection.execute(
            text(f"{translated}, markdown, summary) VALUES (:id, 'fr', 9, 1, 2, NULL, NULL, NULL, NULL, NULL, NULL)"),
            {"id": whole["id"]},
        )
        for row in (whole, waiting):
            connection.execute(
                text("INSERT INTO original VALUES (:id, 'Title', 'Body', 'Text', 'Short')"), {"id": row["id"]}
            )
            connection.execute(
                text("INSERT INTO archived VALUES (:id, :digest, :version)"),
                {"id": row["id"], "digest": b"d", "version": row["id"].encode()},
            )
    engine.dispose()
    with Store.open(empty_url) as store:
        entries = {entry.id: entry for entry in store.rulings.entries([whole["id"], waiting["id"]])}
        drafts = {entry.id: (entry.draft.title, entry.draft.html, entry.has_page_text) for entry in entries.values()}
        assert drafts == {whole["id"]: ("Title", "<p>Page</p>", True), waiting["id"]: ("Title", "Body", False)}
        assert [due.article_id for due in store.pages.due(LATER, 9)] == [waiting["id"]]
        (made,) = store.translations.of_articles([whole["id"]])[whole["id"]]
        assert (made.language, made.title, made.html, made.markdown, made.summary) == ("de", "T", "H", "M", "S")
        assert (made.digest, made.updated) == (b"of it", EPOCH + timedelta(microseconds=5))
        stored = store.articles.get(whole["id"])
        assert stored is not None
        assert stored.link == "https://whole.example/"
        with store.database.reading() as connection:
            versions = "SELECT id, archived.version FROM archived JOIN article ON article_number = number ORDER BY id"
            assert connection.execute(text(versions)).all() == [
                (row["id"], row["id"].encode()) for row in (whole, waiting)
            ]
            marks = connection.execute(
                text("SELECT language, due, version, failures FROM translation ORDER BY language")
            )
            assert marks.all() == [("de", None, 3, 0), ("fr", 9, 2, 1)]
            errors = connection.execute(text("SELECT due, failures, error FROM page ORDER BY failures"))
            assert errors.all() == [(None, 0, None), (7, 2, "It was down")]


def test_after_an_update_a_cycle_over_the_same_sources_adds_nothing(
    empty_url: str, revision: str, papers: Server, tmp_path: Path
) -> None:
    restored(empty_url, revision, papers)
    room = room_of(empty_url, tmp_path, papers)
    room.once()
    files = room.files()
    engine = engine_of(empty_url)
    with engine.begin() as connection:  # or the documents would be known by their digests, and not be looked into
        connection.execute(text("UPDATE source SET etag = NULL, digest = :none, seen = :none"), {"none": b""})
    engine.dispose()
    again = room.once()
    assert again.kinds == {"paper": "fetched", "mirror": "fetched", "wire": "fetched", "lost": "failed"}
    assert (again.new, again.updated) == (0, 0)
    assert room.files() == files
    assert sum(path.endswith(".md") for path in files) == 8  # written anew, as the addresses in them are others


def test_a_newer_schema_is_refused_by_every_command_in_one_sentence(
    empty_url: str, forks: Forks, tmp_path: Path
) -> None:
    configure(tmp_path, sources=["http://127.0.0.1:9/a"], database=empty_url)
    Store.open(empty_url).close()
    engine = engine_of(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    engine.dispose()
    for words in (["sources"], ["once"], ["run", "--port", "0"], ["verify"]):
        with forks.begun(*words, cwd=tmp_path) as child:
            assert child.wait() == 1
        (line,) = child.said()
        assert "newer aggregator made this database (schema 0999" in line
        assert "update aggregator" in line


def test_kills_in_an_update_leave_the_old_database_or_the_new_one(
    empty_url: str, papers: Server, forks: Forks, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """At statements chosen by a seed: of an update of the first release's database, and before it of the making."""
    before: Rows = {}
    configure(tmp_path, sources=["http://127.0.0.1:9/a"], database=empty_url)
    chance, last = random.Random(5), 0
    for number in range(KILLS):
        if number == KILLS // 2:
            assert version(empty_url) is None  # no kill before left half a schema
            before = restored(empty_url, "0001", papers)
            last = 0
        if not last:
            with another(empty_url, request, tmp_path / f"{number}.db") as url:
                last = statements(url, papers, bool(before))
        with forks.begun("sources", cwd=tmp_path, statement=chance.randint(1, last)) as child:
            assert child.wait() == -signal.SIGKILL, child.said()
        assert version(empty_url) == ("0001" if before else None)
        assert found(empty_url, before) == before
    with Store.open(empty_url) as store:
        assert version(empty_url) == VERSION
        assert without_what_is_replaced(found(empty_url, before)) == without_what_is_replaced(before)
        assert len(rows_through(store)) == 8


def without_what_is_replaced(rows: Rows) -> Rows:
    """The rows without what schema 0004 replaces: keys of texts by those of other bands, leases by those of hosts."""
    kept_columns = [
        {name: value for name, value in row.items() if name not in ("claimed_by", "lease_until", "readdressed")}
        for row in sorted(rows["source"], key=itemgetter("id"))
    ]
    return {**rows, "key": [row for row in rows["key"] if row["strong"]], "source": kept_columns}


def version(url: str) -> str | None:
    """Revision of the database's schema; None where it has no table at all."""
    engine = engine_of(url)
    try:
        tables = inspect(engine).get_table_names()
        if ALEMBIC not in tables:
            assert tables == []
            return None
        with engine.connect() as connection:
            return str(connection.scalar(text(f"SELECT version_num FROM {ALEMBIC}")))
    finally:
        engine.dispose()


@contextmanager
def another(url: str, request: pytest.FixtureRequest, path: Path) -> Iterator[str]:
    """URL of another new database of the same kind."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{path}"
    else:
        with database(request.getfixturevalue("server")) as made:
            yield made


def statements(url: str, papers: Server, old: bool) -> int:
    """How many statements bring the new database at `url` up to date, from the first release's if it is to be `old`."""
    seen = []
    if old:
        restored(url, "0001", papers)

    def heard(*_: object) -> None:
        seen.append(1)

    event.listen(Engine, "before_cursor_execute", heard)
    Store.open(url).close()
    event.remove(Engine, "before_cursor_execute", heard)
    return len(seen)
