"""Sign-in and devices: each sign-in is seen and ended, and second steps are set up without script, behind a fresh one."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from flask import Flask

from intrakraft.db import Database
from intrakraft.domain.accounts import second_factors
from intrakraft.domain.base import now
from intrakraft.domain.notices import Kind
from tests.authenticator import Authenticator
from tests.mails import told
from tests.makers import Person
from tests.people import Visit
from tests.visitor import FETCH, Page, Visitor

ORIGIN = "http://localhost"


def turn_on(visitor: Visitor) -> tuple[str, Page]:
    """Set a code app up; its secret, and the page with the paper codes."""
    page = visitor.get("/account/security/code-app").form("/account/security/code-app").submit()
    secret = page.part("code_app").xpath(".//*[@class='mono']")[0].text_content().replace(" ", "")
    return secret, page.form("code-app/confirmation").submit(both=False, code=pyotp.TOTP(secret).at(now()))


def token_of(page: Page) -> str:
    """The guard that forms of this page carry."""
    return page.form("choices").values()["csrf_token"]


# -- devices --


@pytest.mark.criterion("A6")
@pytest.mark.promise("P-031", "P-044")
def test_each_device_is_listed_and_ended_one_by_one(visit: Visit, asha: Person, charu: Person) -> None:
    here, phone, shop = visit(asha), visit(asha), visit(asha)
    page = here.get("/account/security")
    assert page.words("devices").count("Chrome, Android 14") == 3 and "This device" in page.words("devices")
    forms = page.part("devices").xpath(".//form[contains(@action, '/sign-ins/') and not(contains(@action, 'ins/end'))]")
    assert len(forms) == 2
    ended = page.form(forms[0].get("action")).submit()
    assert ended.words("devices").count("Chrome, Android 14") == 2
    assert [visitor.get("/account").path.partition("?")[0] for visitor in (here, phone, shop)].count("/sign-in") == 1
    stranger = visit(charu)
    stolen = stranger.post(forms[1].get("action"), {"csrf_token": token_of(stranger.get("/account"))})
    assert stolen.status == 404 and len(here.get("/account/security").part("devices").xpath(".//li")) == 2


@pytest.mark.criterion("A6")
def test_all_others_are_ended_by_one_press_and_this_one_stays(visit: Visit, asha: Person) -> None:
    here, phone, shop = visit(asha), visit(asha), visit(asha)
    page = here.get("/account/security").form("/sign-ins/end").submit()
    assert len(page.part("devices").xpath(".//li")) == 1
    assert here.get("/account").path == "/account"
    for visitor in (phone, shop):
        assert visitor.get("/account").path.startswith("/sign-in")


def test_what_happened_lately_stands_there_in_words(visit: Visit, asha: Person) -> None:
    words = visit(asha).get("/account/security").words("main")
    assert "Account opened" in words and "registered" not in words


# -- code app --


@pytest.mark.criterion("A3", "T1")
@pytest.mark.promise("P-128")
def test_a_code_app_is_set_up_without_script_and_its_secret_is_shown_until_it_works(
    visit: Visit, asha: Person, database: Database
) -> None:
    visitor = visit(asha)
    page = visitor.get("/account/security/code-app").form("/account/security/code-app").submit()
    secret = page.part("code_app").xpath(".//*[@class='mono']")[0].text_content().replace(" ", "")
    assert page.part("code_app").xpath(".//svg[@role='img']//path") and f"secret={secret}" in page.text
    page = page.form("code-app/confirmation").submit(code="12")
    assert page.status == 422 and "not the code" in page.words("code_app") and secret[:4] in page.words("code_app")
    page = page.form("code-app/confirmation").submit(both=False, code=pyotp.TOTP(secret).at(now()))
    codes = [item.text for item in page.tree.xpath("//main//ol/li")]
    assert len(codes) == 10 and all(re.fullmatch(r"\w{5} \w{5}", code) for code in codes)
    again = visitor.get("/account/security/code-app")
    assert secret not in again.text and secret[:4] not in again.words("code_app") and codes[0] not in again.text
    assert [notice["what"] for notice in told(database, Kind.SECOND_STEP_CHANGED, to=asha.id)] == ["code app turned on"]
    assert "On" in visitor.get("/account/security").words("main")


def test_new_paper_codes_take_the_place_of_the_old(visit: Visit, asha: Person, database: Database) -> None:
    visitor = visit(asha)
    _, page = turn_on(visitor)
    old = page.tree.xpath("//main//ol/li")[0].text
    page = visitor.get("/account/security/code-app").form("/paper-codes").submit()
    new = page.tree.xpath("//main//ol/li")[0].text
    with database.apart() as session:
        assert not second_factors.check_recovery_code(session, asha.id, old)
        assert second_factors.check_recovery_code(session, asha.id, new)


def test_the_app_is_taken_away_after_a_question(visit: Visit, asha: Person, database: Database) -> None:
    visitor = visit(asha)
    turn_on(visitor)
    asked = visitor.get("/account/security/code-app").link("Remove the code app")
    page = asked.form("confirm").submit()
    assert page.path == "/account/security" and "Off" in page.words("main")
    assert [notice["what"] for notice in told(database, Kind.SECOND_STEP_CHANGED)][-1] == "code app removed"


def test_a_second_app_is_refused_while_one_is_on(visit: Visit, asha: Person) -> None:
    visitor = visit(asha)
    _, page = turn_on(visitor)
    assert visitor.post("/account/security/code-app", {"csrf_token": token_of(page)}).status == 409


# -- passkeys --


@pytest.mark.promise("P-128")
def test_a_passkey_is_made_listed_and_forgotten(visit: Visit, asha: Person, charu: Person, database: Database) -> None:
    visitor, device = visit(asha), Authenticator(ORIGIN)
    page = visitor.get("/account/security/passkeys")
    guard = {"X-CSRFToken": token_of(page), **FETCH}
    options = visitor.client.post("/account/security/passkeys/options", headers=guard)
    assert options.mimetype == "application/json" and "no-store" in options.headers["Cache-Control"]
    made = visitor.post(
        "/account/security/passkeys", {"csrf_token": token_of(page), "answer": device.create(options.text)}
    )
    assert made.status == 200 and "Made" in made.words("passkeys")
    replayed = visitor.post(
        "/account/security/passkeys", {"csrf_token": token_of(page), "answer": device.create(options.text)}
    )
    assert replayed.status == 422
    stranger = visit(charu)
    removal = {"csrf_token": token_of(stranger.get("/account"))}
    assert stranger.post("/account/security/passkeys/1/removal", removal).status == 404
    assert "No passkey yet" in made.form("/removal").submit().words("passkeys")
    whats = [notice["what"] for notice in told(database, Kind.SECOND_STEP_CHANGED, to=asha.id)]
    assert whats == ["passkey added", "passkey removed"]


# -- step-up --


@pytest.mark.promise("P-120")
def test_every_sensitive_page_asks_for_a_second_step_of_the_last_ten_minutes(
    app: Flask, visit: Visit, asha: Person
) -> None:
    sensitive = re.compile(r"/account/(contact|email|password|security/(code-app|paper-codes|passkeys))\b")
    rules = [rule for rule in app.url_map.iter_rules() if sensitive.match(rule.rule)]
    assert len(rules) >= 14
    visitor = visit(asha, verified=False)
    token = token_of(visitor.get("/account"))
    for rule in rules:
        path = rule.rule.replace("<id:passkey_id>", "1")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = visitor.client.open(path, method=method, data={"csrf_token": token}, headers=FETCH)
            asked = urlsplit(answer.location or "")
            assert (answer.status_code, asked.path) == (303, "/verification"), (method, path)
            assert parse_qs(asked.query)["next"][0].startswith("/"), path
            answer = visit().client.open(path, method=method, headers=FETCH)
            assert answer.status_code in (303, 400) and "/sign-in" in (answer.location or "/sign-in"), path
    live = visitor.live("/account/contact", "contact")
    assert live.status_code == 204 and live.headers["HX-Redirect"].startswith("/verification?next=")
