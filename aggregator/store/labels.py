"""Labels of articles: the tags and categories that their sources and entries give them.

A label of an article comes from the settings of a source that carried it, from its entry, or from a rule. The table
`article_category` is made from the labels of kind "category" and from `all`, and says which feeds show an article.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, false, insert, not_, select

from aggregator.model import Ruling, Term
from aggregator.names import ALL, category_name, distinct
from aggregator.settings import SourceSettings
from aggregator.store.archive_marks import mark_pages
from aggregator.store.clusters import clusters_of, hide_members
from aggregator.store.rows import listed
from aggregator.store.schema import article, article_category, article_source, label, source
from aggregator.store.statements import InsertRows


class LabelRow(NamedTuple):
    """A row of the table."""

    article_id: str
    source_id: int
    origin: str
    position: int
    kind: str
    value: str
    scheme: str | None
    label: str | None


unlabelled = (  # rows of `article_category` whose category no label of the article names
    article_category.c.category != ALL,
    not_(
        exists().where(
            label.c.article_id == article_category.c.article_id,
            label.c.kind == "category",
            label.c.value == article_category.c.category,
        )
    ),
)
insert_labels = InsertRows(label, LabelRow._fields)
_LABELS = (
    select(*label.c["article_id", "source_id", "kind", "value", "scheme", "label"])
    .where(label.c.article_id.in_(listed("ids")))
    .order_by(label.c.origin.desc(), label.c.position)  # those of rules behind those of the source
)
_ENTRY_TERMS = (
    select(*label.c["article_id", "value", "scheme", "label"])
    .where(label.c.article_id.in_(listed("ids")), label.c.origin == "entry")
    .order_by(label.c.position)
)
_DELETE_ENTRY_TERMS = delete(label).where(label.c.article_id.in_(listed("ids")), label.c.origin == "entry")
_of_source = select(article_source.c.article_id).where(article_source.c.source_id == bindparam("source"))
_OF_SOURCE = select(article.c.id).where(
    article.c.id.in_(_of_source), not_(article.c.pruned), article.c.dropped.is_(None)
)
_DELETE_OF_SOURCE = delete(label).where(
    label.c.article_id.in_(_of_source), label.c.source_id == bindparam("source"), label.c.origin == "source"
)
_is_placed = exists().where(
    article_category.c.article_id == label.c.article_id, article_category.c.category == label.c.value
)
_ENTER = insert(article_category).from_select(
    ("article_id", "category", "published", "first_seen", "position", "ordinal", "hidden"),
    select(article.c.id, label.c.value, *article.c["published", "first_seen", "position"], source.c.ordinal, false())
    .join(label, label.c.article_id == article.c.id)
    .join(source, source.c.id == article.c.source_id)
    .where(
        label.c.article_id.in_(_of_source),
        label.c.source_id == bindparam("source"),
        label.c.kind == "category",
        not_(_is_placed),
    )
    .distinct(),
)
_LEAVE = delete(article_category).where(article_category.c.article_id.in_(_of_source), *unlabelled)


class SourceLabels(NamedTuple):
    """Categories and tags that a source gives its articles; categories as (name, label), each name once."""

    categories: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]

    @classmethod
    def of(cls, settings: SourceSettings) -> "SourceLabels":
        """Return the labels of a source with these settings."""
        names = ((category_name(written), written) for written in settings.categories or ())
        return cls(distinct(names, lambda pair: pair[0]), distinct(settings.tags or (), str))


class Labels(NamedTuple):
    """Labels of an article, in the order in which they are shown."""

    categories: tuple[str, ...]
    tags: tuple[str, ...]
    terms: tuple[Term, ...]


def source_rows(articles: Iterable[str], source_id: int, labels: SourceLabels) -> Iterator[LabelRow]:
    """Return the rows that a source with these labels gives each of these articles."""
    for article_id in articles:
        yield from _rows(article_id, source_id, "source", labels)


def labels_in_force(article_id: str, source_id: int, settings: SourceSettings, ruling: Ruling) -> Iterator[LabelRow]:
    """Yield the rows that a source with these settings gives an article on which its rules made this ruling."""
    own = SourceLabels.of(settings)
    pairs = distinct(((category_name(written), written) for written in ruling.categories), lambda pair: pair[0])
    by_rules = SourceLabels(pairs, tuple(tag for tag in ruling.tags if tag not in own.tags))
    if by_rules.categories:
        own = own._replace(categories=())
    yield from _rows(article_id, source_id, "source", own)
    yield from _rows(article_id, source_id, "rule", by_rules)


def _rows(article_id: str, source_id: int, origin: str, labels: SourceLabels) -> Iterator[LabelRow]:
    values = [("category", *pair) for pair in labels.categories] + [("tag", tag, None) for tag in labels.tags]
    for position, (kind, value, written) in enumerate(values):
        yield LabelRow(article_id, source_id, origin, position, kind, value, None, written)


def entry_rows(source_id: int, terms: Mapping[str, Iterable[Term]]) -> Iterator[LabelRow]:
    """Return the rows of these terms of entries, by article."""
    for article_id, values in terms.items():
        for position, term in enumerate(values):
            yield LabelRow(article_id, source_id, "entry", position, "term", term.term, term.scheme, term.label)


def replace_entry_terms(connection: Connection, source_id: int, terms: Mapping[str, Sequence[Term]]) -> None:
    """Replace the terms of these articles, by id, as the entry of their source names others now."""
    if terms:
        connection.execute(_DELETE_ENTRY_TERMS, {"ids": sorted(terms)})
        insert_labels(connection, entry_rows(source_id, terms))


def entry_terms(connection: Connection, articles: Collection[str]) -> Mapping[str, tuple[Term, ...]]:
    """Return the terms of the entries of these articles, by article; articles without any are left out."""
    terms: dict[str, list[Term]] = defaultdict(list)
    for article_id, value, scheme, written in connection.execute(_ENTRY_TERMS, {"ids": articles}):
        terms[article_id].append(Term(term=value, scheme=scheme, label=written))
    return {article_id: tuple(values) for article_id, values in terms.items()}


def read_labels(connection: Connection, credited: Mapping[str, Sequence[int]]) -> Mapping[str, Labels]:
    """Return the labels of articles, by id; `credited` are the ids of their sources in the order of their credits."""
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(_LABELS, {"ids": tuple(credited)}):
        rows[row[0]].append(row)
    return {article_id: _labels(rows.get(article_id, ()), sources) for article_id, sources in credited.items()}


def _labels(rows: Sequence[Any], sources: Sequence[int]) -> Labels:
    if len(sources) > 1:
        rows = sorted(rows, key=lambda row: sources.index(row[1]))  # stable: positions stay in order
    categories: dict[str, str] = {}
    tags: dict[str, None] = {}
    terms: list[Term] = []
    for _, _, kind, value, scheme, written in rows:
        if kind == "category":
            categories.setdefault(value, written)
        elif kind == "tag":
            tags[value] = None
        else:
            terms.append(Term(term=value, scheme=scheme, label=written))
    return Labels(tuple(categories.values()), tuple(tags), tuple(terms))


def relabel(connection: Connection, source_id: int, labels: SourceLabels) -> None:
    """Give the articles of a source its categories and tags as they are now, and place them in feeds accordingly.

    An article stays in a category as long as another of its sources names it, also one that left `feeds.yaml`.
    """
    parameters = {"source": source_id}
    connection.execute(_DELETE_OF_SOURCE, parameters)
    insert_labels(connection, source_rows(connection.scalars(_OF_SOURCE, parameters).all(), source_id, labels))
    connection.execute(_ENTER, parameters)
    mark_pages(connection, _of_source, **parameters)
    connection.execute(_LEAVE, parameters)
    hide_members(connection, clusters_of(connection, _of_source, **parameters))
