"""Second factors: a code works once and within its half minute, paper codes once each, a passkey for its own challenge."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from intrakraft.db import Database
from intrakraft.domain.accounts import second_factors, second_steps
from intrakraft.domain.accounts.second_factors import (
    Passkey,
    PasskeyCeremony,
    RecoveryCode,
    Site,
    TotpSecret,
    begin_passkey,
    check_passkey,
    check_recovery_code,
    check_totp,
    confirm_totp,
    factors_of,
    finish_passkey,
    passkey_options,
    passkeys_of,
    remove_passkey,
)
from intrakraft.domain.accounts.second_steps import Way
from intrakraft.domain.base import now
from intrakraft.domain.errors import Invalid, NotFound, Refusal
from intrakraft.domain.labels import Purpose
from tests.authenticator import Authenticator
from tests.makers import Person

Keep = Callable[[], Session]
SITE = Site("localhost", "http://localhost")
STEP = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def secret(asha: Person, keep: Keep, session: Session) -> str:
    """The secret of Asha's code app, which is on since half past nine."""
    with time_machine.travel(STEP - timedelta(minutes=30), tick=False):
        made = second_factors.begin_totp(session, asha.id)
        confirm_totp(keep(), asha.id, pyotp.TOTP(made).at(now()))
        keep()
    return made


# -- code app --


@pytest.mark.criterion("A3")
def test_a_code_is_right_thirty_seconds_early_or_late_and_no_further(
    asha: Person, secret: str, keep: Keep, session: Session
) -> None:
    code = pyotp.TOTP(secret).at(STEP)
    for seconds, right in ((-31, False), (-1, True), (0, True), (59, True), (60, False)):
        with time_machine.travel(STEP + timedelta(seconds=seconds), tick=False):
            session.execute(sa.update(TotpSecret).values(last_step=0))
            assert check_totp(keep(), asha.id, f" {code[:3]} {code[3:]}") is right, seconds


@pytest.mark.criterion("A3")
@pytest.mark.promise("P-120")
def test_a_used_code_is_refused_and_so_is_an_older_one(asha: Person, secret: str, session: Session) -> None:
    with time_machine.travel(STEP, tick=False):
        older, this = (pyotp.TOTP(secret).at(STEP + timedelta(seconds=s)) for s in (-30, 0))
        assert check_totp(session, asha.id, this)
        assert not check_totp(session, asha.id, this) and not check_totp(session, asha.id, older)


def test_what_is_no_code_is_never_right_and_hindi_digits_are(asha: Person, secret: str, session: Session) -> None:
    with time_machine.travel(STEP, tick=False):
        right = pyotp.TOTP(secret).at(STEP)
        for typed in ("", "12345", f"{right}1", "abcdef", "  ", "½²³⁴⁵⁶", f"-{right[:5]}", "🙂" * 6):
            assert not check_totp(session, asha.id, typed), typed
        assert check_totp(session, asha.id, right.translate(str.maketrans("0123456789", "०१२३४५६७८९")))


@pytest.mark.promise("P-128")
def test_an_app_counts_only_once_its_first_code_was_right(asha: Person, keep: Keep, session: Session) -> None:
    made = second_factors.begin_totp(session, asha.id)
    keep()
    assert second_factors.pending_secret(session, asha.id) == made
    assert not factors_of(session, asha.id).totp and not check_totp(session, asha.id, pyotp.TOTP(made).now())
    with pytest.raises(Invalid):
        confirm_totp(session, asha.id, "000000" if pyotp.TOTP(made).now() != "000000" else "000001")
    assert len(confirm_totp(session, asha.id, pyotp.TOTP(made).at(now()))) == 10
    keep()
    assert factors_of(session, asha.id).totp and second_factors.pending_secret(session, asha.id) is None
    with pytest.raises(Refusal):
        second_factors.begin_totp(session, asha.id)


@pytest.mark.promise("P-128")
def test_secret_and_paper_codes_stand_nowhere_in_the_clear(
    database: Database, asha: Person, secret: str, session: Session
) -> None:
    codes = second_factors.new_recovery_codes(session, asha.id)
    database.settle()
    with database.reading_for(Purpose.AUTH) as reader:
        kept = [bytes(value) for value in reader.scalars(sa.select(TotpSecret.secret)).all()]
        kept += [bytes(value) for value in reader.scalars(sa.select(RecoveryCode.code_hash)).all()]
    assert len(kept) == 11
    for clear in (secret, *codes):
        assert not any(clear.encode() in value or clear.replace(" ", "").encode() in value for value in kept)


def test_removing_the_app_takes_its_paper_codes_along(asha: Person, secret: str, session: Session) -> None:
    second_factors.remove_totp(session, asha.id)
    assert factors_of(session, asha.id) == second_factors.Factors(totp=False, passkeys=0, paper_codes=0)
    assert second_steps.ways_of(session, asha.id) == [Way.MAIL]


