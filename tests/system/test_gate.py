"""The gate: no statement reads a gated column outside its purpose, however it is dressed (P-058, P-079).

The canary is written by the owner of the database; every attempt below must fail or come back without it.
"""

import sqlite3
import subprocess
import sys
from contextlib import suppress

import pytest
import sqlalchemy as sa
from flask import Flask

from intrakraft import gate
from intrakraft.db import Database
from intrakraft.domain.base import Model
from intrakraft.domain.labels import Purpose, gated_columns

pytestmark = [pytest.mark.promise("P-058")]

CANARY = b"canary-7f3a"

EVERYWHERE = {
    "star": "SELECT * FROM contact",
    "column": "SELECT email FROM contact",
    "alias": "SELECT c.email AS harmless FROM contact AS c",
    "quoted": 'SELECT "email" FROM "contact"',
    "capitals": "SELECT EMAIL FROM CONTACT",
    "where": "SELECT subject_id FROM contact WHERE email IS NOT NULL",
    "where equals": "SELECT 1 FROM contact WHERE email = x'63'" ,
    "order": "SELECT subject_id FROM contact ORDER BY email",
    "group": "SELECT count(*) FROM contact GROUP BY email",
    "having": "SELECT subject_id FROM contact GROUP BY subject_id HAVING max(email) IS NOT NULL",
    "aggregate": "SELECT max(email) FROM contact",
    "cte": "WITH c AS (SELECT email FROM contact) SELECT * FROM c",
    "recursive cte": "WITH RECURSIVE c(x) AS (SELECT email FROM contact UNION ALL SELECT x FROM c WHERE 1=0) SELECT x FROM c",
    "subquery": "SELECT (SELECT email FROM contact LIMIT 1)",
    "from subquery": "SELECT x FROM (SELECT email AS x FROM contact) AS t",
    "exists": "SELECT EXISTS (SELECT 1 FROM contact WHERE email > x'00')",
    "join": "SELECT a.id, c.email FROM account a JOIN contact c ON c.subject_id = a.id",
    "join on value": "SELECT a.id FROM account a JOIN contact c ON c.email = c.name",
    "natural join": "SELECT * FROM contact NATURAL JOIN contact AS d",
    "using": "SELECT * FROM contact a JOIN contact b USING (email)",
    "union": "SELECT NULL UNION SELECT email FROM contact",
    "except": "SELECT email FROM contact EXCEPT SELECT NULL",
    "case": "SELECT CASE WHEN email IS NULL THEN 0 ELSE 1 END FROM contact",
    "length": "SELECT length(email) FROM contact",
    "cast": "SELECT CAST(email AS TEXT) FROM contact",
    "window": "SELECT first_value(email) OVER () FROM contact",
    "comment": "SELECT/**/email/**/FROM/**/contact",
    "insert select": "INSERT INTO account_note SELECT email FROM contact",
    "update from": "UPDATE account SET place_of_business = (SELECT email FROM contact LIMIT 1)",
    "update own": "UPDATE contact SET name = email",
    "update where": "UPDATE contact SET name = name WHERE email IS NOT NULL",
    "delete where": "DELETE FROM contact WHERE email IS NOT NULL",
    "returning": "UPDATE contact SET updated_at = updated_at RETURNING email",
    "delete returning": "DELETE FROM contact RETURNING email",
    "secret": "SELECT password_hash FROM credential",
    "create view": "CREATE VIEW harmless AS SELECT email FROM contact",
    "create temp view": "CREATE TEMP VIEW harmless AS SELECT email FROM contact",
    "create table": "CREATE TABLE harmless AS SELECT email FROM contact",
    "create trigger": "CREATE TRIGGER t AFTER UPDATE ON account BEGIN SELECT 1; END",
    "index": "CREATE INDEX harmless ON contact (email)",
}  # fmt: skip
SQLITE = {
    "rowid": "SELECT rowid, email FROM contact",
    "not indexed": "SELECT email FROM contact NOT INDEXED",
    "attach": "ATTACH DATABASE ':memory:' AS other",
    "vacuum into": "VACUUM INTO '/tmp/intrakraft-canary.sqlite'",
    "pragma": "PRAGMA writable_schema=ON",
    "pragma off": "PRAGMA trusted_schema=ON",
    "pages": "SELECT data FROM sqlite_dbpage",
    "dbstat": "SELECT * FROM dbstat",
    "statistics": "SELECT * FROM sqlite_stat1",
    "pragma function": "SELECT * FROM pragma_table_info('contact')",
    "extension": "SELECT load_extension('x')",
    "schema": "UPDATE sqlite_master SET sql = ''",
    "json": "SELECT json_group_array(email) FROM contact",
    "hex": "SELECT hex(group_concat(email)) FROM contact",
    "main": "SELECT main.contact.email FROM main.contact",
    "json each": "SELECT value FROM contact, json_each('[1]') WHERE contact.email NOTNULL",
}
POSTGRES = {
    "whole row": "SELECT contact FROM contact",
    "row text": "SELECT contact::text FROM contact",
    "to_json": "SELECT to_json(contact) FROM contact",
    "to_jsonb": "SELECT to_jsonb(c.*) FROM contact c",
    "row_to_json": "SELECT row_to_json(c) FROM contact c",
    "xml": "SELECT query_to_xml('SELECT email FROM contact', true, true, '')",
    "table": "TABLE contact",
    "reset": "RESET ROLE",
    "set none": "SET ROLE NONE",
    "set local": "SET LOCAL ROLE NONE",
    "set commented": "SET/* */ROLE/* */NONE",
    "set reader": "SET LOCAL ROLE intrakraft_for_eoi",
    "session": "SET SESSION AUTHORIZATION DEFAULT",
    "set_config": "SELECT set_config('role', 'none', true)",
    "set_config quoted": "SELECT \"set_config\"('role', 'none', true)",
    "unicode": "SELECT U&\"set\\005fconfig\"('role', 'none', true)",
    "do": "DO $$ BEGIN EXECUTE 'SET ROLE NONE'; END $$",
    "do string": "DO 'BEGIN SET ROLE NONE; END'",
    "copy": "COPY contact TO STDOUT",
    "commit": "COMMIT",
    "rollback": "ROLLBACK",
    "quoted role": 'SET "role" TO none',
    "local quoted role": "SET LOCAL \"role\" = 'postgres'",
    "nested comment": "SET /* /* */ x */ ROLE none",
    "comment in a literal": "SELECT '--'; RESET ROLE",
    "comment between literals": "SELECT '/*'; RESET ROLE; SELECT '*/'",
    "two statements": "SELECT 1; RESET ROLE; SELECT email FROM contact",
    "discard": "DISCARD ALL",
    "pg_stats": "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'contact'",
    "pg_statistic": "SELECT stavalues1 FROM pg_statistic",
    "file": "SELECT pg_read_file('postgresql.conf')",
    "lateral": "SELECT x.email FROM account a, LATERAL (SELECT email FROM contact) x",
    "for update": "SELECT email FROM contact FOR UPDATE",
    "merge": "MERGE INTO account a USING contact c ON a.id = c.subject_id WHEN MATCHED THEN UPDATE SET city = c.email::text",
    "security definer": "CREATE FUNCTION f() RETURNS text SECURITY DEFINER LANGUAGE sql AS 'SELECT email::text FROM contact'",
    "grant": "GRANT intrakraft_for_eoi TO intrakraft_app",
}  # fmt: skip


