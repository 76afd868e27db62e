"""Migrations, run from here by Alembic without a configuration file, as the owner of the database.

Schema from migrations and schema from models are held equal by a check; after each run the gate's grants are renewed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from intrakraft import domain, gate
from intrakraft.db import Database
from intrakraft.domain.base import Model

HERE = Path(__file__).parent


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision` and renew the gate; on SQLite the file is put into WAL mode first."""
    domain.load()
    engine = database.owner()
    if database.sqlite:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)
        if not database.sqlite:
            gate.grant(connection, Model.metadata)
    engine.dispose()


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to `revision`."""
    engine = database.owner()
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)
    engine.dispose()


def revise(database: Database, message: str) -> None:
    """Write a new migration from the difference between schema and models."""
    domain.load()
    engine = database.owner()
    with engine.connect() as connection:
        command.revision(_config(connection), message=message, autogenerate=True)
    engine.dispose()


def differences(database: Database) -> list[Any]:
    """What the models say and the schema does not, or the other way round; empty is right."""
    domain.load()
    engine = database.owner()
    with engine.connect() as connection:
        options = {"include_object": is_ours, "compare_type": True, "compare_server_default": False}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata)
    engine.dispose()
    return list(found)


def is_ours(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Leave out the full-text index, whose tables belong to the engine and not to the models."""
    return not (name or "").startswith("listing_search")
