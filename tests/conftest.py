"""How the suite is run: on which database, with which servers, and which tests belong to which database.

Nothing is ever skipped: what does not belong to the database at hand is not chosen, and belongs to the other run.
"""

import os
from contextlib import ExitStack

import pytest

pytest.register_assert_rewrite("tests.people", "tests.makers", "tests.visitor")

pytest_plugins = ["tests.servers", "tests.installations", "tests.fixtures", "tests.browsers", "tests.people"]

OURS = {"INTRAKRAFT_CHROMIUM", "INTRAKRAFT_TEST_POSTGRES_URL", "INTRAKRAFT_SHARED_DATA"}
DATABASES = ("sqlite", "postgres")
ONCE = ("browser", "long")
SERVERS = pytest.StashKey[ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--db sqlite` or `--db postgres`."""
    parser.addoption("--db", choices=DATABASES, default="sqlite", help="the database to run on")


def pytest_configure(config: pytest.Config) -> None:
    """Forget this machine's own settings; start PostgreSQL once, for all processes of the run."""
    for name in [name for name in os.environ if name.startswith("INTRAKRAFT_") and name not in OURS]:
        del os.environ[name]
    config.stash[SERVERS] = ExitStack()
    worker = hasattr(config, "workerinput")
    if config.getoption("db") == "postgres" and not worker and not config.getoption("collectonly"):
        from tests.servers import POSTGRES_URL, postgres

        os.environ[POSTGRES_URL] = config.stash[SERVERS].enter_context(postgres())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    config.stash[SERVERS].close()


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database it is."""
    return f"database: {config.getoption('db')}"


def belongs(item: pytest.Item, database: str, named: bool) -> bool:
    """Whether a test runs on this database: marked ones on theirs, browser and long ones once, all others on both."""
    only = [where for where in DATABASES if item.get_closest_marker(where)]
    if only:
        return database in only
    return database == "sqlite" or named or not any(map(item.get_closest_marker, ONCE))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the other database's run what belongs there; `-m browser --db postgres` still asks for browsers."""
    database, named = config.getoption("db"), bool(config.getoption("-m"))
    chosen = [item for item in items if belongs(item, database, named)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
