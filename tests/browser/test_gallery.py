"""The components in a real browser: nothing for axe to find, parts swapped in place, and everything whole without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsers import every_screen

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def fill(page: Page, pieces: str) -> None:
    page.fill("#pieces", pieces)
    page.fill("#pin", "302029")
    page.check("#kind-0")
    page.check("#agreed")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_the_gallery(open_page: Callable[..., Page], width: int, theme: str) -> None:
    page = open_page(width=width, color_scheme=theme)
    page.goto("/gallery")
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_no_page_moves_sideways(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(width=width)
    page.goto("/gallery")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@every_screen
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(browser_page: Page) -> None:
    browser_page.goto("/gallery")
    browser_page.fill("#trial #message", "Ten pieces before the 14th")
    browser_page.click("#trial button[type=submit]")
    browser_page.wait_for_selector("#trial .wrong #pieces")
    assert browser_page.input_value("#trial #message") == "Ten pieces before the 14th"
    assert browser_page.locator("#trial [role=alert] a[href='#pin']").count() == 1


@every_screen
def test_a_form_that_is_taken_answers_in_its_place(browser_page: Page) -> None:
    browser_page.goto("/gallery")
    fill(browser_page, "12")
    browser_page.click("#trial button[type=submit]")
    browser_page.wait_for_selector("#trial [role=status]")
    assert "12 pieces" in browser_page.inner_text("#trial")


def test_the_summary_of_faults_takes_the_focus(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/gallery")
    page.click("#trial button[type=submit]")
    expect(page.locator("#trial [data-focus]")).to_be_focused()


def test_a_refusal_is_said_in_sight_and_the_form_stays_as_it_was(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/gallery")
    fill(page, "13")
    page.click("#trial button[type=submit]")
    page.wait_for_selector("#refusal .note")
    assert page.locator("#refusal .note").bounding_box()["y"] == 0  # type: ignore[index]
    assert page.input_value("#pieces") == "13"
    expect(page.locator("#trial button[type=submit]")).to_be_focused()


def test_when_no_answer_comes_the_page_says_so_and_keeps_what_was_typed(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/gallery")
    page.route("**/gallery/trials", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    fill(page, "12")
    page.click("#trial button[type=submit]")
    page.wait_for_selector("#refusal .note")
    assert "No answer came" in page.inner_text("#refusal")
    assert page.input_value("#pieces") == "12"


def test_a_question_stands_in_front_of_the_page_and_goes_away(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/gallery")
    page.click("a[data-dialog]")
    page.click("dialog [data-dialog-close]")
    assert page.locator("dialog").count() == 0
    assert page.url.endswith("/gallery")


@pytest.mark.promise("P-042")
def test_the_browser_keeps_nothing_of_a_visit(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/gallery")
    fill(page, "12")
    page.click("#trial button[type=submit]")
    page.wait_for_selector("#trial [role=status]")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.context.cookies() == []
