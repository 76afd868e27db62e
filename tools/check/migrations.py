"""The schema that migrations make is the schema of the models, and going all the way down leaves nothing behind.

It is tried on a fresh SQLite file; the suite tries PostgreSQL, and every migration with rows in it.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from intrakraft import create_app, migrations
from intrakraft.config import load
from intrakraft.web.state import of


def problems(folder: Path) -> Iterator[str]:
    """A sentence for each table or column that differs, or that stays after the last step down."""
    database = of(create_app(load(instance=folder))).database
    migrations.upgrade(database)
    for difference in migrations.differences(database):
        yield f"models and migrations differ: {difference}"
    migrations.downgrade(database, "base")
    engine = database.owner()
    for name in set(sa.inspect(engine).get_table_names()) - {"alembic_version"}:
        yield f"the table {name} stays when every migration is taken back"
    engine.dispose()
    database.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = list(problems(Path(folder)))
    print("\n".join(found))
    sys.exit(bool(found))
