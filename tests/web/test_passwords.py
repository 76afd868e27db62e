"""Passwords in front of the site: every change passes two steps, ends other sign-ins and is told to the owner."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
import time_machine

from intrakraft.domain.accounts import passwords, second_factors
from intrakraft.domain.base import now
from intrakraft.domain.notices import Kind
from tests.accounts import find
from tests.mails import code, told, wrong
from tests.makers import make_sign_in

NEW = "lantern harbour eleven spoons"


def fits(database, person, password) -> bool:
    with database.apart() as session:
        return passwords.verify_password(passwords.stored_hash(session, person.id), password)


def change(visitor, person, *, both=False, **typed):
    page = visitor.get("/account/password")
    return page.form("change").submit(both=both, **{"password": person.password, "new_password": NEW, **typed})


def ask_reset(visitor, name, *, both=False):
    return visitor.get("/password-reset").form("ask").submit(both=both, name=name)


def open_link(visitor, database, person):
    link = told(database, Kind.RESET_LINK, to=person.id)[-1]["link"]
    return visitor.get(link.replace("http://localhost:8000", ""))


def choose(page, database, person, *, both=False, **typed):
    values = {"new_password": NEW, **typed}
    if "code" not in values:
        values["code"] = code(database, Kind.RESET_CODE, to=person.id)
    return page.form("choose").submit(both=both, **values)


# -- changing it --


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_a_change_counts_here_and_signs_every_other_device_out(database, asha, visit):
    elsewhere, visitor = make_sign_in(database, asha), visit(asha)
    page = change(visitor, asha, both=True)
    assert page.path == "/account/password/changed" and fits(database, asha, NEW)
    assert find(database, elsewhere) is None and visitor.get("/account").status == 200
    assert len(told(database, Kind.PASSWORD_CHANGED, to=asha.id)) == 1


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_without_a_fresh_second_step_nothing_changes(database, asha, visit):
    fresh = visit(asha).get("/account/password").form("change").values(password=asha.password, new_password=NEW)
    visitor = visit(asha, verified=False)
    token = visitor.get("/account").form("choices").values()["csrf_token"]
    assert visitor.post("/account/password", fresh | {"csrf_token": token}).path.startswith("/verification")
    assert fits(database, asha, asha.password) and not told(database, Kind.PASSWORD_CHANGED)


@pytest.mark.promise("P-122")
def test_signed_out_people_change_nothing(visit):
    assert visit().get("/account/password").path.startswith("/sign-in")


@pytest.mark.criterion("A4")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"password": "not mine"}, "This is not your password."),
        ({"new_password": "short"}, "It has 5 letters, it needs 12 or more."),
        ({"new_password": "password12345"}, "Thieves try this one first."),
        ({"new_password": ""}, "Choose a password."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(database, asha, visit, typed, words):
    page = change(visit(asha), asha, both=True, **typed)
    assert page.status == 422 and words in page.words("change") and fits(database, asha, asha.password)
    assert {value for name, value in page.form("change").values().items() if "password" in name} == {""}


# -- choosing a new one by mail --


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
@pytest.mark.parametrize("by", ["username", "email"])
def test_a_reset_needs_the_link_and_the_code_of_another_mail(database, asha, visit, by):
    elsewhere, visitor = make_sign_in(database, asha), visit()
    page = ask_reset(visitor, getattr(asha, by), both=True)
    assert page.path == "/password-reset/sent"
    page = choose(open_link(visitor, database, asha), database, asha, both=True)
    assert page.path == "/sign-in?after=reset" and "Your new password counts" in page.text
    assert fits(database, asha, NEW) and find(database, elsewhere) is None
    assert len(told(database, Kind.PASSWORD_CHANGED, to=asha.id)) == 1 and not visitor.is_signed_in


@pytest.mark.criterion("A4")
def test_the_token_does_not_stay_in_the_address(database, asha, visit):
    visitor = visit()
    ask_reset(visitor, "asha")
    assert open_link(visitor, database, asha).path == "/password-reset/password"


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_the_link_alone_changes_nothing(database, asha, visit):
    visitor = visit()
    ask_reset(visitor, "asha")
    page, right = open_link(visitor, database, asha), code(database, Kind.RESET_CODE)
    for typed in ("", wrong(right)):
        page = choose(page, database, asha, code=typed)
        assert page.status == 422
    assert fits(database, asha, asha.password)


@pytest.mark.criterion("A4")
def test_a_link_works_once_and_for_half_an_hour(database, asha, visit):
    with time_machine.travel(now(), tick=False) as clock:
        visitor, late = visit(), visit()
        ask_reset(visitor, "asha")
        choose(open_link(visitor, database, asha), database, asha)
        assert open_link(visit(), database, asha).status == 409
        ask_reset(late, "asha")
        clock.shift(timedelta(minutes=31))
        assert "This link no longer works" in open_link(late, database, asha).text


@pytest.mark.criterion("A4")
@pytest.mark.parametrize("link", ["x", "abc.def.ghi", "a" * 300])
def test_a_link_that_is_not_ours_opens_nothing(visit, link):
    page = visit().get(f"/password-reset/link/{link}")
    assert page.status == 409 and "This link no longer works" in page.text


@pytest.mark.criterion("A4")
def test_a_weak_password_uses_no_code_up(database, asha, visit):
    visitor = visit()
    ask_reset(visitor, "asha")
    page = choose(open_link(visitor, database, asha), database, asha, new_password="password12345", both=True)
    assert page.status == 422 and "Thieves try this one first" in page.text
    assert choose(page, database, asha).path.startswith("/sign-in")


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_with_a_code_app_the_mailbox_alone_is_not_enough(database, asha, visit):
    with database.apart() as session:
        app = pyotp.TOTP(second_factors.begin_totp(session, asha.id))
    with database.apart() as session:
        second_factors.confirm_totp(session, asha.id, app.at(now() - timedelta(seconds=30)))
    visitor = visit()
    ask_reset(visitor, "asha")
    page = open_link(visitor, database, asha)
    assert told(database, Kind.RESET_CODE) == [] and "Code the app shows now" in page.text
    assert "Mail me a code" not in page.words("choose")
    by_mail = page.form("choose").values(code="123456", new_password=NEW) | {"way": "mail"}
    assert visitor.post("/password-reset/password", by_mail).status == 422
    assert choose(page, database, asha, code=app.at(now())).path.startswith("/sign-in")


@pytest.mark.promise("P-050")
def test_without_cookies_the_page_says_plainly_why(visit):
    page = visit().get("/password-reset/password")
    assert page.status == 400 and "Your browser keeps no cookies" in page.text


# -- no word about who is known --


@pytest.mark.criterion("A5")
@pytest.mark.promise("P-126")
def test_known_and_unknown_names_get_the_same_answer_and_the_same_errands(database, asha, visit, app, monkeypatch):
    from intrakraft.web.state import of

    errands: list[int] = []
    monkeypatch.setattr(of(app).jobs, "deliver", lambda *ids: errands.append(len(ids)))
    known, unknown = ask_reset(visit(), "asha"), ask_reset(visit(), "nobody@example.in")
    assert known.status == unknown.status == 200 and known.words("main") == unknown.words("main")
    assert errands == [2, 2]
    assert {one["to"] for one in told(database, Kind.RESET_LINK)} == {asha.id}


@pytest.mark.criterion("A5")
@pytest.mark.parametrize("name", ["asha", "nobody"])
def test_the_answer_to_a_reset_waits_for_its_time(asha, visit, monkeypatch, name):
    from intrakraft.web import steady

    waited: list[float] = []
    monkeypatch.setattr(steady.time, "sleep", waited.append)
    ask_reset(visit(), name)
    assert len(waited) == 1 and 0 < waited[0] < 0.2


@pytest.mark.criterion("A5")
@pytest.mark.parametrize("name", ["asha", "nobody"])
def test_resets_are_throttled_by_name(asha, visit, name):
    pages = [ask_reset(visit(), name) for _ in range(4)]
    assert [page.status for page in pages] == [200, 200, 200, 429]
    assert pages[-1].form("ask").values()["name"] == name
