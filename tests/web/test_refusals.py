"""Refusals: every one is a page of ours with words and a way on, and under htmx only words in the live region."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from intrakraft.domain.base import now
from intrakraft.domain.errors import Invalid, NotAllowed, NotFound, NotVerified, Refusal, TooMany
from intrakraft.web import refusals
from intrakraft.web.forms import OPEN_FOR
from tests.makers import Person
from tests.people import Visit
from tests.visitor import FETCH

REFUSALS = (
    NotVerified("Sign in."),
    NotAllowed("Not you."),
    NotFound("Not here."),
    Refusal("Wait %(minutes)s minutes.", minutes=3),
    Invalid({"pin": ("No PIN %(pin)s.", {"pin": "<12>"})}),
    TooMany("Slowly.", retry_after=77),
)


@pytest.fixture
def raising(app: Flask) -> Callable[[Exception], str]:
    """Gives the address of a view that raises this."""
    errors = []

    def view() -> str:
        raise errors[-1]

    def raising(error: Exception) -> str:
        errors.append(error)
        return "/raises"

    app.add_url_rule("/raises", "raises", view)
    return raising


def test_each_refusal_is_a_page_with_its_words_and_a_way_on(raising, visit: Visit) -> None:
    words = ("Sign in.", "Not you.", "Not here.", "Wait 3 minutes.", "No PIN <12>.", "Slowly.")
    for error, said in zip(REFUSALS, words, strict=True):
        page = visit().get(raising(error))
        assert page.status == error.status and said in page.words("main")
        assert page.tree.xpath("//main//a[contains(@class, 'go')]"), f"{error} leads nowhere"
    assert page.response.headers["Retry-After"] == "77"


def test_under_htmx_the_live_region_says_it_and_the_page_stays(raising, visit: Visit) -> None:
    for error in REFUSALS:
        answer = visit().live(raising(error), "interest")
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (error.status, "#refusal")
        assert "<html" not in answer.text and answer.headers["HX-Reswap"] == "innerHTML"
        assert "HX-Request" in answer.headers["Vary"]


def test_what_is_not_there_or_not_ours_is_said_in_words(visit: Visit, client) -> None:
    visitor = visit()
    for path in ("/nothing", "/listings/x", "/%00", "/%ff%fe", "/../etc/passwd", "/listings/1/" + "x" * 3000):
        page = visitor.get(path)
        assert page.status == 404 and page.tree.xpath("//main//h1"), path
    assert visitor.review(client.put("/listings", headers=FETCH)).status in (400, 405)
    assert visitor.review(client.get("/sign-out")).status == 405


@pytest.mark.settings(request_bytes=2000)
def test_a_body_too_big_is_refused_in_words(visit: Visit, asha: Person) -> None:
    visitor = visit(asha)
    token = visitor.get("/account").form("choices").values()["csrf_token"]
    page = visitor.post("/support/child-reports", {"csrf_token": token, "grounds": "x" * 5000})
    assert page.status == 413 and "too big" in page.words("main")


def test_a_fault_of_ours_is_said_plainly_and_its_words_stay_inside(
    app: Flask, raising, visit: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    path = raising(ZeroDivisionError("asha@mail.example.in typed this"))
    app.testing = False
    answer = visit().client.get(path)
    assert answer.status_code == 500 and "The fault is ours" in answer.text
    assert "asha@mail" not in answer.text and "Traceback" not in answer.text
    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged and "asha@mail" not in logged


def test_when_even_the_page_of_failure_fails_there_are_words(
    app: Flask, raising, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = raising(ZeroDivisionError())
    app.testing = False
    monkeypatch.setattr(refusals, "answer", lambda *args: 1 / 0)
    answer = visit().client.get(path)
    assert answer.status_code == 500 and "Our side broke" in answer.text and "ख़राबी" in answer.text


# -- the guard --


@pytest.mark.promise("P-126")
def test_a_form_from_another_site_does_nothing(visit: Visit, asha: Person, dupatta: int) -> None:
    for visitor in (visit(), visit(asha)):
        token = visitor.get("/support/child-reports/new").form("report").values()["csrf_token"]
        sent = {"csrf_token": token, "username": "asha", "grounds": "x"}
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ):
            answer = visitor.client.post("/support/child-reports", data=sent, headers=headers)
            assert answer.status_code == 403, headers
    assert visit(asha).get("/account").status == 200


@pytest.mark.promise("P-126")
@pytest.mark.settings(throttle=False)
def test_a_token_that_is_missing_foreign_or_old_asks_for_one_more_press_and_loses_nothing(
    app: Flask, visit: Visit, asha: Person, bina: Person
) -> None:
    stranger, member = visit(), visit(asha)
    old = stranger.get("/support/child-reports/new").form("report").values()["csrf_token"]
    foreign = visit(bina).get("/support/child-reports/new").form("report").values()["csrf_token"]
    typed = {"username": "nobody", "grounds": "<b>Because</b>", "password": "hidden"}
    for visitor, token in ((stranger, ""), (stranger, old[:-1]), (member, old[:-1]), (member, foreign)):
        page = visitor.post("/support/child-reports", {**typed, "csrf_token": token})
        assert page.status == 400
        kept = page.form("child-reports").values()
        assert kept["grounds"] == "<b>Because</b>" and "password" not in kept
        assert page.form("child-reports").submit().path.endswith("/received")
    with time_machine.travel(now().timestamp() + OPEN_FOR + 2):
        page = stranger.post("/support/child-reports", {**typed, "csrf_token": old})
        assert page.status == 400 and page.form("child-reports").submit().path.endswith("/received")


@pytest.mark.promise("P-126")
@pytest.mark.settings(throttle=False)
def test_a_page_of_before_a_sign_in_or_of_one_that_ended_goes_on_where_the_browser_vouches_for_it(
    visit: Visit, asha: Person, bina: Person
) -> None:
    stranger, member = visit(), visit(asha)
    before = stranger.get("/support/child-reports/new").form("report").values()["csrf_token"]
    ended = visit(bina).get("/support/child-reports/new").form("report").values()["csrf_token"]
    for visitor, token in ((stranger, ended), (member, before)):
        sent = {"csrf_token": token, "username": "nobody", "grounds": "Because"}
        assert visitor.client.post("/support/child-reports", data=sent, headers=FETCH).status_code == 303
        assert visitor.client.post("/support/child-reports", data=sent).status_code == 400


@pytest.mark.promise("P-052")
def test_public_forms_work_without_any_cookie(app: Flask, visit: Visit) -> None:
    page = visit().get("/support/child-reports/new")
    client = app.test_client(use_cookies=False)
    sent = {**page.form("report").values(), "username": "nobody", "grounds": "Because"}
    answer = client.post("/support/child-reports", data=sent, headers=FETCH)
    assert answer.status_code == 303 and answer.location.endswith("/received")
    assert "Set-Cookie" not in answer.headers
