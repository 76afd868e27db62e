"""What everyone may count on: their language, few bytes, a message that outlives its sign-in, and browsing without cookies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from intrakraft.domain.accounts import SignIn
from intrakraft.domain.base import now
from tests.browser import by_hand
from tests.browser.by_hand import Town, main, press
from tests.browsers import every_screen
from tests.makers import Person, make_listing
from tools import browser as chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@every_screen
@pytest.mark.criterion("T1")
@pytest.mark.promise("P-042")
def test_language_and_colours_are_chosen_without_script_and_stay(browser_page: Page) -> None:
    page = browser_page
    page.goto("/listings")
    page.click("header button[lang=hi]")
    page.wait_for_selector("html[lang=hi]")
    assert page.url.endswith("/listings")
    page.goto("/sign-in")
    assert page.get_attribute("html", "lang") == "hi" and re.search("[\u0900-\u097f]", page.inner_text("h1"))
    page.click("footer button[name=theme][value=d]")
    page.wait_for_selector("html[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 19, 15)"
    assert [cookie["name"] for cookie in page.context.cookies()] == ["choices"]
    page.click("header button[lang=en]")
    page.wait_for_selector("html[lang=en-IN]")


@every_screen
@pytest.mark.criterion("T3")
def test_data_saver_fetches_no_picture_and_no_script_and_says_what_the_page_weighs(
    browser_page: Page, town: Town
) -> None:
    page, asha = browser_page, town.person("asha")
    url = listed_with_photo(page, town, asha)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.resource_type))
    page.goto(url)
    assert "image" in fetched and page.locator(".shots img").count()
    page.click("footer button[name=saver]")
    page.wait_for_selector("html.saver")
    fetched.clear()
    page.reload()
    assert set(fetched) <= {"document", "stylesheet"}
    assert page.locator("main img").count() == 0
    assert re.search(r"Show photo 1, \d+\sKB", main(page).inner_text())
    assert re.search(r"This page was \d+(\.\d)?\sKB", page.inner_text("footer"))


@every_screen
@pytest.mark.criterion("T1")
def test_a_message_outlives_the_sign_in_it_was_typed_under(browser_page: Page, town: Town) -> None:
    page, asha, bina = browser_page, town.person("asha"), town.person("bina")
    url = f"/listings/{make_listing(town.database, asha)}"
    town.lay_cookie(page, bina)
    page.goto(url)
    page.fill("#message", "Is the border madder?")
    end_sign_ins(town, bina)
    page.click("#interest .btn.go")
    page.wait_for_url(re.compile("/sign-in"))
    town.lay_cookie(page, bina)
    page.goto(page.get_attribute("input[name=next]", "value") or "")
    assert page.input_value("#message") == "Is the border madder?"


@every_screen
@pytest.mark.criterion("T1")
def test_a_form_outlives_the_sign_in_it_was_typed_under(browser_page: Page, town: Town) -> None:
    page, asha = browser_page, town.person("asha")
    town.lay_cookie(page, asha)
    page.goto("/listings/new/edit")
    page.fill("#title", "Cane lamp, 40 cm")
    page.select_option("#category", "glazed-pottery")
    page.fill("#price", "640")
    end_sign_ins(town, asha)
    page.click("main .btn.go")
    expect(page.locator("h1")).to_have_text("Your sign-in has ended")
    town.lay_cookie(page, asha)
    page.click("text=I am signed in, send it now")
    page.wait_for_url(re.compile(r"/listings/\d+$"))
    assert "Cane lamp, 40 cm" in main(page).inner_text()


@pytest.fixture
def no_cookies(browser: Browser, town: Town, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser that its owner told to keep no cookies."""
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings))
    context = browser.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=chromium.find(),
        args=chromium.flags(),
        base_url=town.server.url,
        viewport={"width": 360, "height": 640},
        java_script_enabled=request.param,
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("no_cookies", [True, False], indirect=True, ids=["script", "plain"])
@pytest.mark.promise("P-050", "P-052")
def test_without_cookies_all_but_signing_in_works_and_that_says_why(no_cookies: Page, town: Town) -> None:
    page, asha = no_cookies, town.person("asha")
    title = f"Indigo quilt of {asha.username}"
    make_listing(town.database, asha, title=title)
    page.goto("/")
    page.fill("#find", title)
    press(page, "form[role=search] button")
    press(page, ".goods a")
    assert title in main(page).inner_text()
    for link in ("Privacy policy", "Terms of use", "Help and contact"):
        press(page, f"footer >> text={link}")
        assert page.locator("h1").count() == 1
    page.goto("/sign-in")
    assert "needs one cookie, named session" in main(page).inner_text()
    page.fill("#name", asha.username)
    page.fill("#password", asha.password)
    page.click("#credentials .btn.go")
    page.wait_for_url(re.compile("/second-step"))
    assert page.inner_text("h1") == "Your browser keeps no cookies"
    assert page.context.cookies() == []


def listed_with_photo(page: Page, town: Town, person: Person) -> str:
    """Goods with a photograph, put up by this page's own form; gives their address, signed out."""
    town.lay_cookie(page, person)
    page.goto(f"/listings/{make_listing(town.database, person)}/edit")
    page.set_input_files("#add-photos", by_hand.photographs(1))
    if not by_hand.has_script(page):
        press(page, "text=Add these photos")
    page.wait_for_selector(".snaps li")
    page.click("main aside .btn.go")
    page.wait_for_url(re.compile(r"/listings/\d+$"))
    page.context.clear_cookies()
    return page.url


def end_sign_ins(town: Town, person: Person) -> None:
    """As twelve idle hours would."""
    with town.database.apart() as session:
        session.execute(sa.update(SignIn).where(SignIn.account_id == person.id).values(ended_at=now()))
