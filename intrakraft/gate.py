"""The gate: the database engine itself refuses gated columns outside their purpose.

On SQLite an authorizer fixed for each connection, on PostgreSQL roles with column grants. Python forgets, engines do not
(promises P-058, P-079).
"""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import sqlalchemy as sa

from intrakraft.domain.labels import Purpose, gated_columns

Gated = Mapping[str, Mapping[str, frozenset[Purpose]]]

APP_ROLE = "intrakraft_app"


def reader_role(purpose: Purpose) -> str:
    """Name of the PostgreSQL role that may read what is labelled for `purpose`."""
    return f"intrakraft_for_{purpose}"


class GateRefused(Exception):
    """Somebody tried to go round the gate; it is a fault of the program, never shown to people."""


# -- SQLite --

_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
_HARMLESS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT, sqlite3.SQLITE_RECURSIVE}
_FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_dbdata"}
_CATALOGUE = {"sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_temp_master", "sqlite_temp_schema"}
_BEHIND_THE_GATE = re.compile(r"^(sqlite_|pragma_|dbstat|fts5vocab|bytecode|tables_used|completion)", re.IGNORECASE)


class GatedConnection(sqlite3.Connection):
    """A connection whose ways round the authorizer are shut: blobs, copies, dumps and the authorizer itself."""

    _open = True

    def shut(self) -> None:
        """From here on nothing can change what this connection may read."""
        self._open = False

    def set_authorizer(self, callback: Any) -> None:
        if not self._open:
            raise GateRefused("the authorizer of a connection is set once")
        super().set_authorizer(callback)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise GateRefused("this door of the database is shut")

    def create_function(self, *args: Any, **kwargs: Any) -> None:
        if not self._open:
            self._refuse()
        super().create_function(*args, **kwargs)

    blobopen = backup = serialize = deserialize = iterdump = _refuse
    create_aggregate = create_window_function = create_collation = enable_load_extension = load_extension = _refuse
    set_trace_callback = set_progress_handler = setconfig = _refuse


def sqlite_authorizer(gated: Gated, purpose: Purpose | None) -> Callable[..., int]:
    """An authorizer for one purpose (read only), or for the application at large where `purpose` is None."""
    shut = {
        table.lower(): frozenset(name.lower() for name, purposes in columns.items() if purpose not in purposes)
        for table, columns in gated.items()
    }

    def authorize(action: int, first: str | None, second: str | None, base: str | None, inner: str | None) -> int:
        if action == sqlite3.SQLITE_READ:
            table = (first or "").lower()
            if (second or "").lower() in shut.get(table, ()):
                return sqlite3.SQLITE_DENY
            hidden = table not in _CATALOGUE and _BEHIND_THE_GATE.match(table)
            return sqlite3.SQLITE_DENY if hidden else sqlite3.SQLITE_OK
        if action in _HARMLESS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_DENY if (second or "").lower() in _FORBIDDEN_FUNCTIONS else sqlite3.SQLITE_OK
        if action in _WRITES and purpose is None:
            if not (first or "").lower().startswith("sqlite_"):
                return sqlite3.SQLITE_OK
            # The full-text index prepares such a statement when it opens and never runs it; ignored means unchanged.
            return sqlite3.SQLITE_IGNORE if action == sqlite3.SQLITE_UPDATE else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() == "data_version":
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return authorize


# -- PostgreSQL --

_ALLOWED = frozenset({"select", "insert", "update", "delete", "with", "values", "savepoint", "release"})
_TOKENS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*|\*/|\$\w*\$|[^'\"\-/*$]+|.", re.DOTALL)
_ROUND_THE_GATE = re.compile(
    r"\b(set_config|pg_read_|pg_ls_|lo_import|lo_export|dblink|query_to_xml|copy)\w*|u&", re.IGNORECASE
)


@functools.lru_cache(maxsize=4096)
def scan(statement: str) -> None:
    """Refuse SQL text that is anything but one statement that reads or writes rows. Raises `GateRefused`.

    So nothing changes the role, the authorizer, the transaction or the schema, however it is quoted or commented.
    """
    bare = _bare(statement).strip().rstrip(";").strip()
    first = re.match(r"\W*(\w+)", bare)
    if first is None or first.group(1).lower() not in _ALLOWED or ";" in bare or _ROUND_THE_GATE.search(bare):
        raise GateRefused("this statement would change who is reading")


def _bare(statement: str) -> str:
    """The statement without comments and with empty literals; quoted names stay, for they may be functions."""
    kept, depth = [], 0
    for token in _TOKENS.findall(statement):
        if token == "/*":
            depth += 1
        elif token == "*/" and depth:
            depth -= 1
        elif depth or token.startswith("--"):
            continue
        elif token.startswith("$") and token.endswith("$") and len(token) > 1:
            raise GateRefused("dollar quotes hide what a statement does")
        else:
            kept.append("''" if token[0] == "'" and len(token) > 1 else token)
    if depth:
        raise GateRefused("a comment without its end")
    return "".join(kept)


def grant(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Make the roles and give each exactly its columns; run by the owner after migrations, safe to run again."""
    gated = gated_columns(metadata)
    quote = connection.dialect.identifier_preparer.quote
    roles = [APP_ROLE, *(reader_role(purpose) for purpose in Purpose)]
    for role in roles:
        connection.exec_driver_sql(_MAKE_ROLE.format(role=role))
    schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    everyone = ", ".join(roles)
    connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA {quote(schema)} FROM {everyone}")
    connection.exec_driver_sql(f"REVOKE CREATE ON SCHEMA {quote(schema)} FROM PUBLIC")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {everyone}")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {quote(schema)} TO {APP_ROLE}")
    known = sa.inspect(connection).get_table_names()
    for name in known:
        table = metadata.tables.get(name)
        columns = gated.get(name, {})
        connection.exec_driver_sql(f"GRANT INSERT, UPDATE, DELETE ON {quote(name)} TO {APP_ROLE}")
        if not columns or table is None:
            connection.exec_driver_sql(f"GRANT SELECT ON {quote(name)} TO {everyone}")
            continue
        free = [c.name for c in table.columns if c.name not in columns]
        connection.exec_driver_sql(f"GRANT SELECT ({', '.join(map(quote, free))}) ON {quote(name)} TO {everyone}")
        for purpose in sorted(frozenset().union(*columns.values())):
            own = ", ".join(quote(column) for column, purposes in columns.items() if purpose in purposes)
            connection.exec_driver_sql(f"GRANT SELECT ({own}) ON {quote(name)} TO {reader_role(purpose)}")


_MAKE_ROLE = """
DO $$ BEGIN
  CREATE ROLE {role} NOLOGIN NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  EXECUTE format('GRANT {role} TO %%I', current_user);
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN RAISE; END IF;
END $$;
"""
