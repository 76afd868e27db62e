"""What most tests start from: a session for rules, an application and a client for pages.

A test of a rule asks for `session` and never makes an application; a test of a page asks for `client` or a visitor.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import jinja2
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from intrakraft import create_app
from intrakraft.config import Settings
from intrakraft.db import Database
from intrakraft.web.state import of


@pytest.fixture
def session(database: Database) -> Session:
    """A session in its write transaction, with the key ring and `reading_for` in its info; `keep` commits it."""
    return database.writing()


@pytest.fixture
def keep(database: Database) -> Callable[[], Session]:
    """Commits what the test has written and begins to write anew; readers of gated columns see only what is kept."""

    def commit_and_go_on() -> Session:
        database.settle()
        return database.writing()

    return commit_and_go_on


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL that the application sends, as it goes on; clear the list to begin to count."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    sa.event.listen(database._engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(database._engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> jinja2.BytecodeCache:
    """Templates are compiled once a run, though every test has an application of its own."""
    return jinja2.FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: Settings, compiled_templates: jinja2.BytecodeCache) -> Iterator[Flask]:
    """The application on a fresh installation."""
    app = create_app(settings)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    yield app
    of(app).database.close()
    of(app).database.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without script that keeps its cookies, at the address the settings name."""
    return app.test_client()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data(root: Path) -> Path:
    """Real and hostile input: where INTRAKRAFT_SHARED_DATA says, in `shared/data` beside the project, or in tests/data."""
    named = os.environ.get("INTRAKRAFT_SHARED_DATA")
    if named:
        assert Path(named).is_dir(), f"INTRAKRAFT_SHARED_DATA names {named}, which is not a folder"
        return Path(named)
    beside = root.parent / "shared" / "data"
    return beside if beside.is_dir() else root / "tests" / "data"
