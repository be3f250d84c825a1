"""The tables. Every state of the program is here; files under `storage/` are made from it.

What is asked often has its index, most of them partial, so that no answer takes longer because more is stored: due
sources, marks "to publish", the newest articles of a category, the keys of an article.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    func,
    literal_column,
)

from aggregator.model import Details, Enclosure, FeedInfo, Person
from aggregator.store.archive_tables import archive_page as archive_page
from aggregator.store.archive_tables import archived as archived
from aggregator.store.archive_tables import pending_page as pending_page
from aggregator.store.article_rows import BODY
from aggregator.store.columns import Moment, SettingsJSON, Several, Span, Value, Words
from aggregator.store.metadata import metadata as metadata
from aggregator.store.metadata import on_postgresql, required, where
from aggregator.store.object_table import stored_object as stored_object
from aggregator.store.text_tables import article_text as article_text
from aggregator.store.text_tables import original as original
from aggregator.store.text_tables import page_text as page_text
from aggregator.store.text_tables import revision as revision
from aggregator.store.text_tables import searchable as searchable
from aggregator.store.translation_tables import translated_text as translated_text
from aggregator.store.translation_tables import translation as translation
from aggregator.store.translation_tables import translation_text as translation_text
from aggregator.store.worker_tables import worker as worker

VERSION = "0005"  # of the schema: the newest migration's revision

source = Table(
    "source",
    metadata,
    Column("id", Integer, primary_key=True),
    required("ordinal", Integer),  # place in feeds.yaml
    required("settings", SettingsJSON),
    # settings that queries select by, again
    required("name", Words),
    required("url", Words),
    required("enabled", Boolean),
    required("present", Boolean),  # in feeds.yaml still
    required("first_seen", Moment),
    required("readdressed", Boolean),  # since it was claimed: of an answer under way the state does not count
    Column("host", Words),  # row of `host` with which it is leased (`urls.lease_name`)
    Column("pushed_until", Moment),  # its hub's lease on our subscription; None without one
    # SourceState, field by field
    Column("moved_to", Words),
    Column("etag", Words),
    Column("last_modified", Words),
    required("digest", LargeBinary),
    Column("truncated_digest", LargeBinary),
    required("seen", LargeBinary),
    Column("reading", Integer),
    Column("last_fetch", Moment),
    required("next_fetch", Moment),  # 1970 for "now", which so comes first in the index
    required("due_reason", Words),
    Column("http_status", Integer),
    required("failures", Integer),
    Column("error", Words),
    Column("paused", Words),
    required("entries", Integer),
    Column("unmodified_since", Moment),
    required("requested_interval", Span),
    required("skip_hours", Several()),
    required("skip_days", Several()),
    required("feed_info", Value(FeedInfo)),
    Column("waiting", LargeBinary),
    required("lost", Integer, server_default="0"),
    Column("last_new", Moment),  # when its last new article was recorded
    Column("last_success", Moment),
)
Index("ix_source_name", source.c.name, **on_postgresql(using="hash"))
Index("ix_source_ordinal", source.c.ordinal, **where(source.c.present.is_(True)))
pollable = source.c.present.is_(True) & source.c.enabled.is_(True) & source.c.paused.is_(None)

Index("ix_source_host_due", source.c.host, source.c.next_fetch, **where(pollable))
# For overviews; nothing is added to these at a poll that succeeds, other than a source's first.
failing = pollable & (source.c.failures > literal_column("0"))
failing_since = func.coalesce(source.c.last_success, source.c.first_seen)
longest_first = (failing_since, -source.c.failures, source.c.ordinal)
Index("ix_source_failing", *longest_first, **where(failing))
sound = pollable & (source.c.failures == literal_column("0"))
unasked = sound & source.c.last_fetch.is_(None)
Index("ix_source_unasked", source.c.ordinal, **where(unasked))
idle = source.c.present.is_(True) & (source.c.enabled.is_(False) | source.c.paused.is_not(None))
Index("ix_source_idle", source.c.ordinal, **where(idle))
Index("ix_source_url", source.c.url, **on_postgresql(using="hash"))  # a B-tree of PostgreSQL takes no 2,704 bytes
Index("ix_source_moved_to", source.c.moved_to, **on_postgresql(using="hash"))

host = Table(
    "host",
    metadata,
    Column("name", Words, primary_key=True),
    Column("not_before", Moment),
    required("refusals", Integer),
    required("forbidden", Integer),
    # its lease: the process that has it may ask the host's sources
    Column("due", Moment),  # when the first of its sources is; None: it has none that is polled
    Column("lease_until", Moment),
    Column("owner", String(32)),  # the process that has, or had, the lease
    required("token", BigInteger, server_default="0"),  # counts its leases: what an earlier one writes is dropped
    Column("last_asked", Moment),
)
Index("ix_host_due", host.c.due, host.c.name, **where(host.c.due.is_not(None)))

category = Table(
    "category",
    metadata,
    Column("name", String(80), primary_key=True),
    required("label", Words),
    required("first_seen", Moment),
    required("present", Boolean),  # a source of feeds.yaml names it
    Column("successor", String(80)),  # of one that is gone: the one that all its sources name instead
    required("pending", Boolean),  # to be published
    required("version", Integer),  # counts the marks "to publish"
    required("joined", Integer, server_default="0"),  # number of the last article that joined it
    Column("rendered", Moment),  # when its feeds were rendered last
)
pending_category = category.c.pending.is_(True)
Index("ix_category_pending", category.c.name, **where(pending_category))

article = Table(
    "article",
    metadata,
    Column("id", String(32), primary_key=True),
    required("uid", Words, unique=True),
    required("source_id", Integer, ForeignKey("source.id")),
    Column("guid", Words),
    Column("guid_key", Words),
    required("link", Words),
    Column("link_key", Words),
    required("title", Words),
    Column("language", Words),
    required("published", Moment),
    required("updated", Moment),
    Column("edited", Moment),
    required("first_seen", Moment),
    required("position", Integer),
    required("authors", Several(Person)),
    required("enclosures", Several(Enclosure)),
    Column("image", Words),
    Column("external_url", Words),
    required("details", Value(Details), server_default="{}"),
    required("flags", Several()),
    required("path", Words, unique=True),
    required("text_digest", LargeBinary),
    required("title_digest", LargeBinary),
    required("signature", LargeBinary),
    required("words", Integer),
    required("cluster", String(32)),  # id of the first member of its cluster
    required("pruned", Boolean),  # its text is gone, its keys stay
    Column("dropped", Moment),  # when rules dropped it; None: it is published
    Column("withdrawn", Moment),  # when its source deleted it, as its tombstone says; then it is pruned too
    required("pending", Boolean),
    required("version", Integer),
    required("number", BigInteger, server_default="0"),  # place among all, in the order of dates: key of its texts
)
Index("uq_article_number", article.c.number, unique=True)
Index("ix_article_dropped", article.c.dropped, **where(article.c.dropped.is_not(None)))
Index("ix_article_cluster", *article.c["cluster", "first_seen", "position", "id"])
pending_article = article.c.pending.is_(True)
Index("ix_article_pending", article.c.id, **where(pending_article))

of_article = article_text.c.number == article.c.number
TEXTS = [func.coalesce(article_text.c[name], "").label(name) for name in BODY]  # where pruned articles are read too

tombstone = Table(  # of entries: those that are not newer are no entries any more
    "tombstone",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # of the key of the entry's guid
    required("at", Moment),  # when the source deleted it
    sqlite_with_rowid=False,
)

retraction = Table(  # tombstones of ours, for readers of the feeds that showed a withdrawn article
    "retraction",
    metadata,
    Column("category", String(80), ForeignKey("category.name"), primary_key=True),
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    required("deleted", Moment),  # when, as its source says
    required("joined", Integer),  # number of the last article that had joined the category before it
    sqlite_with_rowid=False,
)

unpublished = Table(  # articles before their first publication, and the names they get then if these are free
    "unpublished",
    metadata,
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    required("path", Words),
    required("uid", Words),
    sqlite_with_rowid=False,
)

label = Table(  # tags and categories of an article, by where they come from
    "label",
    metadata,
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    Column("source_id", Integer, ForeignKey("source.id"), primary_key=True),  # that carried the article with it
    Column("origin", String(6), primary_key=True),  # the source's settings, its entry, or a rule
    Column("position", Integer, primary_key=True),  # among those of the same origin
    required("kind", String(8)),  # category, tag, or term: a category of the entry (RFC 4287, 4.2.2)
    required("value", Words),  # of a category its name
    Column("scheme", Words),  # of a term
    Column("label", Words),  # of a term, and of a category as written by the user
    sqlite_with_rowid=False,
)

article_source = Table(
    "article_source",
    metadata,
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    Column("source_id", Integer, ForeignKey("source.id"), primary_key=True),
    required("link", Words),
    required("at", Moment),
    sqlite_with_rowid=False,
)
Index("ix_article_source_source_id", article_source.c.source_id)

article_category = Table(
    "article_category",
    metadata,
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    Column("category", String(80), ForeignKey("category.name"), primary_key=True),
    # the article's own, repeated here so that one index holds the order of a feed
    required("published", Moment),
    required("first_seen", Moment),
    required("position", Integer),
    required("ordinal", Integer, server_default="0"),  # place of its owner in feeds.yaml, on first sight
    required("hidden", Boolean),  # an earlier member of its cluster is shown in the category
    # its place in the archive of the category
    Column("number", Integer),  # in the order of joining; None until the category is published with it
    Column("archive_page", Integer),  # None until its page is closed
    Column("archived", LargeBinary),  # digest of the `archived` version that the page shows
    Column("edited_after", Integer),  # number of the last article that had joined before an edit behind the closing
    sqlite_with_rowid=False,
)
newest_first = (
    article_category.c.published.desc(),
    article_category.c.ordinal,
    article_category.c.first_seen.desc(),
    article_category.c.position,
    article_category.c.article_id,
)
shown = article_category.c.hidden.is_(False)
Index("ix_article_category_newest", article_category.c.category, *newest_first, **where(shown))
hidden = article_category.c.hidden.is_(True)
Index("ix_article_category_hidden", *article_category.c["category", "published"], **where(hidden))
on_open_page = shown & article_category.c.archive_page.is_(None)
Index("ix_article_category_open", *article_category.c["category", "number"], **where(on_open_page))
on_closed_page = article_category.c.archive_page.is_not(None)
Index("ix_article_category_page", *article_category.c["category", "archive_page"], **where(on_closed_page))
edited_since_closed = article_category.c.edited_after.is_not(None)
Index("ix_article_category_edited", *article_category.c["category", "edited_after"], **where(edited_since_closed))

key = Table(
    "key",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    required("strong", Boolean),
    sqlite_with_rowid=False,
)
# Of two processes that record an article the second finds its key taken, and decides again.
Index("uq_key_strong", key.c.digest, unique=True, **where(key.c.strong.is_(True)))

Index("ix_key_article_id", key.c.article_id)  # or each deletion of an article would read all keys

source_day = Table(  # counters, so that overviews need not count articles
    "source_day",
    metadata,
    Column("source_id", Integer, ForeignKey("source.id"), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),  # since 1970-01-01, in UTC
    required("published", Integer),  # articles that the source published on this day
    required("recorded", Integer, server_default="0"),  # its new articles recorded on it that count for `max_new`
    sqlite_with_rowid=False,
)

page = Table(  # of an article whose source asks for full text: the mark to read it, and what came of it
    "page",
    metadata,
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    required("digest", LargeBinary),  # `text_digest` of the version of the entry that it is asked for
    Column("due", Moment),  # when it is to be asked for; None: it was read, or given up
    Column("lease_until", Moment),  # until then a process is at it
    Column("owner", String(32)),  # the process that leased it last: what others write is dropped
    required("failures", Integer),  # in a row
    Column("error", Words),  # sentence of the last failure, or why its text is not used
    required("has_text", Boolean),  # in `page_text`: it is better than the feed's
    Column("link", Words),  # its canonical link, None if that is the article's
    sqlite_with_rowid=False,
)
current_page = (page.c.article_id == article.c.id) & (page.c.digest == article.c.text_digest)  # of the present version
due_page = page.c.due.is_not(None)
Index("ix_page_due", page.c.due, **where(due_page))

backfill = Table(  # of a source with `backfill`: the place in its archive
    "backfill",
    metadata,
    Column("source_id", Integer, ForeignKey("source.id"), primary_key=True),
    Column("url", Words),  # of the page that is read next; None: the archive was read, or given up
    required("pages", Integer),  # that were read
    required("seen", LargeBinary),  # digests of the URLs and entries that were seen
    Column("due", Moment),
    Column("lease_until", Moment),  # until then a process is at it
    Column("owner", String(32)),  # the process that leased it last: what others write is dropped
    required("failures", Integer),  # of this page, in a row
    Column("error", Words),  # sentence of the last failure, or why the rest is not read
)
due_backfill = backfill.c.due.is_not(None)
Index("ix_backfill_due", backfill.c.due, **where(due_backfill))

robots_txt = Table(
    "robots_txt",
    metadata,
    Column("origin", String(300), primary_key=True),
    required("fetched", Moment),
    required("body", Words),
    Column("error", Words),  # sentence of the failure to read it; None: it was read, or there is none
    sqlite_with_rowid=False,
)

note = Table(  # what one run leaves for the next
    "note",
    metadata,
    Column("name", String(80), primary_key=True),
    required("value", Words),
)

subscription = Table(  # of ours, to the hub that a source names (WebSub, 5)
    "subscription",
    metadata,
    Column("source_id", Integer, ForeignKey("source.id"), primary_key=True),
    required("token", String(43), unique=True),  # the last part of the callback's path: nobody can guess it
    required("secret", String(43)),  # key of the hub's signatures
    required("hub", Words),
    required("topic", Words),
    Column("callback", Words),  # URL that the hub was given; None before the first request
    required("due", Moment),  # when the hub is asked next
    required("failures", Integer),  # in a row
    Column("error", Words),  # sentence of the last failure or refusal
)
Index("ix_subscription_due", subscription.c.due)

topic = Table(  # feeds of ours that a hub distributes (WebSub, 6)
    "topic",
    metadata,
    Column("path", String(100), primary_key=True),  # of the feed's file
    required("digest", LargeBinary),  # of the bytes that the hub was notified of, or is to be
    Column("due", Moment),  # when it is to be notified; None: it was
    required("failures", Integer),
)
unnotified = topic.c.due.is_not(None)
Index("ix_topic_due", topic.c.due, **where(unnotified))
