"""Disclosures: a fixed set of registered fields, counted exactly, each later look written down, and a word that stops them."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from intrakraft.db import Database
from intrakraft.domain import interests, listings
from intrakraft.domain.accounts import ContactDetails, profile
from intrakraft.domain.base import Model, now
from intrakraft.domain.errors import NotAllowed, NotFound, TooMany
from intrakraft.domain.labels import Category, Purpose, registration_labels
from intrakraft.domain.listings import Listing
from intrakraft.domain.privacy import disclosures, policy
from intrakraft.domain.privacy.disclosures import Disclosure, DisclosureReading, Quota
from tests.domain.test_interests import ask, sees
from tests.makers import Person, make_listing, make_person


@pytest.fixture
def goods(database: Database, asha: Person) -> list[int]:
    """Nine listings of Asha's."""
    return [make_listing(database, asha, title=f"Cotton {number}") for number in range(9)]


# -- what --


@pytest.mark.promise("P-098")
def test_what_is_disclosed_is_what_was_registered_and_a_wider_profile_does_not_widen_it(
    database: Database, asha: Person, bina: Person, dupatta: int, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = profile.ProfileField("motto", "Motto", profile.SeenBy.PUBLIC, profile.SeenBy.PUBLIC)
    monkeypatch.setitem(profile.FIELDS, "motto", extra)
    interest = ask(session, dupatta, bina)
    database.settle()
    door = session.scalars(sa.select(Disclosure).where(Disclosure.because_id == interest.id)).one()
    assert door.fields == "name,place_of_business,email,phone,address"
    shown = disclosures.disclosed(session, door, shows=disclosures.CONTACT_FIELDS)
    assert shown is not None
    assert (shown.name, shown.email, shown.phone) == (asha.name, asha.email, asha.phone)
    assert shown.address == f"{asha.street}, Jaipur, Rajasthan 302029"


def show(session: Session, listing_id: int, lister: Person, fields: str) -> None:
    """Tick these fields on the form of the listing and put it up."""
    listing = session.get_one(Listing, listing_id)
    listings.keep(session, listing, {"shows": fields})
    listings.put_up(session, listing, by=lister.account(session))


def seen(session: Session, listing_id: int, person: Person) -> set[str]:
    """Which fields of the lister's contact this person sees."""
    listing = session.get_one(Listing, listing_id)
    door = interests.open_door(session, listing, person.account(session))
    contact = disclosures.disclosed(session, door[1], shows=listing.discloses) if door else None
    return {name for name in disclosures.CONTACT_FIELDS if getattr(contact, name)}


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
@pytest.mark.parametrize("kept", ["email", "phone", "name,phone", "email,address"])
def test_a_listing_that_shows_less_discloses_that_much_and_the_ledger_says_so(
    asha: Person, bina: Person, dupatta: int, session: Session, kept: str
) -> None:
    show(session, dupatta, asha, kept)
    ask(session, dupatta, bina)
    wanted = {"place_of_business", *kept.split(",")}
    assert seen(session, dupatta, bina) == wanted
    assert set(session.scalars(sa.select(Disclosure.fields)).one().split(",")) == wanted


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
@pytest.mark.parametrize(("first", "then"), [("email,phone", "email"), ("email", "name,email,phone,address")])
def test_a_later_change_hides_what_it_unticks_and_opens_nothing_that_was_not_written_down(
    asha: Person, bina: Person, dupatta: int, session: Session, first: str, then: str
) -> None:
    show(session, dupatta, asha, first)
    ask(session, dupatta, bina)
    show(session, dupatta, asha, then)
    assert seen(session, dupatta, bina) == {"place_of_business", "email"}


@pytest.mark.promise("P-098", "P-105")
def test_every_disclosed_and_every_profile_field_is_asked_for_at_registration() -> None:
    asked = {name.partition(".")[2] for name, _ in registration_labels(Model.metadata)}
    parts = {"address": {"street", "landmark", "city", "district", "state", "pin"}}
    for name in (*disclosures.CONTACT_FIELDS, *profile.FIELDS):
        assert parts.get(name, {name}) <= asked, name
    shown = {field.name for field in fields(ContactDetails)} - {"account_id"}
    assert shown <= asked, "the slip shows what registration did not ask for"


@pytest.mark.promise("P-096", "P-098")
def test_the_ledger_keeps_names_of_fields_and_no_value() -> None:
    for column in Disclosure.__table__.columns:
        assert column.info["label"].category is not Category.CON


@pytest.mark.promise("P-096")
def test_a_policy_published_since_the_last_setup_is_the_one_that_counts(
    asha: Person, bina: Person, dupatta: int, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = replace(policy.current(policy.Kind.PRIVACY), version="2031-01")
    monkeypatch.setattr(policy, "current", lambda kind: newer)
    ask(session, dupatta, bina)
    assert interests.who_saw(session, asha.account(session))[0].policy_version == "2031-01"


# -- how many --


@pytest.mark.criterion("C4")
@pytest.mark.promise("P-099")
def test_the_quota_of_a_minute_and_of_a_day_stop_exactly(goods: list[int], bina: Person, session: Session) -> None:
    quota = Quota(a_day=5, a_minute=2)
    with time_machine.travel(now(), tick=False) as clock:
        for number in range(5):
            ask(session, goods[number], bina, quota=quota)
            if number == 1:
                with pytest.raises(TooMany):
                    ask(session, goods[8], bina, quota=quota)
            clock.shift(40)
        ask(session, goods[0], bina, quota=quota)
        clock.shift(60)
        with pytest.raises(TooMany) as refused:
            ask(session, goods[5], bina, quota=quota)
        assert refused.value.params["number"] == 5 and refused.value.retry_after > 60
        clock.shift(timedelta(days=1))
        assert ask(session, goods[6], bina, quota=quota)


@pytest.mark.promise("P-099")
def test_what_people_give_unasked_counts_against_nobody(
    asha: Person, bina: Person, goods: list[int], session: Session
) -> None:
    for listing_id in goods:
        ask(session, listing_id, bina, shares_contact=True)
    assert disclosures.asked_since(session, asha.account(session), now() - timedelta(days=1)) == 0


# -- misused --


@pytest.mark.criterion("C4")
@pytest.mark.promise("P-097")
def test_misused_shuts_every_door_to_this_person_and_halves_what_they_may_ask(
    database: Database, asha: Person, bina: Person, goods: list[int]
) -> None:
    other = make_listing(database, make_person(database, "esha"))
    session = database.writing()
    doors = [ask(session, listing_id, bina) for listing_id in goods[:2]] + [ask(session, other, bina)]
    line = session.scalars(sa.select(Disclosure).where(Disclosure.because_id == doors[0].id)).one()
    for _ in range(2):
        disclosures.mark_misused(session, disclosures.find_own(session, line.id, asha.account(session)))
    assert [sees(session, listing_id, bina) for listing_id in (*goods[:2], other)] == [False, False, True]
    with pytest.raises(NotAllowed):
        ask(session, goods[3], bina)
    assert disclosures.quota_of(session, bina.account(session), Quota(20, 6)) == Quota(10, 3)
    with time_machine.travel(now() + timedelta(days=31)):
        assert disclosures.quota_of(session, bina.account(session), Quota(20, 6)) == Quota(20, 6)
        with pytest.raises(NotAllowed):
            ask(session, goods[3], bina)


def test_each_lister_halves_it_once_and_one_is_always_left(database: Database, bina: Person) -> None:
    listers = [make_person(database, name) for name in ("esha", "farah", "gita", "hema", "indu")]
    goods = [make_listing(database, lister) for lister in listers for _ in range(2)]
    session = database.writing()
    for listing_id in goods:
        ask(session, listing_id, bina)
    for line in session.scalars(sa.select(Disclosure)):
        disclosures.mark_misused(session, line)
    assert disclosures.quota_of(session, bina.account(session), Quota(64, 6)) == Quota(2, 1)


@pytest.mark.promise("P-097")
def test_a_line_of_anybody_elses_ledger_is_not_there(
    asha: Person, bina: Person, charu: Person, dupatta: int, session: Session
) -> None:
    ask(session, dupatta, bina)
    line = session.scalars(sa.select(Disclosure)).one()
    for person in (bina, charu):
        with pytest.raises(NotFound):
            disclosures.find_own(session, line.id, person.account(session))
    assert disclosures.recipient_name(session, disclosures.find_own(session, line.id, asha.account(session))) == "bina"


# -- later looks --


@pytest.mark.promise("P-096")
def test_a_look_a_minute_later_is_a_look_of_its_own(asha: Person, bina: Person, dupatta: int, session: Session) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        ask(session, dupatta, bina)
        door = interests.open_door(session, session.get_one(Listing, dupatta), bina.account(session))
        assert door is not None and not disclosures.needs_note(door[1])
        clock.shift(61)
        assert disclosures.needs_note(door[1])
        disclosures.note_reading(session, door[1].id)
        session.refresh(door[1])
        assert not disclosures.needs_note(door[1])
        (line,) = interests.who_saw(session, asha.account(session))
        assert (line.readings, line.last_read_at) == (1, now())
    assert session.scalar(sa.select(sa.func.count(DisclosureReading.id))) == 1


@pytest.mark.promise("P-097")
def test_a_door_that_has_ended_gives_nothing_however_it_is_asked(
    database: Database, bina: Person, dupatta: int, session: Session
) -> None:
    interest = ask(session, dupatta, bina)
    disclosures.end(session, Purpose.EOI, interest.id)
    database.settle()
    door = session.scalars(sa.select(Disclosure).execution_options(populate_existing=True)).one()
    assert disclosures.disclosed(session, door, shows=disclosures.CONTACT_FIELDS) is None
