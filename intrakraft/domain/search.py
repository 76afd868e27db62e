"""The full-text index of listings on show: what words and terms each is found by, newest first.

Every row of it is a listing that may be found, its number grows with posting, and no query ever counts, skips or scans
(architecture, decisions on search; performance budgets 9 to 12).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain.base import BigId, Model
from intrakraft.domain.folding import words_of
from intrakraft.domain.labels import (
    NOT_PERSONAL,
    Category,
    Erase,
    Purpose,
    Retention,
    Visibility,
    personal,
    plain,
    subject,
)

MOST_WORDS = 12
"""Words of a query that count; the rest is left away."""

_TOKENS = "unicode61 remove_diacritics 2 categories ''L* N* Co Mn Mc''"
_TERM, _GAP = "\ue000", "\ue001"


class SearchEntry(Model):
    """One listing that may be found. `id` is its number, given once and never again; the newest has the highest.

    On SQLite `words` is the text that FTS5 indexes, on PostgreSQL the tsvector itself.
    """

    __tablename__ = "search_entry"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = sa.orm.mapped_column(BigId, primary_key=True, info={"label": NOT_PERSONAL})
    listing_id: Mapped[int] = plain(
        BigId, sa.ForeignKey("listing.id", ondelete="CASCADE"), unique=True, why="which listing is found"
    )
    lister_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), index=True, why="whose listing is found")
    words: Mapped[str] = personal(
        sa.Text().with_variant(TSVECTOR(), "postgresql"),
        category=Category.UGC,
        purposes={Purpose.LIST},
        retention=Retention.ACCT,
        visibility=Visibility.PUBLIC,
        erase=Erase.DELETE,
        why="the words your listing is found by",
        deferred=True,
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """What a listing is found by: free text, and the terms its filters ask for. `number` None means never posted yet."""

    listing_id: int
    lister_id: int
    number: int | None
    texts: tuple[str, ...]
    category: str
    branch: str
    state: str
    district: str
    town: str
    cell: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: words that must all be there, and filters. Made by `query`; never wrong, perhaps empty."""

    words: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.terms)


@dataclass(frozen=True, slots=True)
class Match:
    """Where matching entries come from, to be joined by a select of their listings: `number` is the listing's number,
    `listing_id` its id where the source knows it.

    `condition` has one parameter, `match`, whose value is what `matching` returns beside it; None lets everything in.
    """

    source: sa.FromClause
    number: sa.ColumnElement[int]
    listing_id: sa.ColumnElement[int] | None
    condition: sa.ColumnElement[bool] | None


# -- reading --


def query(text: str = "", *, category: str = "", branch: str = "", state: str = "", town: str = "") -> Query:
    """A query from what a person typed and chose. Any text is a query; signs and operators in it mean nothing."""
    chosen = (("c", category), ("b", branch), ("s", state), ("t", town))
    terms = tuple(term for kind, value in chosen if value and (term := _term(kind, value)))
    return Query(tuple(dict.fromkeys(words_of(text)))[:MOST_WORDS], terms)


def matching(session: Session, query: Query) -> tuple[Match, str]:
    """How to select what matches, and the value of its parameter `match`; an empty query matches everything on show."""
    tokens = (*query.terms, *query.words)
    if not tokens:
        return _everything(), ""
    if session.get_bind().dialect.name == "sqlite":
        return _on_sqlite(), " AND ".join(f'"{token}"' for token in tokens)
    return _on_postgres(), " & ".join(f"'{token}'" for token in tokens)


@cache
def _everything() -> Match:
    entry = SearchEntry.__table__
    return Match(entry, entry.c.id, entry.c.listing_id, None)


@cache
def _on_sqlite() -> Match:
    index = sa.table("listing_search", sa.column("rowid", sa.BigInteger), sa.column("listing_search", sa.Text))
    found = index.c.listing_search.op("MATCH", is_comparison=True)(sa.bindparam("match", type_=sa.Text()))
    return Match(index, index.c.rowid, None, found)


