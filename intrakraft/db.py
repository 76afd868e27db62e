"""The database: engines behind the gate, the request's session, and the one place that commits.

A request reads until `writing()`; from there it is one immediate transaction, which `settle()` commits and anything else
rolls back. Blocking on SQLite would stop every page, so a lock in the process stands before the lock of the file.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from intrakraft import gate
from intrakraft.domain.base import Model
from intrakraft.domain.keys import KeyRing
from intrakraft.domain.labels import Purpose, gated_columns

LOCK_CEILING = 5.0
_PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-16000",
    "PRAGMA mmap_size=268435456",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA trusted_schema=OFF",
)


class Database:
    """Engines and sessions of one installation; `url` is SQLite or PostgreSQL."""

    def __init__(self, url: str, keyring: KeyRing) -> None:
        self.url = sa.make_url(url)
        if self.url.get_backend_name() == "postgresql" and self.url.drivername != "postgresql+psycopg":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.keyring = keyring
        self.after_commit: Callable[[Session], None] = lambda session: None
        self._gated = gated_columns(Model.metadata)
        self._lock = threading.Lock() if self.sqlite else None
        self._engine = self._make_engine(None)
        self._readers: dict[Purpose, sa.Engine] = {}
        self._current: ContextVar[Session | None] = ContextVar("session", default=None)
        info = {"reading_for": self.reading_for, "keyring": keyring}
        self._make = sessionmaker(self._engine, autoflush=True, expire_on_commit=False, info=info)
        sa.event.listen(self._make, "before_flush", _only_while_writing)
        sa.event.listen(self._make, "do_orm_execute", _only_while_writing_core)

    # -- reading --

    @property
    def session(self) -> Session:
        """The session of the request (or of the script) at hand, made when first asked for."""
        session = self._current.get()
        if session is None:
            session = self._make()
            self._current.set(session)
        return session

    @contextmanager
    def reading_for(self, purpose: Purpose) -> Iterator[Session]:
        """A short read-only session that may read the columns labelled for `purpose` and no other gated one."""
        info = {"keyring": self.keyring, "purpose": purpose}
        with Session(self._reader(Purpose(purpose)), autoflush=False, info=info) as session:
            yield session

    # -- writing --

    def writing(self) -> Session:
        """End the read transaction and begin the one write transaction of this request; rows are read anew after it."""
        session = self.session
        if session.info.get("writing"):
            return session
        session.commit()
        session.expire_all()
        if self._lock is not None and not self._lock.acquire(timeout=LOCK_CEILING * 6):
            raise TimeoutError("no turn to write")
        session.info["writing"] = True
        try:
            session.connection(execution_options={"writing": True})
        except BaseException:
            self.undo()
            raise
        return session

    def settle(self) -> None:
        """Commit what was written and go back to reading. The only commit of the application."""
        session = self.session
        if not session.info.get("writing"):
            return
        try:
            session.commit()
        except BaseException:
            self.undo()
            raise
        self._leave_writing(session)
        for subject_id in session.info.pop("destroy_keys", ()):
            self.keyring.destroy(subject_id)
        self.after_commit(session)

    def undo(self) -> None:
        """Roll back and go back to reading."""
        session = self._current.get()
        if session is not None:
            try:
                session.rollback()
            finally:
                self._leave_writing(session)
                session.info.pop("enqueue", None)
                session.info.pop("destroy_keys", None)

    def close(self) -> None:
        """End of the request: whatever was not settled is gone."""
        session = self._current.get()
        if session is not None:
            self.undo()
            session.close()
            self._current.set(None)

    @contextmanager
    def apart(self) -> Iterator[Session]:
        """A session and write transaction of its own, committed when the block ends well (ledger, worker, commands)."""
        outer, self_token = self._current.get(), self._current.set(None)
        try:
            if outer is not None and outer.info.get("writing"):
                raise RuntimeError("a transaction apart cannot begin inside a write transaction")
            session = self.writing()
            yield session
            self.settle()
        finally:
            self.close()
            self._current.reset(self_token)

    def _leave_writing(self, session: Session) -> None:
        if session.info.pop("writing", False) and self._lock is not None:
            self._lock.release()

    # -- engines --

    def owner(self) -> sa.Engine:
        """An engine without the gate, for migrations and setup only; the caller disposes of it."""
        if not self.sqlite:
            return sa.create_engine(self.url, poolclass=sa.NullPool)
        engine = sa.create_engine(self.url, poolclass=sa.NullPool, connect_args={"timeout": 5})
        sa.event.listen(engine, "connect", lambda raw, record: raw.execute("PRAGMA foreign_keys=ON"))
        return engine

    def dispose(self) -> None:
        """Close every connection, as before a fork or at the end of a test."""
        self._engine.dispose()
        for reader in self._readers.values():
            reader.dispose()

    def _make_engine(self, purpose: Purpose | None) -> sa.Engine:
        if self.sqlite:
            args = {"timeout": 0, "check_same_thread": False, "factory": gate.GatedConnection}
            size = {"pool_size": 8, "max_overflow": 56} if purpose is None else {"pool_size": 2, "max_overflow": 62}
            engine = sa.create_engine(self.url, poolclass=sa.QueuePool, connect_args=args, **size)
            authorizer = gate.sqlite_authorizer(self._gated, purpose)
            sa.event.listen(engine, "connect", lambda raw, record: _prepare_sqlite(raw, authorizer))
            sa.event.listen(engine, "begin", _begin_sqlite)
        else:
            role = gate.APP_ROLE if purpose is None else gate.reader_role(purpose)
            size = {"pool_size": 8, "max_overflow": 12} if purpose is None else {"pool_size": 1, "max_overflow": 8}
            engine = sa.create_engine(self.url, **size)
            sa.event.listen(engine, "begin", lambda connection: _begin_postgres(connection, role, purpose is not None))
        sa.event.listen(engine, "before_cursor_execute", _scan)
        return engine

    def _reader(self, purpose: Purpose) -> sa.Engine:
        if purpose not in self._readers:
            self._readers.setdefault(purpose, self._make_engine(purpose))
        return self._readers[purpose]


def _prepare_sqlite(raw: sqlite3.Connection, authorizer: Callable[..., int]) -> None:
    assert isinstance(raw, gate.GatedConnection)
    raw.isolation_level = None
    for pragma in _PRAGMAS:
        _patiently(raw, pragma)
    raw.set_authorizer(authorizer)
    raw.shut()


def _begin_sqlite(connection: sa.Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    _patiently(raw, "BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")


def _patiently(raw: sqlite3.Connection, statement: str) -> None:
    """Say it again while another connection stands in the way; waiting so lets other requests go on.

    Beginning to write waits for the writer before; opening waits for a connection that is just being closed.
    """
    until = time.monotonic() + LOCK_CEILING
    while True:
        try:
            raw.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(random.uniform(0.002, 0.05))


def _begin_postgres(connection: sa.Connection, role: str, read_only: bool) -> None:
    cursor = connection.connection.cursor()
    if read_only:
        cursor.execute("SET TRANSACTION READ ONLY")
    cursor.execute(f"SET LOCAL ROLE {role}")
    cursor.close()


def _scan(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        raise gate.GateRefused("every statement belongs to a transaction, which sets who is reading")
    gate.scan(statement)


def _only_while_writing(session: Session, *rest: Any) -> None:
    if not session.info.get("writing"):
        raise RuntimeError("a request that only reads has changed something; writing() comes first")


def _only_while_writing_core(state: Any) -> None:
    if not state.is_select and (state.is_insert or state.is_update or state.is_delete):
        _only_while_writing(state.session)
