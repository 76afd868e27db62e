"""The store of wrapped keys: one row a person, in a database apart from all others.

Its backup keeps the latest copy only: an older copy would bring a destroyed key back. On SQLite the pages of a deleted
key are overwritten at once (`secure_delete`, with a rollback journal instead of a write-ahead log, so that no second
copy lingers). On PostgreSQL run `VACUUM account_key` after destroying keys or rotating, and keep that database out of
the archive of write-ahead logs.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from intrakraft.domain.base import BigId, UtcDateTime
from intrakraft.domain.labels import NOT_PERSONAL, Basis, Category, Erase, Label, Purpose, Retention, Visibility

Result = TypeVar("Result")

BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A person's key as the store holds it: wrapped by master key number `wrapped_by`."""

    subject_id: int
    wrapped: bytes
    wrapped_by: int


def _label(category: Category, why: str) -> Label:
    purposes = frozenset({Purpose.SECURITY})
    return Label(category, purposes, Retention.ACCT, Basis.LAW, Visibility.NOBODY, Erase.DELETE, why)


metadata = sa.MetaData()
account_key = sa.Table(
    "account_key",
    metadata,
    sa.Column(
        "subject_id",
        BigId,
        primary_key=True,
        autoincrement=False,
        info={"label": _label(Category.ID, "says whose key this is")},
    ),
    sa.Column(
        "wrapped",
        sa.LargeBinary,
        nullable=False,
        info={"label": _label(Category.AUTH, "the key that opens what is sealed about the person, itself wrapped")},
    ),
    sa.Column("wrapped_by", sa.Integer, nullable=False, index=True, info={"label": NOT_PERSONAL}),
    sa.Column("created_at", UtcDateTime(), nullable=False, info={"label": NOT_PERSONAL}),
)


class KeyStore:
    """The wrapped keys, in a database of their own: an SQLite file, or any SQLAlchemy URL.

    Every act is one short transaction. On SQLite a lock held elsewhere is waited for with pauses that let other
    greenlets run.
    """

    def __init__(self, url: str) -> None:
        self._sqlite = url.startswith("sqlite")
        self._engine = _sqlite_engine(url) if self._sqlite else sa.create_engine(_with_driver(url), pool_pre_ping=True)
        self._writing = threading.Lock()
        self._write(_create_table)
        self._engine.dispose()

    # -- reading --

    def find(self, subject_id: int) -> WrappedKey | None:
        """The wrapped key of one person, or None."""
        return next(iter(self.find_many([subject_id])), None)

    def find_many(self, subject_ids: Sequence[int]) -> list[WrappedKey]:
        """The wrapped keys of these people; those without one are left out."""
        query = _ROWS.where(account_key.c.subject_id.in_(subject_ids))
        return self._read(lambda connection: [WrappedKey(*row) for row in connection.execute(query)])

    def count(self, *, not_by: int | None = None) -> int:
        """How many keys there are, or how many that another master key than `not_by` wraps."""
        query = sa.select(sa.func.count()).select_from(account_key)
        if not_by is not None:
            query = query.where(account_key.c.wrapped_by != not_by)
        return self._read(lambda connection: int(connection.execute(query).scalar_one()))

    def stale(self, version: int, *, after: int, limit: int) -> list[WrappedKey]:
        """The next `limit` keys behind person `after` that another master key than `version` wraps."""
        newer = _ROWS.where(account_key.c.wrapped_by != version, account_key.c.subject_id > after)
        query = newer.order_by(account_key.c.subject_id).limit(limit)
        return self._read(lambda connection: [WrappedKey(*row) for row in connection.execute(query)])

    def versions(self) -> set[int]:
        """The numbers of the master keys that wrap at least one key."""
        query = sa.select(account_key.c.wrapped_by).distinct()
        return self._read(lambda connection: set(connection.execute(query).scalars()))

    # -- writing --

    def add(self, key: WrappedKey, *, at: datetime) -> bool:
        """Keep a new key; False if the person has one already, which stays as it is."""
        row = {
            "subject_id": key.subject_id,
            "wrapped": key.wrapped,
            "wrapped_by": key.wrapped_by,
            "created_at": at,
        }
        try:
            self._write(lambda connection: connection.execute(account_key.insert(), row))
        except sa.exc.IntegrityError:
            return False
        return True

    def replace(self, pairs: Iterable[tuple[WrappedKey, WrappedKey]]) -> int:
        """Put the second of each pair in the place of the first, unless that one has changed or gone meanwhile."""
        updates = [_replacement(old, new) for old, new in pairs]
        return self._write(lambda connection: sum(connection.execute(update).rowcount for update in updates))

    def remove(self, subject_id: int) -> bool:
        """Overwrite and delete a person's key; False if there was none."""
        query = account_key.delete().where(account_key.c.subject_id == subject_id)
        return bool(self._write(lambda connection: connection.execute(query).rowcount))

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _read(self, act: Callable[[sa.Connection], Result]) -> Result:
        def run() -> Result:
            with self._engine.connect() as connection:
                return act(connection)

        return _patiently(run)

    def _write(self, act: Callable[[sa.Connection], Result]) -> Result:
        def run() -> Result:
            with self._engine.begin() as connection:
                return act(connection)

        with self._writing:
            return _patiently(run)


_ROWS = sa.select(account_key.c.subject_id, account_key.c.wrapped, account_key.c.wrapped_by)


def _replacement(old: WrappedKey, new: WrappedKey) -> sa.Update:
    same = (account_key.c.wrapped_by == old.wrapped_by, account_key.c.wrapped == old.wrapped)
    which = account_key.update().where(account_key.c.subject_id == old.subject_id, *same)
    return which.values(wrapped=new.wrapped, wrapped_by=new.wrapped_by)


def _with_driver(url: str) -> sa.URL:
    found = sa.make_url(url)
    return found.set(drivername="postgresql+psycopg") if found.drivername == "postgresql" else found


def _create_table(connection: sa.Connection) -> None:
    connection.execute(sa.schema.CreateTable(account_key, if_not_exists=True))
    for index in account_key.indexes:
        connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))


def _sqlite_engine(url: str) -> sa.Engine:
    path = sa.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(url, connect_args={"timeout": 0, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
        _patiently(lambda: connection.execute("PRAGMA journal_mode=DELETE").close())
        for pragma in ("secure_delete=ON", "synchronous=EXTRA", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


def _patiently(run: Callable[[], Result]) -> Result:
    deadline, pause = time.monotonic() + BUSY_SECONDS, 0.002
    while True:
        try:
            return run()
        except (sa.exc.OperationalError, sqlite3.OperationalError) as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