@pytest.fixture
def canary(database: Database, asha: object) -> Database:
    """Asha's contact, with the canary in place of every gated value."""
    engine = database.owner()
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE contact SET email = :c, name = :c, street = :c, phone = :c"), {"c": CANARY})
        if not database.sqlite:
            connection.exec_driver_sql("ANALYZE contact")
    engine.dispose()
    return database


def leaked(database: Database, statement: str) -> bool:
    """Whether the canary came out of the application's own session."""
    session = database.writing()
    try:
        result = session.execute(sa.text(statement.replace(":memory:", r"\:memory\:")))
        rows = repr(result.all()) if result.returns_rows else ""
        return CANARY.decode() in rows or CANARY.hex() in rows.lower()
    except (sa.exc.DBAPIError, gate.GateRefused, sa.exc.ArgumentError):
        return False
    finally:
        database.undo()


def refused(database: Database, statement: str) -> bool:
    """Whether the statement failed, which is what a read of a gated column must do."""
    session = database.writing()
    try:
        session.execute(sa.text(statement.replace(":memory:", r"\:memory\:"))).all()
    except (sa.exc.DBAPIError, gate.GateRefused):
        return True
    except sa.exc.ResourceClosedError:
        return False
    finally:
        database.undo()
    return False


def test_no_dressing_of_a_statement_reads_a_gated_column(canary: Database) -> None:
    assert [name for name, statement in EVERYWHERE.items() if leaked(canary, statement)] == []
    assert [name for name, statement in EVERYWHERE.items() if not refused(canary, statement)] == []


