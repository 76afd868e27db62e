"""Sign-ins: each has its second step, its end, and an owner who is told where it began."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Device, SignIn, signing_in, states
from intrakraft.domain.accounts.second_steps import SecondStepProof, Way
from intrakraft.domain.base import now
from intrakraft.domain.errors import NotFound, NotVerified
from intrakraft.domain.notices import Kind
from tests.accounts import CHROME, FIREFOX, find, proof_of
from tests.mails import told


def signed_in(database, person, browser=CHROME, **options) -> signing_in.SignedIn:
    proof = proof_of(database, person)
    with database.apart() as session:
        return signing_in.sign_in(session, person.account(session), browser=browser, proof=proof, **options)


@pytest.fixture
def clock():
    with time_machine.travel(now(), tick=False) as moved:
        yield moved


# -- the second step --


@pytest.mark.criterion("A2")
def test_nobody_signs_in_without_a_second_step(asha, session):
    with pytest.raises(AssertionError):
        signing_in.sign_in(session, asha.account(session), browser=CHROME)


@pytest.mark.criterion("A2")
def test_a_proof_is_for_one_person(database, asha, bina):
    proof = proof_of(database, asha)
    with database.apart() as session, pytest.raises(AssertionError):
        signing_in.sign_in(session, bina.account(session), browser=CHROME, proof=proof)


@pytest.mark.promise("P-129")
def test_only_the_gate_makes_a_proof(asha):
    with pytest.raises(TypeError):
        SecondStepProof(asha.id, Way.MAIL, now(), object())


@pytest.mark.promise("P-129")
def test_a_proof_is_spent_once_and_grows_old(database, asha, bina, clock):
    first, second = proof_of(database, asha), None
    with pytest.raises(NotVerified):
        first.spend(bina.id)
    first.spend(asha.id)
    with pytest.raises(NotVerified):
        first.spend(asha.id)
    clock.shift(timedelta(minutes=1))
    second = proof_of(database, asha)
    clock.shift(timedelta(minutes=11))
    with pytest.raises(NotVerified):
        second.spend(asha.id)


def test_a_second_step_counts_as_verified_for_ten_minutes(database, asha, clock):
    token = signed_in(database, asha).token
    assert find(database, token).is_lately_verified
    clock.shift(timedelta(minutes=10))
    assert not find(database, token).is_lately_verified


@pytest.mark.promise("P-031")
def test_a_trusted_device_needs_no_code_for_ninety_days(database, asha, clock):
    key = signed_in(database, asha, trusts=True).device_token
    clock.shift(timedelta(days=89))
    with database.apart() as session:
        device = signing_in.trusted_device(session, asha.id, key)
        begun = signing_in.sign_in(session, asha.account(session), browser=CHROME, device=device)
    assert not find(database, begun.token).is_lately_verified
    clock.shift(timedelta(days=2))
    with database.apart() as session:
        assert signing_in.trusted_device(session, asha.id, key) is None


def test_a_device_is_trusted_for_its_owner_alone(database, asha, bina):
    key = signed_in(database, asha, trusts=True).device_token
    with database.apart() as session:
        assert signing_in.trusted_device(session, bina.id, key) is None


@pytest.mark.criterion("A2")
def test_staff_are_never_trusted(database, dev):
    begun = signed_in(database, dev, trusts=True)
    assert begun.device_token is None
    with database.apart() as session:
        device, _ = signing_in.trust_device(session, dev.account(session), CHROME)
        with pytest.raises(AssertionError):
            signing_in.sign_in(session, dev.account(session), browser=CHROME, device=device)


# -- how long it lasts --


def test_a_sign_in_ends_after_twelve_idle_hours(database, asha, clock):
    token = signed_in(database, asha).token
    clock.shift(timedelta(hours=11))
    with database.apart() as session:
        signing_in.touch(session, accounts.find_sign_in(session, token).id)
    clock.shift(timedelta(hours=11, minutes=59))
    assert find(database, token) is not None
    clock.shift(timedelta(minutes=1))
    assert find(database, token) is None


def test_who_asked_to_stay_stays_thirty_days(database, asha, clock):
    token = signed_in(database, asha, stay=True).token
    clock.shift(timedelta(days=29, hours=23))
    assert find(database, token) is not None
    clock.shift(timedelta(hours=1))
    assert find(database, token) is None


def test_only_a_hash_of_the_token_is_kept(database, asha):
    token = signed_in(database, asha).token
    with database.apart() as session:
        assert token not in session.scalars(sa.select(SignIn.token_hash)).all()


@pytest.mark.criterion("A6")
def test_ending_one_sign_in_leaves_the_others(database, asha):
    phone, desk = signed_in(database, asha), signed_in(database, asha, FIREFOX)
    with database.apart() as session:
        listed = {one.family: one.id for one in accounts.sign_ins_of(session, asha.account(session))}
        accounts.end_sign_in(session, asha.account(session), listed["Firefox"])
    assert find(database, desk.token) is None and find(database, phone.token) is not None


@pytest.mark.criterion("A6")
def test_ending_all_others_keeps_the_one_in_hand(database, asha, bina):
    here, there, theirs = (signed_in(database, who, trusts=True) for who in (asha, asha, bina))
    with database.apart() as session:
        mine = accounts.find_sign_in(session, here.token)
        assert accounts.end_other_sign_ins(session, asha.account(session), mine) == 1
    assert [find(database, one.token) is not None for one in (here, there, theirs)] == [True, False, True]
    with database.apart() as session:
        trusted = [signing_in.trusted_device(session, asha.id, one.device_token) for one in (here, there)]
    assert trusted[0] is not None and trusted[1] is None


@pytest.mark.criterion("A6")
def test_nobody_ends_the_sign_in_of_another(database, asha, charu):
    theirs = find(database, signed_in(database, asha).token)
    with database.apart() as session, pytest.raises(NotFound):
        accounts.end_sign_in(session, charu.account(session), theirs.id)


@pytest.mark.promise("P-031")
def test_ending_a_sign_in_forgets_the_trust_in_its_device(database, asha):
    begun = signed_in(database, asha, trusts=True)
    with database.apart() as session:
        accounts.end_sign_in(session, asha.account(session), accounts.find_sign_in(session, begun.token).id)
        assert session.scalars(sa.select(Device)).all() == []


@pytest.mark.promise("P-031")
def test_what_is_not_used_for_ninety_days_is_forgotten(database, asha, clock):
    signed_in(database, asha, trusts=True)
    clock.shift(timedelta(days=91))
    with database.apart() as session:
        signing_in.forget_old(session)
        assert session.scalars(sa.select(SignIn)).all() == session.scalars(sa.select(Device)).all() == []


# -- who is told --


@pytest.mark.promise("P-126")
def test_a_new_browser_is_told_by_mail(database, asha):
    signed_in(database, asha, FIREFOX)
    assert [one["device"] for one in told(database, Kind.NEW_DEVICE) if one["channel"] == "mail"] == [str(FIREFOX)]


def test_a_browser_seen_before_is_told_on_the_page_beside_its_mailed_code(database, asha):
    signed_in(database, asha, FIREFOX)
    signed_in(database, asha, FIREFOX)
    assert [one["channel"] for one in told(database, Kind.NEW_DEVICE)] == ["mail", "screen"]


def test_a_trusted_browser_is_not_told(database, asha):
    key = signed_in(database, asha, trusts=True).device_token
    with database.apart() as session:
        device = signing_in.trusted_device(session, asha.id, key)
        signing_in.sign_in(session, asha.account(session), browser=CHROME, device=device)
    assert len(told(database, Kind.NEW_DEVICE)) == 1


# -- who may --


def test_people_are_found_by_username_or_e_mail(asha, session):
    for name in ("asha", " ASHA ", asha.email, asha.email.upper()):
        assert signing_in.find_account(session, name).id == asha.id
    for name in ("bina", "bina@mail.example.in", "", "@"):
        assert signing_in.find_account(session, name) is None


def test_a_sign_in_is_found_with_its_account_in_one_query(database, asha, statements):
    token = signed_in(database, asha).token
    statements.clear()
    assert find(database, token).account.username == "asha"
    assert len(statements) == 1


@pytest.mark.criterion("A2")
def test_a_blocked_person_is_out_at_once(database, asha):
    token = signed_in(database, asha).token
    with database.apart() as session:
        states.block(session, asha.account(session), "rule 4.2", "operator")
    assert find(database, token) is None
