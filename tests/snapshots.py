"""Snapshots of a whole database, to run one act twice from the same start and to compare what it left behind.

What differs from run to run by nature (times, tokens, sealed bytes) is masked before rows are compared.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from intrakraft.db import Database
from intrakraft.domain.base import Model

MASKED = re.compile(r"(_at|_hash|_until|_on|token|payload|secret|code|sealed|nonce|dhash|renditions|public_name)$")


@dataclass(frozen=True)
class Snapshot:
    """Every row of every table, as the owner of the database sees it."""

    rows: dict[str, list[dict[str, Any]]]

    def comparable(self) -> dict[str, Counter[tuple[tuple[str, Any], ...]]]:
        """Rows without what differs by nature, in no order."""
        return {name: Counter(_masked(row) for row in rows) for name, rows in self.rows.items()}


def _masked(row: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    kept = ((k, v) for k, v in row.items() if not MASKED.search(k) and not isinstance(v, bytes | memoryview))
    return tuple(sorted((k, repr(v)) for k, v in kept))


def take(database: Database) -> Snapshot:
    """All rows now."""
    engine = database.owner()
    with engine.connect() as connection:
        tables = Model.metadata.sorted_tables
        rows = {t.name: [dict(row) for row in connection.execute(sa.select(t)).mappings()] for t in tables}
    engine.dispose()
    return Snapshot(rows)


class Restorable:
    """The database as it stood, to go back to once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.snapshot = take(database)
        if database.sqlite:
            source = sqlite3.connect(str(database.url.database))
            self.copy = sqlite3.connect(":memory:")
            source.backup(self.copy)
            source.close()

    def restore(self) -> None:
        """Put everything back, ids and counters included."""
        self.database.close()
        if self.database.sqlite:
            target = sqlite3.connect(str(self.database.url.database))
            self.copy.backup(target)
            target.close()
            self.copy.close()
            return
        engine = self.database.owner()
        with engine.begin() as connection:
            connection.exec_driver_sql("SET session_replication_role = replica")
            names = ", ".join(f'"{t.name}"' for t in Model.metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
            for table in Model.metadata.sorted_tables:
                if self.snapshot.rows[table.name]:
                    connection.execute(sa.insert(table), self.snapshot.rows[table.name])
                _restart(connection, table)
        engine.dispose()


def _restart(connection: sa.Connection, table: sa.Table) -> None:
    for column in table.primary_key.columns:
        found = connection.execute(
            sa.text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}
        ).scalar()
        if found:
            top = f"SELECT setval('{found}', (SELECT coalesce(max({column.name}), 0) + 1 FROM \"{table.name}\"), false)"
            connection.exec_driver_sql(top)
