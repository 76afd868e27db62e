"""What a page costs on a thin line: counted where it arrives, in a browser that has seen nothing, and in one that has.

Only what goes over the wire counts; a picture is counted apart, because data saver fetches none (T2, T3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.by_hand import Town
from tests.makers import make_listing

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FIRST, AGAIN = 30_000, 6_000
PAGE, STYLE, SCRIPT, PICTURE = "Document", "Stylesheet", "Script", "Image"


class Wire:
    """Counts the bytes that arrive, by kind of resource."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.kinds: dict[str, str] = {}
        self.bytes: dict[str, int] = {}
        self.requests = 0
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.responseReceived", lambda e: self.kinds.update({e["requestId"]: e["type"]}))
        network.on("Network.loadingFinished", self._arrived)

    def _arrived(self, event: dict[str, object]) -> None:
        kind = self.kinds.get(str(event["requestId"]), "Other")
        spent = int(str(event["encodedDataLength"]))
        self.bytes[kind] = self.bytes.get(kind, 0) + spent
        self.requests += spent > 0 and kind != PICTURE

    def of(self, path: str) -> dict[str, int]:
        """What it costs to open this page now."""
        self.bytes, self.requests = {}, 0
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")
        return dict(self.bytes)


@pytest.mark.criterion("T2")
@pytest.mark.parametrize("width", [360, 1280])
def test_a_first_view_is_30_kb_in_five_requests_and_a_repeated_one_6_in_one(
    open_page: Callable[..., Page], width: int, town: Town
) -> None:
    asha = town.person("asha")
    listings = [make_listing(town.database, asha, title=f"Indigo dupatta, no. {n}") for n in range(26)]
    first, again = {}, {}
    for path in ("/", "/listings?q=indigo", f"/listings/{listings[0]}", "/sign-in", "/registration/new", "/policy"):
        wire = Wire(open_page(width=width))
        spent = wire.of(path)
        first[path] = sum(spent.get(kind, 0) for kind in (PAGE, STYLE, SCRIPT))
        assert wire.requests <= 5, f"{path} asks {wire.requests} times"
        spent = wire.of(path)
        again[path] = sum(spent.get(kind, 0) for kind in (PAGE, STYLE, SCRIPT))
        assert wire.requests == 1, f"{path} asks {wire.requests} times once it is known"
        assert set(spent) <= {PAGE, STYLE, SCRIPT, PICTURE, "Other"}, "no font, no frame, no stream"
    assert max(first.values()) <= FIRST, first
    assert max(again[path] for path in again if path != "/policy") <= AGAIN, again


@pytest.mark.criterion("T3")
def test_data_saver_costs_a_third_of_a_first_view_at_most(open_page: Callable[..., Page], town: Town) -> None:
    make_listing(town.database, town.person("asha"))
    wire = Wire(open_page(extra_http_headers={"Save-Data": "on"}))
    spent = wire.of("/")
    assert set(spent) <= {PAGE, STYLE, "Other"} and sum(spent.values()) <= 15_000, spent


@pytest.mark.criterion("T2")
def test_a_part_costs_less_than_its_page(open_page: Callable[..., Page], town: Town) -> None:
    asha, bina = town.person("asha"), town.person("bina")
    page = open_page()
    town.lay_cookie(page, bina)
    wire = Wire(page)
    whole = wire.of(f"/listings/{make_listing(town.database, asha)}")[PAGE]
    wire.bytes = {}
    page.click("#interest .btn.go")
    page.wait_for_selector("#interest .kv")
    page.wait_for_load_state("networkidle")
    assert 0 < sum(wire.bytes.values()) < whole / 2, (wire.bytes, whole)
