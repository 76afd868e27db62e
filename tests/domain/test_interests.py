"""Interests: recorded once, told to the lister at once, the one key to a contact, and a key that can be given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from intrakraft.db import Database
from intrakraft.domain import accounts, interests, listings
from intrakraft.domain.accounts import states
from intrakraft.domain.base import now
from intrakraft.domain.errors import NotAllowed, Refusal
from intrakraft.domain.interests import ExpressionOfInterest
from intrakraft.domain.listings import Listing
from intrakraft.domain.notices import Kind
from intrakraft.domain.privacy import disclosures, policy
from intrakraft.domain.privacy.disclosures import Disclosure, Quota
from tests.mails import told
from tests.makers import Person, make_listing

PLENTY = Quota(100, 100)


def ask(session: Session, listing_id: int, by: Person, **typed: object) -> ExpressionOfInterest:
    """Express interest as this person."""
    listing, account = session.get_one(Listing, listing_id), by.account(session)
    return interests.express_interest(session, listing, by=account, **{"message": "Hello", "quota": PLENTY, **typed})


def sees(session: Session, listing_id: int, person: Person) -> bool:
    """Whether the lister's contact shows to this person now."""
    return interests.open_door(session, session.get_one(Listing, listing_id), person.account(session)) is not None


# -- once --


@pytest.mark.criterion("C1")
@pytest.mark.promise("P-096")
def test_a_second_press_changes_nothing(database: Database, bina: Person, dupatta: int, session: Session) -> None:
    first, again = ask(session, dupatta, bina), ask(session, dupatta, bina, message="Hello?")
    assert first.id == again.id and again.message == "Hello"
    database.settle()
    assert session.scalar(sa.select(sa.func.count(ExpressionOfInterest.id))) == 1
    assert session.scalar(sa.select(sa.func.count(Disclosure.id))) == 1
    assert len(told(database, Kind.INTEREST_RECEIVED)) == 1


@pytest.mark.criterion("C1")
def test_the_lister_is_told_by_username_and_message(
    database: Database, asha: Person, bina: Person, dupatta: int, session: Session
) -> None:
    ask(session, dupatta, bina, message="Is it dyed?")
    database.settle()
    (notice,) = told(database, Kind.INTEREST_RECEIVED, to=asha.id)
    assert (notice["other_username"], notice["message"], notice["channel"]) == ("bina", "Is it dyed?", "mail")
    assert not any(secret in str(notice) for secret in bina.secrets)


@pytest.mark.promise("P-096")
def test_the_ledger_says_who_whom_what_why_when_and_under_which_policy(
    asha: Person, bina: Person, dupatta: int, session: Session
) -> None:
    ask(session, dupatta, bina)
    (line,) = interests.who_saw(session, asha.account(session))
    assert (line.username, line.listing_id, line.fields) == ("bina", dupatta, disclosures.CONTACT_FIELDS)
    assert line.policy_version == policy.current(policy.Kind.PRIVACY).version
    assert now() - line.disclosed_at < timedelta(minutes=1) and line.second_step and line.is_open
    assert interests.who_saw(session, bina.account(session)) == []


@pytest.mark.promise("P-098", "P-099")
@pytest.mark.criterion("C3")
def test_what_the_sender_gives_of_their_own_is_not_narrowed_by_the_listing(
    bina: Person, dupatta: int, session: Session
) -> None:
    session.get_one(Listing, dupatta).shows = "email"
    ask(session, dupatta, bina, shares_contact=True)
    fields = session.scalars(sa.select(Disclosure.fields).where(Disclosure.subject_id == bina.id)).one()
    assert fields == ",".join(disclosures.CONTACT_FIELDS)


# -- who may not --


@pytest.mark.promise("P-097")
def test_nobody_asks_about_their_own_goods(asha: Person, dupatta: int, session: Session) -> None:
    with pytest.raises(NotAllowed):
        ask(session, dupatta, asha)


@pytest.mark.promise("P-097")
@pytest.mark.parametrize("act", [listings.close, listings.pause])
def test_goods_that_are_not_on_show_give_no_contact(
    bina: Person, charu: Person, dupatta: int, session: Session, act: Callable[[Session, Listing], None]
) -> None:
    ask(session, dupatta, bina)
    act(session, session.get_one(Listing, dupatta))
    assert not sees(session, dupatta, bina)
    with pytest.raises(Refusal):
        ask(session, dupatta, charu)