@pytest.mark.sqlite
def test_no_trick_of_sqlite_reads_a_gated_column(canary: Database) -> None:
    assert [name for name, statement in SQLITE.items() if leaked(canary, statement)] == []
    assert [name for name, statement in SQLITE.items() if not refused(canary, statement)] == []


@pytest.mark.postgres
def test_no_trick_of_postgresql_reads_a_gated_column(canary: Database) -> None:
    assert [name for name, statement in POSTGRES.items() if leaked(canary, statement)] == []


@pytest.mark.postgres
def test_after_no_trick_is_a_gated_column_open(canary: Database) -> None:
    """Each trick first, and then the plain question in the same session."""
    opened = []
    for name, statement in POSTGRES.items():
        session = canary.writing()
        with suppress(sa.exc.DBAPIError, gate.GateRefused, sa.exc.ResourceClosedError):
            session.execute(sa.text(statement))
        with suppress(sa.exc.SQLAlchemyError, gate.GateRefused):
            if CANARY in map(bytes, session.scalars(sa.text("SELECT email FROM contact"))):
                opened.append(name)
        canary.undo()
    assert opened == []


@pytest.mark.postgres
def test_no_statement_leaves_the_transaction(canary: Database) -> None:
    engine = canary.session.get_bind()
    assert isinstance(engine, sa.Engine)
    with (
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(gate.GateRefused),
    ):
        connection.execute(sa.text("SELECT email FROM contact")).all()


def test_the_application_guards_every_gated_column_it_knows(app: Flask) -> None:
    """Not only those of the modules that happened to be imported before the gate was made."""
    code = (
        "from intrakraft.config import load; from intrakraft import create_app; from intrakraft.domain.base import Model;"
        "from intrakraft.domain.labels import gated_columns; from intrakraft.web.state import of;"
        f"app = create_app(load(instance={str(app.config['INTRAKRAFT'].instance)!r}));"
        "assert of(app).database._gated == gated_columns(Model.metadata)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_right_purpose_reads_and_the_wrong_one_does_not(canary: Database) -> None:
    gated = gated_columns(Model.metadata)["contact"]["email"]
    for purpose in Purpose:
        with canary.reading_for(purpose) as reader:
            if purpose in gated:
                assert reader.execute(sa.text("SELECT email FROM contact")).scalar_one() == CANARY
            else:
                with pytest.raises(sa.exc.DBAPIError):
                    reader.execute(sa.text("SELECT email FROM contact")).all()


def test_a_warm_statement_cache_does_not_carry_a_purpose_over(canary: Database) -> None:
    statement = sa.text("SELECT email FROM contact")
    for _ in range(5):
        with canary.reading_for(Purpose.EOI) as reader:
            assert reader.execute(statement).scalar_one() == CANARY
        with pytest.raises(sa.exc.DBAPIError):
            canary.session.execute(statement).all()
        canary.undo()
        with canary.reading_for(Purpose.MARKET) as reader, pytest.raises(sa.exc.DBAPIError):
            reader.execute(statement).all()


def test_a_reader_cannot_write(canary: Database) -> None:
    with canary.reading_for(Purpose.EOI) as reader, pytest.raises(sa.exc.DBAPIError):
        reader.execute(sa.text("DELETE FROM contact"))


@pytest.mark.sqlite
def test_the_connection_has_no_side_door(canary: Database) -> None:
    raw = canary.session.connection().connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    doors = {"blobopen": ("contact", "email", 1), "set_authorizer": (None,), "iterdump": ()}
    for door in (*doors, "backup", "serialize", "deserialize", "create_function", "enable_load_extension"):
        with pytest.raises(gate.GateRefused):
            getattr(raw, door)(*doors.get(door, ("x",)))


@pytest.mark.promise("P-079")
def test_a_purpose_outside_the_list_raises(canary: Database) -> None:
    with pytest.raises(ValueError), canary.reading_for("other"):  # type: ignore[arg-type]
        pass
