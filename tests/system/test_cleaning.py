"""Every test starts from the same installation, whatever the one before it did to files, rows, counters or the schema."""

import psycopg
import pytest

from tests.cleaning import CleanDatabase, CleanFolder
from tests.installations import Template, process_name


def test_a_folder_is_put_back_and_what_was_not_touched_stays(tmp_path):
    original, copy = tmp_path / "original", tmp_path / "copy"
    (original / "keys").mkdir(parents=True)
    for name in ("same", "changed", "lost", "keys/inside"):
        (original / name).write_text(name)
    folder = CleanFolder(original, copy)
    folder.clean()
    untouched = (copy / "same").stat().st_ino
    (copy / "changed").write_text("other")
    (copy / "lost").unlink()
    (copy / "added").mkdir()
    (copy / "keys/added").write_text("x")
    folder.clean()
    found = {str(path.relative_to(copy)): path.read_text() for path in copy.rglob("*") if path.is_file()}
    assert found == {name: name for name in ("same", "changed", "lost", "keys/inside")}
    assert (copy / "same").stat().st_ino == untouched and not (copy / "added").exists()


@pytest.fixture
def database(template: Template):
    database = CleanDatabase(template.postgres, template.database, f"cleaned_{process_name()}")
    database.clean()
    yield database
    database.close()
    with psycopg.connect(template.postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {database.name} WITH (FORCE)")


def everything(database: CleanDatabase) -> dict:
    """Rows, counters and columns, through a connection of its own."""
    with psycopg.connect(database.server, dbname=database.name) as connection:
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        rows = {name: sorted(map(str, connection.execute(f'SELECT * FROM "{name}"'))) for name in tables}
        counters = sorted(connection.execute("SELECT sequencename, last_value FROM pg_sequences").fetchall())
        columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        return {"rows": rows, "counters": counters, "columns": sorted(connection.execute(columns).fetchall())}


CHANGES = {
    "rows": "INSERT INTO policy_version SELECT * FROM kept; DELETE FROM policy_version",
    "counter": "SELECT setval(pg_get_serial_sequence('account', 'id'), 500)",
    "column": "ALTER TABLE account ADD COLUMN extra text",
    "table": "DROP TABLE recovery_code CASCADE",
}


@pytest.mark.postgres
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_database_is_put_back(database, change):
    before = everything(database)
    with psycopg.connect(database.server, dbname=database.name) as connection:
        connection.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM policy_version LIMIT 0")
        for statement in change.split("; "):
            connection.execute(statement)
    assert everything(database) != before
    database.clean()
    assert everything(database) == before


@pytest.mark.postgres
def test_a_forgotten_transaction_does_not_stop_the_next_test(database):
    with psycopg.connect(database.server, dbname=database.name) as forgotten:
        forgotten.execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
        database.clean()
        with pytest.raises(psycopg.OperationalError):
            forgotten.execute("SELECT 1")