# -- paper codes --


@pytest.mark.criterion("A3")
@pytest.mark.promise("P-128")
def test_each_paper_code_works_once_however_it_is_typed(
    asha: Person, bina: Person, keep: Keep, session: Session
) -> None:
    codes = second_factors.new_recovery_codes(session, asha.id)
    theirs = second_factors.new_recovery_codes(session, bina.id)
    keep()
    assert len(set(codes)) == 10
    assert check_recovery_code(session, asha.id, codes[0].lower().replace(" ", "-"))
    assert not check_recovery_code(session, asha.id, codes[0]) and not check_recovery_code(session, asha.id, theirs[0])
    assert factors_of(session, asha.id).paper_codes == 9


def test_new_paper_codes_end_the_old_ones(asha: Person, keep: Keep, session: Session) -> None:
    old = second_factors.new_recovery_codes(session, asha.id)
    keep()
    new = second_factors.new_recovery_codes(session, asha.id)
    keep()
    assert not check_recovery_code(session, asha.id, old[0]) and check_recovery_code(session, asha.id, new[0])


# -- passkeys --


@pytest.fixture
def device() -> Authenticator:
    """A phone of Asha's."""
    return Authenticator(SITE.origin)


def make(session: Session, keep: Keep, device: Authenticator, person: Person) -> Passkey:
    """A passkey of this person on this device."""
    options = begin_passkey(session, person.id, person.username, SITE)
    return finish_passkey(keep(), person.id, device.create(options), "Chrome, Android 14", SITE)


@pytest.mark.promise("P-128")
def test_a_passkey_signs_its_own_challenge_once(
    asha: Person, device: Authenticator, keep: Keep, session: Session
) -> None:
    make(session, keep, device, asha)
    answer = device.sign(passkey_options(keep(), asha.id, SITE))
    assert check_passkey(keep(), asha.id, answer, SITE)
    with pytest.raises(Invalid):
        check_passkey(keep(), asha.id, answer, SITE)
    assert passkeys_of(session, asha.id)[0][3] is not None
    assert second_steps.ways_of(session, asha.id)[0] is Way.PASSKEY


def test_an_answer_of_another_site_key_person_or_time_is_refused(
    asha: Person, bina: Person, device: Authenticator, keep: Keep, session: Session
) -> None:
    make(session, keep, device, asha)
    other = Authenticator(SITE.origin)
    make(keep(), keep, other, bina)

    def asked() -> str:
        return passkey_options(keep(), asha.id, SITE) or ""

    def lets_in(answer: str) -> bool:
        return check_passkey(keep(), asha.id, answer, SITE)

    assert lets_in(device.sign(asked()))
    assert not lets_in(Authenticator("http://evil.example", device).sign(asked()))
    assert not lets_in(other.sign(asked()))
    assert not lets_in(device.sign(asked(), challenge=b"another"))
    assert not lets_in(device.sign(asked(), counter=1)), "a copied passkey"
    for broken in ("", "{}", "null", "[]", "[" * 5000, json.dumps({"id": 1}), device.sign(asked())[:-9]):
        asked()
        assert not lets_in(broken), broken[:20]
    answer = device.sign(asked())
    with time_machine.travel(now() + timedelta(minutes=6)), pytest.raises(Invalid):
        check_passkey(keep(), asha.id, answer, SITE)


def test_a_broken_answer_makes_no_passkey(asha: Person, device: Authenticator, keep: Keep, session: Session) -> None:
    no_cbor = {"clientDataJSON": "e30", "attestationObject": "oA"}
    empty, odd = ({"id": "x", "rawId": "x", "type": "public-key", "response": said} for said in ({}, no_cbor))
    for broken in ("", "{}", "null", "[]", "[" * 5000, json.dumps(empty), json.dumps(odd)):
        begin_passkey(keep(), asha.id, "asha", SITE)
        with pytest.raises(Invalid):
            finish_passkey(keep(), asha.id, broken, "", SITE)
    options = begin_passkey(keep(), asha.id, "asha", SITE)
    with pytest.raises(Invalid):
        finish_passkey(keep(), asha.id, Authenticator("http://evil.example").create(options), "", SITE)
    assert session.scalar(sa.select(sa.func.count(Passkey.id))) == 0


def test_ten_passkeys_are_enough_and_each_is_removed_by_its_owner_alone(
    asha: Person, bina: Person, keep: Keep, session: Session
) -> None:
    made = [make(keep(), keep, Authenticator(SITE.origin), asha).id for _ in range(10)]
    with pytest.raises(Refusal):
        begin_passkey(keep(), asha.id, "asha", SITE)
    with pytest.raises(NotFound):
        remove_passkey(session, bina.id, made[0])
    remove_passkey(session, asha.id, made[0])
    assert factors_of(session, asha.id).passkeys == 9
    assert session.scalar(sa.select(sa.func.count(PasskeyCeremony.id))) == 0
