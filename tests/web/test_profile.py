"""The account pages: what was registered and who sees it, corrected behind a fresh second step, shown field by field."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from intrakraft.db import Database
from intrakraft.domain import accounts
from intrakraft.domain.accounts import contacts
from intrakraft.domain.accounts.profile import CIRCLES, FIELDS
from intrakraft.domain.base import now
from intrakraft.domain.labels import Purpose
from intrakraft.domain.notices import Kind
from tests.mails import code, wrong
from tests.makers import Person, make_listing
from tests.people import Visit
from tests.visitor import Visitor
from tests.web.test_interests import count, sent


def choose(visitor: Visitor, both: bool = False, **circles: str) -> None:
    """Open fields of one's profile."""
    assert visitor.get("/account/profile").form("profile").submit(both=both, **circles).status == 200


# -- my account --


@pytest.mark.promise("P-105", "P-122")
def test_the_account_page_shows_what_was_registered_to_its_owner(visit: Visit, asha: Person) -> None:
    words = visit(asha).get("/account").words("main")
    for value in (asha.name, asha.email, asha.phone, asha.street, "Asha Prints"):
        assert value in words


@pytest.mark.promise("P-104")
def test_the_choice_of_circles_is_kept_plain_and_by_htmx(visit: Visit, asha: Person) -> None:
    visitor = visit(asha)
    choose(visitor, both=True, name="members", city="me")
    kept = visitor.get("/account/profile").form("profile").values()
    assert (kept["name"], kept["city"], kept["email"]) == ("members", "me", "me")


@pytest.mark.promise("P-097", "P-104")
def test_a_circle_that_is_too_wide_is_refused_beside_its_field(visit: Visit, asha: Person) -> None:
    visitor = visit(asha)
    form = visitor.get("/account/profile").form("profile")
    page = visitor.post("/account/profile", {**form.values(), "phone": "public", "city": "me"})
    assert page.status == 422 and "cannot be shown to them" in page.words("profile")
    assert visitor.get("/account/profile").form("profile").values()["city"] == "public"


# -- as others see it --


@pytest.mark.promise("P-104", "P-105")
def test_each_field_reaches_its_circle_and_nobody_further_out(
    visit: Visit, asha: Person, bina: Person, charu: Person, dupatta: int
) -> None:
    values = {
        "place_of_business": "Asha Prints",
        "city": "Jaipur",
        "state": "Rajasthan",
        "name": asha.name,
        "email": asha.email,
        "phone": asha.phone,
        "address": asha.street,
    }
    viewers = [visit(), visit(charu), sent(visit(bina), dupatta), visit(asha)]
    for circle in CIRCLES:
        opened = {name: circle if circle in field.circles else "me" for name, field in FIELDS.items()}
        choose(viewers[3], **opened)
        seen = [viewer.get("/people/asha").words("main") for viewer in viewers]
        for name, value in values.items():
            who = [value in words for words in seen]
            first = CIRCLES.index(opened[name])
            assert who == [False] * first + [True] * (4 - first), (name, circle)


@pytest.mark.promise("P-104")
def test_a_new_profile_shows_business_and_city_to_a_stranger_and_no_contact(visit: Visit, asha: Person) -> None:
    page = visit().get("/people/asha")
    assert "Asha Prints" in page.words("main") and "Jaipur" in page.words("main")
    assert not any(secret in page.text for secret in asha.secrets) and "Rajasthan" not in page.words("main")


@pytest.mark.promise("P-096", "P-099")
def test_a_contact_seen_on_a_profile_is_a_look_and_goes_only_to_whom_it_was_given(
    visit: Visit, asha: Person, bina: Person, dupatta: int, database: Database
) -> None:
    buyer = sent(visit(bina), dupatta)
    choose(visit(asha), phone="counterparties")
    choose(buyer, phone="counterparties")
    assert bina.phone not in visit(asha).get("/people/bina").text
    with time_machine.travel(now() + timedelta(minutes=5)):
        assert asha.phone in buyer.get("/people/asha").text
    assert "Looked once more" in visit(asha).get("/privacy/who-saw").words("lines")


