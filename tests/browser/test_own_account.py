"""What keeps an account its owner's, done by hand: code app, paper codes, passkey, passwords, devices.

Each second step is set up on one page and then used to come in again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser import by_hand
from tests.browser.by_hand import Town, main, press
from tests.browsers import every_screen

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

NEW_PASSWORD = "seven brass kettles singing"


@every_screen
@pytest.mark.criterion("A3")
@pytest.mark.promise("P-128", "P-042")
def test_a_code_app_is_set_up_and_opens_the_door_and_so_does_a_paper_code(browser_page: Page, town: Town) -> None:
    page, asha = browser_page, town.person("asha")
    town.lay_cookie(page, asha)
    page.goto("/account/security")
    page.click("main a[href$='/code-app']")
    page.click("text=Set up a code app")
    app = pyotp.TOTP(page.inner_text(".slip .mono").replace(" ", ""))
    assert page.locator("svg.qr path").count() == 1
    page.fill("#code", wrong(app.now()))
    page.click(".slip form .btn.go")
    page.wait_for_selector("#code-error")
    page.fill("#code", app.now())
    page.click(".slip form .btn.go")
    page.wait_for_selector("ol.fill li")
    paper = page.locator("ol.fill li").all_inner_texts()
    assert len(set(paper)) == 10
    page.click("text=I have put them away")
    expect(page.locator("main")).to_contain_text("10 left")
    by_hand.sign_out(page)
    assert by_hand.kept_by_the_browser(page) == [0, 0, [], []]
    by_hand.give_password(page, asha)
    page.fill("#code", app.at(time.time() + 30))
    page.click("#second form:has(#code) .btn.go")
    page.wait_for_url(re.compile("/$"))
    by_hand.sign_out(page)
    by_hand.give_password(page, asha)
    page.click("text=Use a paper code")
    page.fill("#code", paper[3])
    page.click("#second form:has(#code) .btn.go")
    page.wait_for_url(re.compile("/$"))
    page.goto("/account/security")
    assert "9 left" in main(page).inner_text()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.promise("P-128")
def test_a_passkey_is_made_and_opens_the_door(open_page: Callable[..., Page], width: int, town: Town) -> None:
    page, asha = open_page(width=width), town.person("asha")
    finger = page.context.new_cdp_session(page)
    finger.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    finger.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    town.lay_cookie(page, asha)
    page.goto("/account/security/passkeys")
    page.click("text=Make a passkey on this device")
    page.wait_for_selector("#passkeys .rows li")
    by_hand.sign_out(page)
    by_hand.give_password(page, asha)
    page.click("text=Use the passkey")
    page.wait_for_url(re.compile("/$"))
    assert page.request.get("/account").url.endswith("/account")


@every_screen
@pytest.mark.promise("P-129")
def test_a_password_is_changed_and_every_other_device_is_signed_out(
    browser_page: Page, another: Callable[..., Page], town: Town
) -> None:
    page, asha, elsewhere = browser_page, town.person("asha"), another()
    town.lay_cookie(page, asha)
    town.lay_cookie(elsewhere, asha)
    page.goto("/account/security")
    page.click("text=Change password")
    page.fill("#password", "not my password at all")
    page.fill("#new_password", NEW_PASSWORD)
    page.click("main .btn.go")
    page.wait_for_selector("#password-error")
    page.fill("#password", asha.password)
    page.fill("#new_password", NEW_PASSWORD)
    page.click("main .btn.go")
    page.wait_for_url(re.compile("/account/password/changed"))
    assert "password" in town.letter(asha.email)
    elsewhere.goto("/account")
    assert "/sign-in" in elsewhere.url


@every_screen
@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_a_forgotten_password_takes_a_link_and_apart_from_it_a_code(browser_page: Page, town: Town) -> None:
    page, asha = browser_page, town.person("asha")
    page.goto("/sign-in")
    page.click("text=Forgot password")
    page.fill("#name", asha.email)
    page.click("main .btn.go")
    page.wait_for_url(re.compile("/password-reset/sent"))
    link = re.search(r"http\S+/password-reset/link/\S+", town.letter(asha.email, holds="password-reset/link"))
    assert link
    page.goto(link[0])
    page.fill("#new_password", NEW_PASSWORD)
    page.fill("#code", wrong(town.code(asha.email)))
    page.click("#choose form:has(#code) .btn.go")
    page.wait_for_selector("#code-error")
    page.fill("#new_password", NEW_PASSWORD)
    page.fill("#code", town.code(asha.email))
    page.click("#choose form:has(#code) .btn.go")
    page.wait_for_url(re.compile("/sign-in"))
    since = time.time()
    by_hand.give_password(page, asha, NEW_PASSWORD)
    page.fill("#code", town.code(asha.email, since))
    page.click("#second form:has(#code) .btn.go")
    page.wait_for_url(re.compile("/$"))


@every_screen
@pytest.mark.criterion("A6")
@pytest.mark.promise("P-031")
def test_a_device_is_signed_out_from_another(browser_page: Page, another: Callable[..., Page], town: Town) -> None:
    page, asha = browser_page, town.person("asha")
    others = [another() for _ in range(2)]
    for one in (page, *others):
        town.lay_cookie(one, asha)
    page.goto("/account/security")
    assert page.locator("#devices li").count() == 3
    press(page, "#devices li form button")
    expect(page.locator("#devices li")).to_have_count(2)
    press(page, "text=Sign out everywhere else")
    expect(page.locator("#devices li")).to_have_count(1)
    for one in others:
        one.goto("/account")
        assert "/sign-in" in one.url


def wrong(right: str) -> str:
    """Six digits that are not these."""
    return f"{(int(right) + 500_000) % 1_000_000:06}"
