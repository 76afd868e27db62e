"""Installations for tests: one is set up for each process of the run, and every test gets a fresh copy of it.

The copy holds its own database, keys and folders, so no test sees what another one did.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from intrakraft import create_app
from intrakraft.config import Settings, load
from intrakraft.db import Database
from intrakraft.domain.keys import KeyRing
from intrakraft.web.state import of
from tests.cleaning import CleanDatabase, CleanFolder
from tests.servers import POSTGRES_URL

SETTING_UP = 7_301  # an advisory lock: roles belong to the whole server, so two processes set up one after the other


@dataclass
class Template:
    """An installation after `flask setup`, with nobody in it; `database` is its name on PostgreSQL, else empty."""

    folder: Path
    postgres: str = ""
    database: str = ""
    copies: dict[Path, tuple[CleanFolder, CleanDatabase | None]] = field(default_factory=dict)

    def copy_to(self, folder: Path, database: str = "") -> str:
        """Make `folder` (and on PostgreSQL `database`) as new. Returns the URL of its database."""
        if folder not in self.copies:
            rows = CleanDatabase(self.postgres, self.database, database) if self.postgres else None
            self.copies[folder] = CleanFolder(self.folder, folder), rows
        files, rows = self.copies[folder]
        files.clean()
        if rows is None:
            return f"sqlite:///{folder / 'intrakraft.sqlite'}"
        rows.clean()
        return url_of(self.postgres, database)


def url_of(server: str, database: str) -> str:
    """The URL of one database of a server."""
    return sa.make_url(server).set(drivername="postgresql+psycopg", database=database).render_as_string(False)


def set_up(settings: Settings) -> None:
    """Run `flask setup` there."""
    app = create_app(settings)
    done = app.test_cli_runner().invoke(args=["setup"])
    of(app).database.dispose()
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Template:
    """What every test's installation is copied from."""
    folder = tmp_path_factory.mktemp("template")
    if pytestconfig.getoption("db") == "sqlite":
        set_up(load(instance=folder))
        return Template(folder)
    server, name = os.environ[POSTGRES_URL], f"template_{process_name()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (SETTING_UP,))
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        set_up(load(instance=folder, database_url=url_of(server, name)))
    return Template(folder, server, name)


def process_name() -> str:
    """This process of the run: gw0, gw1 or main."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the installation of the test at hand stands; the path stays, what is in it does not."""
    return tmp_path_factory.mktemp("installation") / "instance"


@pytest.fixture
def settings(template: Template, shared_folder: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of a fresh installation; `@pytest.mark.settings(throttle=False)` changes some."""
    url = template.copy_to(shared_folder, f"test_{process_name()}")
    changes: dict[str, Any] = {}
    for mark in request.node.iter_markers("settings"):
        changes = {**mark.kwargs, **changes}
    return load(instance=shared_folder, **{"database_url": url, **changes})


@pytest.fixture
def database(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The database of this test: the application's own where the test has an application."""
    if "app" in request.fixturenames:
        yield of(request.getfixturevalue("app")).database
        return
    database = Database(settings.database_url, KeyRing.from_settings(settings))
    yield database
    database.close()
    database.dispose()
