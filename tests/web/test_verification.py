"""Step-up: sensitive pages open with the password and a second step of the last ten minutes, and not otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from intrakraft.domain.base import now
from intrakraft.domain.notices import Kind
from tests.mails import code, told, wrong

SENSITIVE = ("/account/password", "/account/contact", "/account/email", "/account/security/code-app")


def ask(visitor, address="/account/password"):
    """Open a sensitive page and have the code mailed."""
    page = visitor.get(address)
    assert page.path.startswith("/verification")
    return page.form("/verification/codes").submit()


def show(page, database, person, *, both=False, **changes):
    values = {"password": person.password, "code": code(database, Kind.STEP_UP_CODE, to=person.id), **changes}
    return page.form("verification").submit(both=both, **values)


@pytest.mark.promise("P-120")
@pytest.mark.parametrize("address", SENSITIVE)
def test_sensitive_pages_ask_first(asha, visit, address):
    assert visit(asha).get(address).path == address
    assert visit(asha, verified=False).get(address).path.startswith("/verification?next=")


@pytest.mark.promise("P-120")
@pytest.mark.promise("P-122")
def test_signed_out_people_are_asked_to_sign_in(visit):
    assert visit().get("/verification").path.startswith("/sign-in?next=")


@pytest.mark.promise("P-120")
def test_password_and_code_open_the_page_that_was_wanted(database, asha, visit):
    page = ask(visit(asha, verified=False), "/account/password?x=1")
    assert "as••••@" in page.words("verification")
    page = show(page, database, asha, both=True)
    assert page.path == "/account/password?x=1"


@pytest.mark.promise("P-120")
def test_it_counts_for_ten_minutes(database, asha, visit):
    with time_machine.travel(now(), tick=False) as clock:
        visitor = visit(asha, verified=False)
        show(ask(visitor), database, asha)
        clock.shift(timedelta(minutes=9, seconds=59))
        assert visitor.get("/account/password").path == "/account/password"
        clock.shift(timedelta(seconds=1))
        assert visitor.get("/account/password").path.startswith("/verification")


@pytest.mark.promise("P-120")
def test_a_wrong_password_uses_no_code_up(database, asha, visit):
    page = ask(visit(asha, verified=False))
    page = show(page, database, asha, password="not mine", both=True)
    assert page.status == 422 and "This is not your password." in page.text
    assert show(page, database, asha).path == "/account/password"


@pytest.mark.promise("P-120")
def test_a_code_counts_five_tries_and_works_once(database, asha, visit):
    visitor = visit(asha, verified=False)
    page = ask(visitor)
    right = code(database, Kind.STEP_UP_CODE)
    for _ in range(5):
        page = show(page, database, asha, code=wrong(right))
    page = show(page, database, asha, code=right)
    assert page.status == 422 and visitor.get("/account/password").path.startswith("/verification")


@pytest.mark.promise("P-120")
def test_a_used_code_does_not_open_a_second_browser(database, asha, visit):
    first, second = visit(asha, verified=False), visit(asha, verified=False)
    page, other = ask(first), ask(second)
    right = code(database, Kind.STEP_UP_CODE)
    show(page, database, asha, code=right)
    assert show(other, database, asha, code=right).status in (409, 422)
    assert second.get("/account/password").path.startswith("/verification")


def test_the_code_of_another_person_opens_nothing(database, asha, charu, visit):
    ask(visit(charu, verified=False))
    page = ask(visit(asha, verified=False))
    assert show(page, database, asha, code=code(database, Kind.STEP_UP_CODE, to=charu.id)).status == 422


@pytest.mark.promise("P-126")
def test_nobody_is_led_to_another_site(database, asha, visit):
    page = visit(asha, verified=False).get("/verification?next=//evil.example")
    page = page.form("/verification/codes").submit(both=False)
    assert show(page, database, asha).path == "/"


def test_a_second_press_mails_no_second_code(database, asha, visit):
    page = ask(visit(asha, verified=False))
    page.form("/verification/codes").submit()
    assert len(told(database, Kind.STEP_UP_CODE)) == 1


@pytest.mark.promise("P-126")
def test_guessing_ones_password_is_throttled(database, asha, visit):
    page = ask(visit(asha, verified=False))
    pages = [show(page, database, asha, password=f"guess {n}") for n in range(6)]
    assert [one.status for one in pages] == [422] * 5 + [429]