@pytest.mark.parametrize("act", [states.limit, states.suspend, states.terminate, states.block])
def test_people_on_hold_ask_nobody(bina: Person, dupatta: int, session: Session, act: Callable[..., None]) -> None:
    act(session, bina.account(session), reason="Spam", by="operator")
    with pytest.raises(NotAllowed):
        ask(session, dupatta, bina)
    assert session.scalar(sa.select(Disclosure.id)) is None


def test_a_suspension_hides_contacts_opened_before_and_a_limit_does_not(
    bina: Person, dupatta: int, session: Session
) -> None:
    ask(session, dupatta, bina)
    states.limit(session, bina.account(session), reason="Spam", by="operator")
    assert sees(session, dupatta, bina)
    accounts.freeze(session, bina.account(session), reason="A child")
    assert not sees(session, dupatta, bina)


# -- how long --


@pytest.mark.promise("P-096")
def test_a_contact_shows_for_thirty_days(asha: Person, bina: Person, dupatta: int, session: Session) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        ask(session, dupatta, bina)
        clock.shift(timedelta(days=30, seconds=-1))
        assert sees(session, dupatta, bina) and interests.who_saw(session, asha.account(session))[0].is_open
        clock.shift(1)
        assert not sees(session, dupatta, bina) and not interests.who_saw(session, asha.account(session))[0].is_open


@pytest.mark.promise("P-097")
def test_taking_it_back_shuts_the_door_and_a_new_interest_opens_another(
    database: Database, asha: Person, bina: Person, dupatta: int, session: Session
) -> None:
    ask(session, dupatta, bina, shares_contact=True)
    for _ in range(2):
        interests.withdraw(session, session.get_one(Listing, dupatta), by=bina.account(session))
    assert not sees(session, dupatta, bina)
    assert session.scalars(sa.select(Disclosure.id).where(Disclosure.ended_at.is_(None))).all() == []
    database.settle()
    assert len(told(database, Kind.INTEREST_WITHDRAWN, to=asha.id)) == 1
    ask(database.writing(), dupatta, bina)
    assert sees(session, dupatta, bina) and len(interests.who_saw(session, asha.account(session))) == 2


# -- the other way round --


@pytest.mark.promise("P-099")
def test_the_sender_gives_their_own_contact_only_by_a_tick(
    asha: Person, bina: Person, charu: Person, dupatta: int, session: Session
) -> None:
    ask(session, dupatta, bina)
    asha_now = asha.account(session)
    assert disclosures.given_to(session, asha_now, {line.id for line in interests.received(session, asha_now)}) == []
    ask(session, dupatta, charu, shares_contact=True)
    lines = {line.id: line.username for line in interests.received(session, asha_now) if line.gives_contact}
    (given,) = disclosures.given_to(session, asha_now, set(lines))
    assert lines[given.because_id] == "charu" and given.subject_id == charu.id
    assert [line.username for line in interests.who_saw(session, charu.account(session))] == ["asha"]


@pytest.mark.promise("P-099")
def test_what_the_sender_gave_ends_as_the_listers_contact_does(
    asha: Person, bina: Person, dupatta: int, session: Session
) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        interest = ask(session, dupatta, bina, shares_contact=True)
        listings.close(session, session.get_one(Listing, dupatta))
        assert not interests.received(session, asha.account(session))[0].gives_contact
        clock.shift(timedelta(days=30))
        assert disclosures.given_to(session, asha.account(session), {interest.id}) == []


@pytest.mark.promise("P-099", "P-104")
def test_a_dealing_goes_one_way_and_ends_with_the_listing(
    asha: Person, bina: Person, charu: Person, dupatta: int, session: Session
) -> None:
    lister, buyer, stranger = (person.account(session) for person in (asha, bina, charu))
    ask(session, dupatta, bina)
    assert interests.dealing(session, buyer, lister) and not interests.dealing(session, lister, buyer)
    assert not interests.dealing(session, stranger, lister) and not interests.dealing(session, None, lister)
    listings.close(session, session.get_one(Listing, dupatta))
    assert not interests.dealing(session, buyer, lister)


# -- lists --


def test_both_lists_go_on_from_the_last_line(database: Database, asha: Person, bina: Person) -> None:
    goods = [make_listing(database, asha, title=f"Cotton {number}") for number in range(3)]
    session = database.writing()
    for listing_id in goods:
        ask(session, listing_id, bina)
    for lines, person in ((interests.received, asha), (interests.sent, bina), (interests.who_saw, asha)):
        first = lines(session, person.account(session), limit=2)
        rest = lines(session, person.account(session), limit=2, before=first[-1].id)
        assert [line.listing_id for line in (*first, *rest)] == goods[::-1]
    assert [line.username for line in interests.sent(session, bina.account(session))] == ["asha"] * 3
