"""What journeys start from: the running server with its people, goods and mailboxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from intrakraft.db import Database
from intrakraft.domain.keys import KeyRing
from tests.browser.by_hand import Town
from tests.browsers import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="session")
def town(server: RunningServer) -> Iterator[Town]:
    """The server of this process; people and goods are made by each test and stay."""
    database = Database(server.settings.database_url, KeyRing.from_settings(server.settings))
    yield Town(server, database)
    database.close()
    database.dispose()


@pytest.fixture
def another(open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Callable[..., Page]:
    """Opens somebody else's browser on the same kind of screen."""
    screen = request.node.callspec.params.get("browser_page", {})
    return lambda **more: open_page(**screen, **more)
