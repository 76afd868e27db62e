"""Whole journeys at 360 and 1280 px, with script and without: from registering to a contact shown, and what follows.

Every step is a page and a button a person has; nothing is reached that a link does not lead to.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from intrakraft.domain.privacy.disclosures import Disclosure
from tests.browser import by_hand
from tests.browser.by_hand import Town, faults, main, newcomer, press
from tests.browsers import every_screen
from tests.makers import make_listing

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@every_screen
@pytest.mark.criterion("T1")
@pytest.mark.criterion("A2")
@pytest.mark.promise("P-128")
def test_registering_says_what_is_wrong_keeps_the_rest_and_opens_with_the_mailed_code(
    browser_page: Page, town: Town
) -> None:
    page, who = browser_page, newcomer("farah")
    page.goto("/")
    page.click("nav a[href^='/sign-in']")
    page.click("main a[href^='/registration']")
    by_hand.fill_registration(page, who)
    page.fill("#pin", "24400")
    page.fill("#password", "password1234")
    page.click("#registration .btn.go")
    page.wait_for_selector("#registration [role=alert]")
    assert {"pin", "password", "adult", "policy", "terms"} <= faults(page).keys()
    assert page.input_value("#name") == who.name and page.input_value("#street") == who.street
    page.fill("#pin", who.pin)
    by_hand.fill_place(page)
    assert page.input_value("#district") == "Moradabad" and page.input_value("#state") == "Uttar Pradesh"
    page.fill("#password", who.password)
    for box in ("adult", "policy", "terms"):
        page.check(f"#{box}")
    since = time.time()
    page.click("#registration .btn.go")
    page.wait_for_url("**/registration/code*")
    assert page.request.get("/account").url.endswith("/sign-in?next=/account"), "nobody is signed in before the code"
    code = town.code(who.email, since)
    page.fill("#code", f"{(int(code) + 1) % 1_000_000:06}")
    page.click("main .btn.go")
    page.wait_for_selector("#code-error")
    page.fill("#code", code)
    page.click("main .btn.go")
    page.wait_for_url("**/welcome")
    assert who.username in main(page).inner_text()
    assert page.locator("main a[href*='code-app']").count() and page.locator("main a[href*='passkeys']").count()


@every_screen
@pytest.mark.criterion("T1")
def test_goods_go_up_through_a_draft_that_loses_nothing(browser_page: Page, town: Town) -> None:
    page, asha = browser_page, town.person()
    by_hand.sign_in(page, town, asha)
    page.goto("/my/listings")
    page.click("main .btn.go")
    page.fill("#title", "Blue pottery plate, 10 inch")
    page.select_option("#category", "glazed-pottery")
    page.fill("#description", "Thrown and painted in one yard.")
    page.fill("#price", "1,480")
    page.fill("#pin", "30202")
    page.set_input_files("#add-photos", by_hand.photographs())
    if not by_hand.has_script(page):
        press(page, "text=Add these photos")
    page.wait_for_selector(".snaps li:nth-child(2)")
    assert page.input_value("#title") == "Blue pottery plate, 10 inch"
    page.click("main .btn.go")
    page.wait_for_selector("main [role=alert]")
    assert "pin" in faults(page) and page.input_value("#price") == "1,480"
    assert page.locator(".snaps li").count() == 2
    page.fill("#pin", "302029")
    page.click("main .btn.go")
    page.wait_for_url(lambda url: url.rstrip("/").rpartition("/")[2].isdigit())
    assert page.locator(".shots img").count() == 2 and "₹1,480" in main(page).inner_text()


@every_screen
@pytest.mark.criterion("C1")
@pytest.mark.promise("P-096", "P-042")
def test_the_contact_appears_once_to_the_one_who_asked_and_the_lister_sees_it(
    browser_page: Page, another: Callable[..., Page], town: Town
) -> None:
    page, asha, bina = browser_page, town.person("asha"), town.person("bina", pin="682001")
    title = f"Bolster covers of {asha.username}"
    url = f"/listings/{make_listing(town.database, asha, title=title)}"
    make_listing(town.database, asha, title=f"सूती मसनद {asha.username}")
    find(page, f"मसनद {asha.username}")
    assert main(page).locator(".goods li").count() == 1
    find(page, title)
    press(page, ".goods a")
    assert page.url.endswith(url) and not [word for word in asha.secrets if word in page.content()]
    page.fill("#message", "Twelve pieces, all indigo?")
    page.click("#interest .btn.go")
    page.wait_for_url(re.compile("/sign-in"))
    assert page.context.cookies() == [] and by_hand.kept_by_the_browser(page) == [0, 0, [], []]
    by_hand.sign_in(page, town, bina)
    assert page.input_value("#message") == "Twelve pieces, all indigo?"
    page.dblclick("#interest .btn.go")
    expect(page.locator("#interest")).to_contain_text(asha.email)
    assert asha.phone in page.inner_text("#interest") and asha.name in page.inner_text("#interest")
    page.goto("/interests/sent")
    assert title in main(page).inner_text() and asha.email not in page.content()
    lister = another()
    town.lay_cookie(lister, asha)
    lister.goto("/notices")
    assert f"{bina.username} asked" in main(lister).inner_text()
    lister.goto("/interests")
    assert "Twelve pieces" in main(lister).inner_text() and bina.email not in lister.content()
    lister.goto("/privacy/who-saw")
    assert main(lister).get_by_role("heading", name=bina.username).count() == 1
    page.goto(url)
    press(page, "text=Take back this interest")
    press(page, "#confirm button")
    expect(page.locator("#interest")).not_to_contain_text(asha.email)
    lister.goto("/privacy/who-saw")
    assert "Closed" in main(lister).inner_text()


@every_screen
@pytest.mark.criterion("C1")
@pytest.mark.promise("P-097")
def test_misused_is_one_press_and_closes_the_door(browser_page: Page, another: Callable[..., Page], town: Town) -> None:
    asha, charu = town.person("asha"), town.person("charu")
    url = f"/listings/{make_listing(town.database, asha)}"
    town.lay_cookie(browser_page, charu)
    browser_page.goto(url)
    press(browser_page, "#interest .btn.go")
    expect(browser_page.locator("#interest")).to_contain_text(asha.email)
    lister = another()
    town.lay_cookie(lister, asha)
    lister.goto("/privacy/who-saw")
    press(lister, "text=Misused?")
    press(lister, "#confirm button")
    expect(lister.locator("main")).to_contain_text("Misused, you said so")
    browser_page.reload()
    assert asha.email not in browser_page.content()


def find(page: Page, words: str) -> None:
    """Search by the red bar."""
    page.goto("/")
    page.fill("#find", words)
    press(page, "form[role=search] button")


@every_screen
@pytest.mark.criterion("C1")
@pytest.mark.promise("P-042")
def test_two_tabs_do_nothing_twice_and_going_back_after_signing_out_shows_nothing(
    browser_page: Page, town: Town
) -> None:
    page, asha, bina = browser_page, town.person("asha"), town.person("bina")
    url = f"/listings/{make_listing(town.database, asha)}"
    town.lay_cookie(page, bina)
    tabs = (page, page.context.new_page())
    for tab in tabs:
        tab.goto(url)
    for tab in tabs:
        tab.click("#interest .btn.go")
        expect(tab.locator("#interest")).to_contain_text(asha.email)
    with town.database.apart() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Disclosure.recipient_id == bina.id)) == 1
    by_hand.sign_out(page)
    page.go_back()
    page.go_back()
    assert not [word for word in (*asha.secrets, bina.email) if word in page.content()]