@pytest.mark.promise("P-117")
def test_nobody_is_not_told_from_somebody_frozen(visit: Visit, asha: Person, database: Database) -> None:
    with database.apart() as session:
        accounts.freeze(session, asha.account(session), reason="A child")
    frozen, nobody = visit().get("/people/asha"), visit().get("/people/nobody")
    assert (frozen.status, nobody.status) == (404, 404) and frozen.words("main") == nobody.words("main")
    assert visit(asha).get("/people/asha").status == 200


# -- corrections --


@pytest.mark.criterion("U3")
def test_a_correction_counts_at_once_and_search_finds_the_new_name(visit: Visit, asha: Person, dupatta: int) -> None:
    visitor = visit(asha)
    typed = {"place_of_business": "Quilt House", "street": "2 New Lane", "phone": ""}
    page = visitor.get("/account/contact").form("contact").submit(**typed)
    assert page.path == "/account" and "2 New Lane" in page.words("main") and asha.street not in page.text
    assert "Not given" in page.words("main")
    assert "indigo" in visit().get("/listings?q=quilt").words("main")
    assert "indigo" not in visit().get("/listings?q=asha").words("main")


def test_what_is_wrong_is_said_at_once_and_what_was_typed_stays(visit: Visit, asha: Person) -> None:
    typed = {"name": "", "pin": "12", "phone": "12", "street": "2 New Lane"}
    page = visit(asha).get("/account/contact").form("contact").submit(**typed)
    assert page.status == 422
    assert page.form("contact").values()["street"] == "2 New Lane"
    for field in ("name", "pin", "phone"):
        assert page.part(f"{field}-error").text_content().strip(), field
    assert asha.street in visit(asha).get("/account").words("main")


@pytest.mark.promise("P-120")
def test_the_new_address_is_in_force_once_its_code_is_typed(visit: Visit, asha: Person, database: Database) -> None:
    visitor = visit(asha)
    page = visitor.get("/account/email").form("new_email").submit(email="new@example.in")
    assert "new@example.in" in page.words("new_email")
    right = code(database, Kind.EMAIL_CHANGE_CODE, to=asha.id)
    page = page.form("/account/email/confirmation").submit(code=wrong(right))
    assert page.status == 422 and asha.email in visitor.get("/account").text
    page = page.form("/account/email/confirmation").submit(both=False, code=right)
    assert page.path == "/account" and "new@example.in" in page.words("main") and asha.email not in page.text


def test_an_address_that_is_none_is_refused(visit: Visit, asha: Person, database: Database) -> None:
    for typed in ("", "nobody", "x" * 300 + "@example.in"):
        page = visit(asha).get("/account/email").form("new_email").submit(email=typed)
        assert page.status == 422, typed
    assert count(database, accounts.Challenge) == 1, "only the code of the registration"


def test_somebody_elses_address_never_becomes_mine(
    visit: Visit, asha: Person, bina: Person, database: Database
) -> None:
    visitor = visit(asha)
    page = visitor.get("/account/email").form("new_email").submit(both=False, email=bina.email.upper())
    right = code(database, Kind.EMAIL_CHANGE_CODE, to=asha.id)
    page = page.form("/account/email/confirmation").submit(both=False, code=right)
    assert page.status == 409 and asha.email in visitor.get("/account").text
    found = contacts.contact_of(database.session, bina.id, Purpose.ACCOUNT)
    assert found is not None and found.email == bina.email


@pytest.mark.promise("P-122")
def test_signed_out_people_see_no_account_page(visit: Visit) -> None:
    for path in ("/account", "/account/profile", "/account/contact", "/account/email"):
        answer = visit().client.get(path)
        assert answer.status_code == 303 and answer.location.startswith("/sign-in?next="), path


def test_charu_reads_only_her_own_account(visit: Visit, charu: Person, asha: Person) -> None:
    make_listing(visit().database, asha)
    for path in ("/account", "/account/contact", "/account/profile", "/account/email", "/account/security"):
        page = visit(charu).get(path)
        assert page.status == 200 and not any(secret in page.text for secret in asha.secrets)