@cache
def _on_postgres() -> Match:
    entry = SearchEntry.__table__
    asked = sa.cast(sa.bindparam("match", type_=sa.Text()), _TsQuery())
    return Match(entry, entry.c.id, entry.c.listing_id, entry.c.words.op("@@", is_comparison=True)(asked))


class _TsQuery(sa.types.UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "TSQUERY"


class InOrder(sa.sql.expression.Join):
    """A join that SQLite may not turn round: what is on the left is walked, what is on the right looked up."""

    inherit_cache = True


@compiles(InOrder, "sqlite")
def _cross_join(join: InOrder, compiler: Any, asfrom: bool = False, from_linter: Any = None, **kw: Any) -> str:
    left, right = (compiler.process(side, asfrom=True, **kw) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **kw)}"


# -- writing --


def index(session: Session, entry: Entry) -> int:
    """Let a listing be found, in place of what was known of it; returns its number, which stays the same for good."""
    if entry.number is not None:
        remove(session, entry.number)
    text = " ".join(_tokens(entry))
    sqlite = session.get_bind().dialect.name == "sqlite"
    words: Any = text if sqlite else sa.func.array_to_tsvector(sa.cast(text.split(" "), ARRAY(sa.Text)))
    values: dict[str, Any] = {"listing_id": entry.listing_id, "lister_id": entry.lister_id, "words": words}
    if entry.number is not None:
        values["id"] = entry.number
    number: int = session.execute(sa.insert(SearchEntry).values(values).returning(SearchEntry.id)).scalar_one()
    if sqlite:
        session.execute(_ADD, {"number": number, "words": text})
    return number


def remove(session: Session, number: int) -> None:
    """Let a listing no longer be found; one that is not there is removed already."""
    if session.get_bind().dialect.name == "sqlite":
        words = session.scalar(sa.select(SearchEntry.words).where(SearchEntry.id == number))
        if words is not None:
            session.execute(_TAKE, {"number": number, "words": words})
    session.execute(sa.delete(SearchEntry).where(SearchEntry.id == number))


_ADD = sa.text("INSERT INTO listing_search (rowid, words) VALUES (:number, :words)")
_TAKE = sa.text("INSERT INTO listing_search (listing_search, rowid, words) VALUES ('delete', :number, :words)")


def _tokens(entry: Entry) -> Iterable[str]:
    for text in entry.texts:
        yield from words_of(text)
    cell = "" if entry.cell is None else str(entry.cell)
    filters = {
        "c": entry.category,
        "b": entry.branch,
        "s": entry.state,
        "d": entry.district,
        "t": entry.town,
        "g": cell,
    }
    for kind, value in filters.items():
        if value:
            yield _term(kind, value)


def _term(kind: str, value: str) -> str:
    """One token that no text can hold: words have no letters of the private-use area, and this begins with one."""
    words = words_of(value)
    return f"{_TERM}{kind}{_GAP.join(words)}" if words else ""


# -- schema --


def create_search(connection: sa.Connection) -> None:
    """Make the index beside the table `search_entry`; the migration and `metadata.create_all` call it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE IF NOT EXISTS listing_search USING fts5"
            f"(words, content='search_entry', content_rowid='id', tokenize='{_TOKENS}')"
        )
    else:
        connection.exec_driver_sql(
            "CREATE INDEX IF NOT EXISTS listing_search_words ON search_entry USING gin (words) WITH (fastupdate = off)"
        )


def drop_search(connection: sa.Connection) -> None:
    """Take the index away again, before the table `search_entry` goes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE IF EXISTS listing_search")
    else:
        connection.exec_driver_sql("DROP INDEX IF EXISTS listing_search_words")


@sa.event.listens_for(SearchEntry.__table__, "after_create")
def _after_create(table: sa.Table, connection: sa.Connection, **kw: Any) -> None:
    create_search(connection)


@sa.event.listens_for(SearchEntry.__table__, "before_drop")
def _before_drop(table: sa.Table, connection: sa.Connection, **kw: Any) -> None:
    drop_search(connection)
