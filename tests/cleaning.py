"""Puts a copy of an installation back as it was made, touching only what a test has changed.

Making a folder or a PostgreSQL database anew costs a hundred times more; that is done where more than rows changed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psycopg

FINGERPRINT = """
SELECT md5(string_agg(
    concat_ws(' ', c.oid, c.relkind, c.relacl, a.attname, a.atttypid, a.attacl), ',' ORDER BY c.oid, a.attnum
))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace
"""
LEFT_BEHIND = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
WORN_OUT = 150  # a database emptied so often is full of dead rows


class CleanFolder:
    """A folder that mirrors another: what was changed or added is replaced, what was not touched stays."""

    def __init__(self, original: Path, folder: Path) -> None:
        self.original, self.folder = original, folder
        self.files = [path.relative_to(original) for path in sorted(original.rglob("*")) if path.is_file()]
        self.folders = {path.relative_to(original) for path in original.rglob("*") if path.is_dir()}
        self.known: dict[Path, tuple[int, int, int]] = {}

    def clean(self) -> None:
        """Make it equal to the original."""
        for name in {Path(), *self.folders}:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._remove_added(self.folder, Path())
        for name in self.files:
            if _mark(self.folder / name) != self.known.get(name, ()):
                self._copy(name)

    def _remove_added(self, folder: Path, inside: Path) -> None:
        for entry in os.scandir(folder):
            name = inside / entry.name
            if entry.is_dir(follow_symlinks=False):
                if name in self.folders:
                    self._remove_added(folder / entry.name, name)
                else:
                    shutil.rmtree(entry.path)
            elif name not in self.files:
                os.unlink(entry.path)

    def _copy(self, name: Path) -> None:
        (self.folder / name).unlink(missing_ok=True)
        shutil.copy(self.original / name, self.folder / name)
        self.known[name] = _mark(self.folder / name)


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class CleanDatabase:
    """A PostgreSQL database made from a template; `clean` empties what tests have filled."""

    def __init__(self, server: str, template: str, name: str) -> None:
        self.server, self.template, self.name = server, template, name
        self.connection: psycopg.Connection | None = None
        self.times = 0

    def clean(self) -> None:
        """Leave it as the template is; made anew when its schema or its grants were changed."""
        self.times += 1
        if self.connection is None or self.times % WORN_OUT == 0 or not self._emptied():
            self._make()

    def close(self) -> None:
        """Let go of the database."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _make(self) -> None:
        self.close()
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {self.name} TEMPLATE {self.template} STRATEGY FILE_COPY")
        self.connection = psycopg.connect(self.server, dbname=self.name, autocommit=True)
        self.fingerprint = self._all(FINGERPRINT)
        tables = [name for (name,) in self._all(TABLES)]
        filled = [name for name in tables if self._all(f'SELECT 1 FROM "{name}" LIMIT 1')]
        self.filled = {name: (self._digest(name), self._read(name)) for name in filled}
        checks = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables if name not in filled]
        self.dirty = " UNION ALL ".join(checks)
        sequences = self._all("SELECT schemaname, sequencename, last_value FROM pg_sequences")
        self.rewind = "SELECT " + ", ".join(
            f'setval(\'"{schema}"."{name}"\', {value or 1}, {value is not None})' for schema, name, value in sequences
        )

    def _emptied(self) -> bool:
        assert self.connection is not None
        try:
            self._all(LEFT_BEHIND)
            if self._all(FINGERPRINT) != self.fingerprint:
                return False
            dirty = [name for (name,) in self._all(self.dirty)]
            changed = [name for name, (digest, _) in self.filled.items() if self._digest(name) != digest]
            with self.connection.transaction():
                self.connection.execute("SET LOCAL session_replication_role = replica")
                for name in (*dirty, *changed):
                    self.connection.execute(f'DELETE FROM "{name}"')
                for name in changed:
                    with self.connection.cursor().copy(f'COPY "{name}" FROM STDIN') as copy:
                        copy.write(self.filled[name][1])
                self.connection.execute(self.rewind)
        except psycopg.Error:
            return False
        return True

    def _all(self, query: str) -> list[tuple]:
        assert self.connection is not None
        return self.connection.execute(query).fetchall()

    def _digest(self, table: str) -> list[tuple]:
        return self._all(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{table}\" t")

    def _read(self, table: str) -> bytes:
        assert self.connection is not None
        with self.connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
            return b"".join(bytes(block) for block in copy)
