"""Profiles: who sees which field is the person's choice, within what was registered; corrections count at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.db import Database
from intrakraft.domain import accounts
from intrakraft.domain.accounts import codes, contacts, corrections, profile, states
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.profile import CIRCLES, FIELDS, ProfileChoice, SeenBy
from intrakraft.domain.errors import Invalid, NotFound, Refusal
from intrakraft.domain.labels import Purpose
from intrakraft.domain.notices import Kind
from tests.mails import code, told
from tests.makers import Person

Keep = Callable[[], Session]


def seen_by(session: Session, person: Person) -> dict[str, set[str]]:
    """Field names that each circle sees."""
    account = person.account(session)
    return {circle: set(profile.shown(session, account, circle)) for circle in CIRCLES}


# -- who sees what --


@pytest.mark.promise("P-104")
def test_by_default_everybody_sees_business_and_city_and_nobody_else_sees_more(asha: Person, session: Session) -> None:
    seen = seen_by(session, asha)
    narrow = {"place_of_business", "city"}
    assert seen[SeenBy.PUBLIC] == seen[SeenBy.MEMBERS] == seen[SeenBy.COUNTERPARTIES] == narrow
    assert seen[SeenBy.ME] == set(FIELDS)


@pytest.mark.promise("P-104")
def test_every_field_shows_to_the_chosen_circle_and_to_those_further_in(asha: Person, session: Session) -> None:
    account = asha.account(session)
    defaults = {name: field.default for name, field in FIELDS.items()}
    for name, field in FIELDS.items():
        for circle in CIRCLES:
            wanted = {**defaults, name: circle}
            if circle not in field.circles:
                with pytest.raises(Invalid) as refused:
                    profile.choose(session, account, wanted)
                assert list(refused.value.problems) == [name]
                continue
            profile.choose(session, account, wanted)
            who = [viewer for viewer, seen in seen_by(session, asha).items() if name in seen]
            assert who == CIRCLES[CIRCLES.index(circle) :], (name, circle)


@pytest.mark.promise("P-097", "P-104")
def test_what_reaches_a_person_can_be_opened_to_nobody_they_do_not_deal_with() -> None:
    for name in ("email", "phone", "address"):
        assert SeenBy.PUBLIC not in FIELDS[name].circles and SeenBy.MEMBERS not in FIELDS[name].circles


def test_a_choice_is_kept_only_where_it_differs_and_a_wrong_one_changes_nothing(asha: Person, session: Session) -> None:
    account = asha.account(session)
    defaults = {name: field.default for name, field in FIELDS.items()}
    profile.choose(session, account, {**defaults, "name": "public"})
    for wrong in ({**defaults, "city": "everybody"}, {**defaults, "street": "public"}):
        with pytest.raises(Invalid):
            profile.choose(session, account, wrong)
    assert session.execute(sa.select(ProfileChoice.field, ProfileChoice.seen_by)).all() == [("name", "public")]
    profile.choose(session, account, defaults)
    assert session.scalars(sa.select(ProfileChoice.field)).all() == []


def test_circles_go_by_who_is_looking(asha: Person, bina: Person, session: Session) -> None:
    one, other = asha.account(session), bina.account(session)
    assert profile.circle_of(None, one, deals=False) is SeenBy.PUBLIC
    assert profile.circle_of(other, one, deals=False) is SeenBy.MEMBERS
    assert profile.circle_of(other, one, deals=True) is SeenBy.COUNTERPARTIES
    assert profile.circle_of(one, one, deals=False) is SeenBy.ME


@pytest.mark.promise("P-117")
def test_the_profile_of_people_on_hold_is_there_for_themselves_alone(
    asha: Person, bina: Person, session: Session
) -> None:
    account, other = asha.account(session), bina.account(session)
    states.limit(session, account, reason="Spam", by="operator")
    assert profile.find_visible(session, "ASHA", other).id == asha.id
    accounts.freeze(session, account, reason="A child")
    for viewer in (None, other):
        with pytest.raises(NotFound):
            profile.find_visible(session, "asha", viewer)
    assert profile.find_visible(session, "asha", account).id == asha.id


# -- corrections --

CORRECT = {
    "name": "Asha Rangrez",
    "place_of_business": "Rangrez and Daughters",
    "street": "2 New Lane",
    "landmark": "",
    "pin": "682 001",
    "city": "Kochi",
    "district": "Ernakulam",
    "state": "Kerala",
    "phone": "98470 12345",
}


@pytest.mark.criterion("U3")
def test_a_correction_counts_at_once_and_nothing_of_the_old_stays(
    database: Database, asha: Person, keep: Keep, session: Session
) -> None:
    corrections.correct_contact(session, asha.account(session), **CORRECT)
    session = keep()
    found, account = contacts.contact_of(session, asha.id, Purpose.ACCOUNT), asha.account(session)
    assert found is not None
    assert (found.name, found.street, found.phone, found.email) == (
        "Asha Rangrez",
        "2 New Lane",
        "+91 98470 12345",
        asha.email,
    )
    assert (account.pin, account.state, account.state_code, account.city) == ("682001", "Kerala", "32", "Kochi")
    corrections.correct_contact(session, account, **{**CORRECT, "phone": "", "landmark": "Near the well"})
    found = contacts.contact_of(keep(), asha.id, Purpose.ACCOUNT)
    assert found is not None and (found.phone, found.landmark) == ("", "Near the well")


def test_every_wrong_field_is_said_and_nothing_changes(asha: Person, session: Session) -> None:
    account = asha.account(session)
    with pytest.raises(Invalid) as refused:
        corrections.correct_contact(session, account, **{**CORRECT, "pin": "12", "phone": "12", "state": "Atlantis"})
    assert set(refused.value.problems) == {"pin", "phone", "state"}
    assert account.city == "Jaipur" and account.place_of_business == "Asha Prints"


@pytest.mark.promise("P-013", "P-120")
def test_a_new_address_counts_once_its_code_came_back_and_the_old_one_is_told(
    database: Database, asha: Person, keep: Keep, session: Session
) -> None:
    corrections.begin_email_change(session, asha.account(session), "new@example.in")
    session = keep()
    assert corrections.waiting_address(session, asha.account(session)) == "new@example.in"
    assert contacts.email_of(session, asha.id) == asha.email
    (mail,) = told(database, Kind.EMAIL_CHANGE_CODE, to=asha.id)
    assert mail["address"] == "new@example.in"
    assert codes.check(session, asha.id, CodeKind.EMAIL_CHANGE, mail["code"]).passed
    corrections.finish_email_change(session, asha.account(session), "new@example.in", device="Chrome")
    session = keep()
    assert contacts.email_of(session, asha.id) == "new@example.in"
    assert [notice["address"] for notice in told(database, Kind.EMAIL_CHANGED, to=asha.id)] == [asha.email]
    assert corrections.waiting_address(session, asha.account(session)) == ""


def test_a_second_address_makes_the_first_ones_code_worthless(
    database: Database, asha: Person, keep: Keep, session: Session
) -> None:
    corrections.begin_email_change(session, asha.account(session), "first@example.in")
    session = keep()
    first = code(database, Kind.EMAIL_CHANGE_CODE)
    corrections.begin_email_change(session, asha.account(session), "second@example.in")
    session = keep()
    assert not codes.check(session, asha.id, CodeKind.EMAIL_CHANGE, first).passed
    assert corrections.waiting_address(session, asha.account(session)) == "second@example.in"


def test_an_address_that_became_somebody_elses_is_refused(asha: Person, bina: Person, session: Session) -> None:
    with pytest.raises(Refusal):
        corrections.finish_email_change(session, asha.account(session), bina.email, device="")
    session.rollback()
    with pytest.raises(Refusal):
        corrections.finish_email_change(session, asha.account(session), "", device="")
