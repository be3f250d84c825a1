"""The full-text index of each kind of database: how it is made, and how it is asked."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from aggregator.search_terms import SearchTerm

NEWEST = 1_000  # articles that are looked through without the index


class SearchIndex(ABC):
    """Index over the terms of the table `searchable`, which the database itself keeps in step with it."""

    ddl: tuple[str, ...]  # that makes it
    rebuild: tuple[str, ...] = ()  # that makes it anew from the table

    def create(self, connection: Connection) -> None:
        """Make the index of an empty table."""
        for statement in self.ddl:
            connection.exec_driver_sql(statement)

    @abstractmethod
    def select(self, terms: Sequence[SearchTerm]) -> tuple[str, Mapping[str, str]]:
        """Return a SELECT of the ids of up to `:limit` articles below the number `:below`, and its parameters."""


class FTS5(SearchIndex):
    """SQLite's: a virtual table, filled by triggers. It splits the terms at the blanks."""

    ddl = (
        "CREATE VIRTUAL TABLE search_index USING fts5"
        " (terms, content='searchable', content_rowid='number', columnsize=0, tokenize='ascii')",
        "CREATE TRIGGER searchable_insert AFTER INSERT ON searchable BEGIN"
        " INSERT INTO search_index (rowid, terms) VALUES (new.number, new.terms); END",
        "CREATE TRIGGER searchable_delete AFTER DELETE ON searchable BEGIN"
        " INSERT INTO search_index (search_index, rowid, terms) VALUES ('delete', old.number, old.terms); END",
        "CREATE INDEX ix_searchable_number ON searchable (number)",  # to count the rows without their terms
    )
    rebuild = ("INSERT INTO search_index (search_index) VALUES ('rebuild')",)

    def select(self, terms: Sequence[SearchTerm]) -> tuple[str, Mapping[str, str]]:
        """Return a SELECT in which the index, whose order is that of the numbers, stops at the limit."""
        match = " AND ".join(_fts5(term) for term in terms if not term.excluded)
        if excluded := " OR ".join(_fts5(term) for term in terms if term.excluded):
            match = f"({match}) NOT ({excluded})"
        statement = (
            "SELECT article.id FROM search_index JOIN article ON article.number = search_index.rowid"
            " WHERE search_index MATCH :match AND search_index.rowid < :below"
            " ORDER BY search_index.rowid DESC LIMIT :limit"
        )
        return statement, {"match": match}


class TSVector(SearchIndex):
    """PostgreSQL's: a generated column of lexemes, without places: phrases are looked for in the terms themselves.

    A `tsvector` knows no more than 256 places of a word, and none above 16,383.
    """

    ddl = (
        "ALTER TABLE searchable ADD COLUMN words tsvector"
        " GENERATED ALWAYS AS (array_to_tsvector(string_to_array(terms, ' '))) STORED",
        "CREATE INDEX ix_searchable_words ON searchable USING gin (words)",
    )

    def select(self, terms: Sequence[SearchTerm]) -> tuple[str, Mapping[str, str]]:
        """Return a SELECT by the words of all terms, and the phrases among those.

        Words that many articles have are found among the newest ones; the index is asked for others, all of whose
        articles it gives, in no order. Left to itself the server guesses how many these are, and may read all articles.
        """
        conditions = ["words @@ CAST(:match AS tsquery)"]
        match: list[str] = []
        parameters: dict[str, str] = {}
        for term in terms:
            if len(term.words) == 1 or not term.excluded:
                match.append(("!" if term.excluded else "") + _tsquery(term))
            if len(term.words) > 1:
                name = f"phrase_{len(parameters)}"
                parameters[name] = f"% {' '.join(term.words)}{'' if term.is_prefix else ' '}%"
                conditions.append(f"' ' || terms || ' ' {'NOT ' if term.excluded else ''}LIKE :{name}")
        matches = " AND ".join(conditions)
        statement = (
            f"WITH newest AS (SELECT * FROM searchable WHERE number < :below ORDER BY number DESC LIMIT {NEWEST}),"  # noqa: S608 - our own text
            f" matching AS (SELECT number FROM newest WHERE {matches} ORDER BY number DESC LIMIT :limit)"
            " SELECT article.id FROM (SELECT * FROM matching UNION ALL SELECT number FROM searchable"
            f" WHERE (SELECT count(*) FROM matching) < :limit AND {matches}"
            # Not by the index of numbers, as a sum.
            " AND number + 0 < (SELECT min(number) FROM newest)) AS found"
            " JOIN article ON article.number = found.number ORDER BY found.number DESC LIMIT :limit"
        )
        return statement, {"match": " & ".join(match), **parameters}


def _fts5(term: SearchTerm) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.is_prefix else ""}'


def _tsquery(term: SearchTerm) -> str:
    return " & ".join(f"'{word}'" for word in term.words) + (":*" if term.is_prefix else "")


SEARCH_INDEXES: Mapping[str, SearchIndex] = {"sqlite": FTS5(), "postgresql": TSVector()}  # by the dialect's name
