"""States: what each account may still do, who is told, and how it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Status, registering, states
from intrakraft.domain.base import now
from intrakraft.domain.errors import Invalid, Refusal
from intrakraft.domain.labels import Purpose
from intrakraft.domain.notices import Kind
from tests.mails import told

WHY = {"reason": "Goods from wild animals were offered.", "by": "operator"}
RIGHTS = ("can_sign_in", "can_list", "can_express_interest", "can_see_contacts", "is_held")


def put(database, person, name, **more):
    with database.apart() as session:
        getattr(states, name)(session, person.account(session), **WHY, **more)


def rights(database, person) -> tuple[bool, ...]:
    with database.apart() as session:
        account = person.account(session)
        return tuple(getattr(account, right) for right in RIGHTS)


@pytest.mark.criterion("A1")
@pytest.mark.promise("P-117")
@pytest.mark.parametrize(
    ("state", "may"),
    [
        ("reinstate", (True, True, True, True, False)),
        ("limit", (True, False, False, True, True)),
        ("suspend", (True, False, False, False, True)),
        ("terminate", (True, False, False, False, True)),
        ("block", (False, False, False, False, True)),
        ("freeze", (True, False, False, False, True)),
    ],
)
def test_what_each_state_lets_people_do(database, asha, state, may):
    put(database, asha, state)
    assert rights(database, asha) == may


@pytest.mark.parametrize("state", ["limit", "suspend", "terminate", "block", "reinstate", "freeze"])
def test_the_person_is_told_and_told_why(database, asha, state):
    put(database, asha, state)
    assert told(database, Kind.ACCOUNT_STATE_CHANGED, to=asha.id)[0]["reason"] == WHY["reason"]


def test_a_state_to_a_date_is_over_on_that_date(database, asha):
    with time_machine.travel(now(), tick=False) as clock:
        put(database, asha, "suspend", until=now() + timedelta(days=7))
        clock.shift(timedelta(days=6, hours=23))
        assert not rights(database, asha)[1]
        clock.shift(timedelta(hours=1))
        assert rights(database, asha)[1]
        with database.apart() as session:
            assert states.lift_past(session) == 1
            assert asha.account(session).status == Status.ACTIVE


@pytest.mark.parametrize("reason", ["", "  "])
def test_no_state_without_a_reason(database, asha, reason):
    with database.apart() as session, pytest.raises(Invalid):
        states.suspend(session, asha.account(session), reason=reason, by="operator")


def test_no_state_that_ends_before_it_begins(database, asha):
    with pytest.raises(Invalid):
        put(database, asha, "suspend", until=now())


def test_whoever_is_blocked_cannot_register_again_until_reinstated(database, asha):
    put(database, asha, "block")
    with database.apart() as session:
        assert registering.is_blocked(session, asha.email.upper())
        assert registering.is_blocked(session, "other@example.in", asha.phone)
        assert not registering.is_blocked(session, "other@example.in")
    put(database, asha, "reinstate")
    with database.apart() as session:
        assert not registering.is_blocked(session, asha.email, asha.phone)


@pytest.mark.sqlite
def test_a_block_keeps_no_address(database, asha, settings):
    put(database, asha, "block")
    held = b"".join(file.read_bytes() for file in settings.instance.glob("intrakraft.sqlite*"))
    assert asha.email.encode() not in held and asha.phone.encode() not in held


@pytest.mark.promise("P-117")
def test_a_frozen_account_stays_frozen_until_a_person_thaws_it(database, asha):
    put(database, asha, "freeze")
    put(database, asha, "freeze")
    assert len(told(database, Kind.ACCOUNT_STATE_CHANGED)) == 1
    put(database, asha, "reinstate")
    assert rights(database, asha)[1]


def test_staff_have_the_purposes_of_their_role(database, asha):
    with database.apart() as session:
        account = asha.account(session)
        assert not accounts.is_staff_for(account, Purpose.SUPPORT)
        states.appoint(session, account, "support")
        assert accounts.is_staff_for(account, Purpose.SUPPORT) and not accounts.is_staff_for(account, Purpose.LEGAL)
        states.appoint(session, account, "")
        assert not account.is_staff


def test_only_open_accounts_and_known_roles_are_staff(database, asha):
    with database.apart() as session, pytest.raises(Invalid):
        states.appoint(session, asha.account(session), "emperor")
    put(database, asha, "suspend")
    with database.apart() as session, pytest.raises(Refusal):
        states.appoint(session, asha.account(session), "operator")
