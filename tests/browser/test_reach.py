"""Within everybody's reach: nothing for axe to find, targets for thumbs, no sideways scroll, large text, keys alone.

Every page of the journeys is looked at, narrow and wide, light and dark (T5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from intrakraft.domain import interests
from intrakraft.domain.listings import Listing
from intrakraft.domain.privacy.disclosures import Quota
from tests.browser import by_hand
from tests.browser.by_hand import Town
from tests.makers import Person, make_listing

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPEN = ("/", "/listings", "/listings?q=nothing+of+the+kind", "/sign-in", "/password-reset", "/policy")
MORE_OPEN = ("/policy/archive", "/support", "/support/child-reports/new", "/no/such/page")
OWN = ("/welcome", "/my/listings", "/interests", "/interests/sent", "/privacy/who-saw", "/notices", "/account")
MORE_OWN = ("/account/profile", "/account/contact", "/account/email", "/account/security", "/account/password")
SECOND = ("/account/security/passkeys", "/account/security/code-app", "/account/state", "/verification")

SMALL_TARGETS = """() => {
  const inSentence = (one) => one.matches("a, button.plain") && getComputedStyle(one).display.startsWith("inline")
    && one.parentElement.innerText.trim().length > one.innerText.trim().length + 2;
  const area = (one) => (one.closest("label") || (one.matches(".cover") ? one.closest("li") : one)).getBoundingClientRect();
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  return [...document.querySelectorAll(wanted)]
    .filter((one) => one.getClientRects().length && !one.matches(".skip, .vh, :disabled") && !inSentence(one))
    .map((one) => [one, area(one)])
    .filter(([, box]) => box.width && (box.height < 43.5 || box.width < 43.5))
    .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${Math.round(box.width)} x ${Math.round(box.height)}`);
}"""
TOO_WIDE = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  const scrolls = (one) => one !== document.body && (getComputedStyle(one).overflowX !== "visible"
    || getComputedStyle(one).position === "fixed" || scrolls(one.parentElement));
  return [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > most + 1 && !scrolls(one))
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
}"""


def complaints(page: Page, where: str) -> list[tuple[Any, ...]]:
    """Everything that keeps somebody from using the page that is open."""
    narrow = (page.viewport_size or {})["width"] < 640
    found: list[tuple[Any, ...]] = [(where, *one) for one in axe(page, {"runOnly": RULES})]
    page.emulate_media(color_scheme="dark")
    found += [(where, "dark", *one) for one in axe(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})]
    page.emulate_media(color_scheme="light")
    if narrow:
        found += [(where, "small", one) for one in page.evaluate(SMALL_TARGETS)]
        page.set_viewport_size({"width": 320, "height": 640})
        found += [(where, "sideways at 320 px", one) for one in page.evaluate(TOO_WIDE)]
        page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += [(where, "sideways with large text", one) for one in page.evaluate(TOO_WIDE)]
    return found


def axe(page: Page, options: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What axe finds: the rule and the elements."""
    for rule in Axe().run(page, options=options).response["violations"]:
        yield rule["id"], [node["html"][:200] for node in rule["nodes"]]


def ask(town: Town, listing_id: int, by: Person) -> None:
    """Interest as the verb makes it."""
    with town.database.apart() as session:
        listing = session.get_one(Listing, listing_id)
        interests.express_interest(
            session, listing, by=by.account(session), message="Twelve?", shares_contact=True, quota=Quota(20, 20)
        )


@pytest.mark.criterion("T5")
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_for_everybody_are_within_reach(open_page: Callable[..., Page], width: int, town: Town) -> None:
    page, asha = open_page(width=width, reduced_motion="reduce"), town.person("asha")
    listing = f"/listings/{make_listing(town.database, asha)}"
    found = []
    for path in (*OPEN, *MORE_OPEN, listing, f"/people/{asha.username}"):
        page.goto(path)
        found += complaints(page, path)
    assert not found, "\n".join(map(str, found))


@pytest.mark.criterion("T5")
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_of_members_are_within_reach(open_page: Callable[..., Page], width: int, town: Town) -> None:
    page, asha, bina = open_page(width=width, reduced_motion="reduce"), town.person("asha"), town.person("bina")
    mine, theirs = make_listing(town.database, asha), make_listing(town.database, bina)
    ask(town, mine, bina)
    ask(town, theirs, asha)
    town.lay_cookie(page, asha)
    found = []
    asked = (f"/listings/{mine}", f"/listings/{theirs}", f"/listings/{theirs}/interests/withdrawal")
    own = (f"/listings/{mine}/edit", f"/listings/{mine}/closure", "/listings/new/edit")
    for path in (*OWN, *MORE_OWN, *SECOND, *asked, *own):
        page.goto(path)
        found += complaints(page, path)
    assert not found, "\n".join(map(str, found))


@pytest.mark.criterion("T5")
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_in_the_middle_of_something_are_within_reach(
    open_page: Callable[..., Page], width: int, town: Town
) -> None:
    page, asha = open_page(width=width, reduced_motion="reduce"), town.person("asha")
    page.goto("/registration/new")
    page.click("#registration .btn.go")
    page.wait_for_selector("#registration [role=alert]")
    found = complaints(page, "registration with faults")
    page.goto("/sign-in")
    by_hand.give_password(page, asha)
    found += complaints(page, "second step")
    town.lay_cookie(page, asha)
    page.goto("/listings/new/edit")
    page.set_input_files("#add-photos", by_hand.photographs(2))
    page.wait_for_selector(".snaps li:nth-child(2)")
    page.click("main aside .btn.go")
    page.wait_for_selector("main [role=alert]")
    found += complaints(page, "draft with faults")
    page.goto("/account/security/code-app")
    page.click("text=Set up a code app")
    page.wait_for_selector("svg.qr")
    found += complaints(page, "code app")
    assert not found, "\n".join(map(str, found))


@pytest.mark.criterion("T5", "C1")
def test_interest_is_sent_with_keys_alone(open_page: Callable[..., Page], town: Town) -> None:
    page, asha, bina = open_page(width=1280), town.person("asha"), town.person("bina")
    url = f"/listings/{make_listing(town.database, asha)}"
    town.lay_cookie(page, bina)
    page.goto(url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "message":
            break
    page.keyboard.type("By keys alone")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    expect(page.locator("#interest")).to_contain_text(asha.email)
    assert page.evaluate("document.activeElement.closest('#interest') != null")
