"""Mailed codes: once, for fifteen minutes, five tries at most, also when fifty come at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from intrakraft.domain.accounts import Challenge, codes
from intrakraft.domain.accounts.codes import CodeKind, Tried
from intrakraft.domain.base import now
from intrakraft.domain.errors import Invalid, TooMany
from intrakraft.domain.notices import Kind
from tests.mails import code, told, wrong


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(now(), tick=False) as moved:
        yield moved


def ask(database, person) -> int:
    """Mail a code for a sign-in; the id of the attempt."""
    with database.apart() as session:
        challenge, _ = codes.begin(session, CodeKind.SIGN_IN, person.id)
        codes.mail(session, challenge)
        return challenge.id


def mail_again(database, challenge_id) -> None:
    with database.apart() as session:
        codes.mail(session, session.get_one(Challenge, challenge_id))


def type_in(database, challenge_id, typed) -> Tried:
    with database.apart() as session:
        return codes.attempt(session, session.get(Challenge, challenge_id), typed)


def said(tried: Tried) -> str:
    assert tried.problem is not None
    problem = tried.problem.problems["code"]
    return problem if isinstance(problem, str) else problem[0] % problem[1]


def mailed(database) -> str:
    return code(database, Kind.SIGN_IN_CODE)


@pytest.mark.promise("P-120")
def test_a_code_works_once(database, asha):
    attempt = ask(database, asha)
    assert type_in(database, attempt, mailed(database)).or_raise() == asha.id
    assert said(type_in(database, attempt, mailed(database))) == codes.RUN_OUT


@pytest.mark.promise("P-120")
def test_a_fifth_wrong_code_is_the_last(database, asha):
    attempt, right = ask(database, asha), mailed(database)
    words = [said(type_in(database, attempt, wrong(right))) for _ in range(5)]
    assert words[0] == "This is not the code we mailed. 4 tries are left."
    assert words[3] == codes.WRONG_ONCE_MORE and words[4] == codes.USED_UP
    assert said(type_in(database, attempt, right)) == codes.USED_UP


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345x", "abcdef"])
def test_what_is_no_code_costs_no_try(database, asha, typed):
    attempt = ask(database, asha)
    assert said(type_in(database, attempt, typed)) == codes.SIX_DIGITS
    assert database.session.get_one(Challenge, attempt).tries == 0


def test_a_code_may_be_typed_with_gaps_and_in_devanagari(database, asha):
    attempt, right = ask(database, asha), mailed(database)
    devanagari = "".join(chr(0x966 + int(digit)) for digit in right)
    assert type_in(database, attempt, f" {devanagari[:3]} -{devanagari[3:]}").passed


def test_a_code_runs_out_after_fifteen_minutes(database, asha, clock):
    attempt, right = ask(database, asha), mailed(database)
    clock.shift(timedelta(minutes=15))
    assert said(type_in(database, attempt, right)) == codes.RUN_OUT


def test_a_second_press_within_half_a_minute_mails_nothing(database, asha, clock):
    attempt = ask(database, asha)
    clock.shift(timedelta(seconds=29))
    mail_again(database, attempt)
    assert len(told(database, Kind.SIGN_IN_CODE)) == 1


def test_a_new_code_ends_the_old_one_and_gives_new_tries(database, asha, clock):
    attempt, first = ask(database, asha), mailed(database)
    type_in(database, attempt, wrong(first))
    clock.shift(timedelta(seconds=31))
    mail_again(database, attempt)
    assert database.session.get_one(Challenge, attempt).tries == 0
    if first != mailed(database):
        assert not type_in(database, attempt, first).passed
    assert type_in(database, attempt, mailed(database)).passed


def test_one_attempt_is_mailed_five_codes_at_most(database, asha, clock):
    attempt = ask(database, asha)
    for _ in range(4):
        clock.shift(timedelta(seconds=31))
        mail_again(database, attempt)
    clock.shift(timedelta(seconds=31))
    with pytest.raises(TooMany):
        mail_again(database, attempt)


def test_the_code_of_one_person_is_not_that_of_another(database, asha, bina):
    ask(database, asha)
    theirs = ask(database, bina)
    assert not type_in(database, theirs, code(database, Kind.SIGN_IN_CODE, to=asha.id)).passed


def test_an_attempt_that_is_nobodys_never_passes(database):
    with database.apart() as session:
        challenge, _ = codes.begin(session, CodeKind.RESET, None)
    with pytest.raises(Invalid):
        type_in(database, challenge.id, "123456").or_raise()


@pytest.mark.promise("P-126")
def test_of_fifty_right_codes_at_once_one_gets_through(database, asha):
    attempt, right = ask(database, asha), mailed(database)
    with ThreadPoolExecutor(16) as pool:
        tried = list(pool.map(lambda _: type_in(database, attempt, right), range(50)))
    assert sum(one.passed for one in tried) == 1


@pytest.mark.promise("P-126")
def test_of_fifty_wrong_codes_at_once_five_are_compared(database, asha, monkeypatch):
    attempt, compared, compare = ask(database, asha), [], codes._is_right
    guess = wrong(mailed(database))
    monkeypatch.setattr(codes, "_is_right", lambda *args: compared.append(1) or compare(*args))
    with ThreadPoolExecutor(16) as pool:
        tried = list(pool.map(lambda _: type_in(database, attempt, guess), range(50)))
    assert len(compared) == 5 and not any(one.passed for one in tried)


@pytest.mark.sqlite
def test_the_code_is_not_in_the_database(database, asha, settings):
    ask(database, asha)
    right = mailed(database).encode()
    for file in settings.instance.glob("intrakraft.sqlite*"):
        assert right not in file.read_bytes()


def test_attempts_that_are_over_are_forgotten(database, asha, clock):
    ask(database, asha)
    clock.shift(timedelta(days=2))
    with database.apart() as session:
        assert codes.forget_old(session) == 2  # the registration's and this one
