"""Passwords: hard to guess, hashed whole, and changed by one function that takes the proof of a second step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Challenge, codes, passwords, second_factors, second_steps
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.second_steps import Answer, Way
from intrakraft.domain.base import now
from intrakraft.domain.errors import Invalid, NotVerified
from intrakraft.domain.notices import Kind
from tests.accounts import CHROME, HERE, find, proof_of
from tests.mails import code, told
from tests.makers import PASSPHRASE, make_sign_in

GOOD = "lantern harbour eleven spoons"


def problem_of(password: str, *about: str) -> str:
    with pytest.raises(Invalid) as refused:
        passwords.check_choice(password, about)
    found = refused.value.problems["password"]
    return found if isinstance(found, str) else found[0] % found[1]


# -- choosing --


@pytest.mark.promise("P-015")
@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "It has 5 letters, it needs 12 or more. Four plain words are fine."),
        ("password1234", passwords.COMMON),
        ("iloveyou!!!!", passwords.COMMON),
        ("qwertyuiop12", passwords.COMMON),
        ("iloveyouiloveyou", passwords.PATTERNS["repeat"]),
        ("abcdefghijklmnop", passwords.PATTERNS["sequence"]),
        ("a" * 1001, passwords.TOO_LONG),
    ],
)
def test_a_weak_password_is_refused_in_plain_words(password, words):
    assert problem_of(password) == words


@pytest.mark.promise("P-015")
def test_ones_own_name_makes_a_weak_password():
    assert problem_of("ranganathan1", "Ranganathan Sarees") == passwords.ABOUT_YOU


@pytest.mark.parametrize("password", [GOOD, PASSPHRASE, "चार शब्द जो साथ नहीं आते", "x9!Tq2#vLm8p"])
def test_four_words_or_twelve_odd_letters_will_do(password):
    passwords.check_choice(password, ["Asha Chhipa"])


def test_the_field_is_the_callers():
    with pytest.raises(Invalid) as refused:
        passwords.check_choice("short", field="new_password")
    assert list(refused.value.problems) == ["new_password"]


# -- hashing --


@pytest.mark.promise("P-015")
def test_the_hash_is_argon2id_of_64_mib():
    assert passwords.hash_password(GOOD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.promise("P-015")
def test_nothing_is_cut_off():
    long = "harbour " * 30
    stored = passwords.hash_password(long + "a")
    assert passwords.verify_password(stored, long + "a") and not passwords.verify_password(stored, long + "b")


def test_the_same_letters_from_another_keyboard_are_the_same_password():
    assert passwords.verify_password(passwords.hash_password("caf\u00e9 lantern spoons"), "cafe\u0301 lantern spoons")


@pytest.mark.criterion("A5")
def test_a_name_that_is_nobodys_has_a_hash_that_nothing_fits(session):
    stored = passwords.stored_hash(session, None)
    assert stored == passwords.no_hash() and not passwords.verify_password(stored, PASSPHRASE)


def test_a_broken_hash_fits_nothing():
    assert not passwords.verify_password("no hash at all", PASSPHRASE)


# -- changing --


def change(database, person, proof, keep=None):
    with database.apart() as session:
        kept = accounts.find_sign_in(session, keep) if keep else None
        account = person.account(session)
        passwords.set_password(session, account, "$new$", proof=proof, browser=CHROME, keep_sign_in=kept)


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_a_change_ends_other_sign_ins_and_mails_the_owner(database, asha):
    here, there = make_sign_in(database, asha), make_sign_in(database, asha)
    change(database, asha, proof_of(database, asha), keep=here)
    assert find(database, here) is not None and find(database, there) is None
    assert told(database, Kind.PASSWORD_CHANGED, to=asha.id)[0]["device"] == str(CHROME)
    assert passwords.stored_hash(database.session, asha.id) == "$new$"


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_without_a_fresh_proof_nothing_changes(database, asha, bina):
    before, spent = passwords.stored_hash(database.session, asha.id), proof_of(database, asha)
    change(database, asha, spent)
    for proof in (spent, proof_of(database, bina)):
        with pytest.raises(NotVerified):
            change(database, asha, proof)
    assert before != passwords.stored_hash(database.session, asha.id) == "$new$"


@pytest.mark.promise("P-129")
def test_a_step_up_is_proof_for_ten_minutes(database, asha):
    fresh, old = make_sign_in(database, asha), make_sign_in(database, asha, verified=False)
    assert second_steps.proof_from(find(database, fresh)).account_id == asha.id
    with pytest.raises(NotVerified):
        second_steps.proof_from(find(database, old))


@pytest.mark.promise("P-129")
def test_one_function_writes_the_hash(root: Path):
    """Besides the first hash of a new account, `set_password` alone writes one, and it spends a proof first."""
    writers = []
    for path in sorted((root / "intrakraft").rglob("*.py")):
        for found in re.finditer(
            r"password_hash=\w+|Credential\(|update\(Credential\)|\"password_hash\"", path.read_text()
        ):
            writers.append((path.relative_to(root / "intrakraft").as_posix(), found[0]))
    assert {place for place, _ in writers} <= {"domain/accounts/passwords.py", "domain/accounts/tables.py"}
    source = (root / "intrakraft/domain/accounts/passwords.py").read_text()
    assert source.count("update(Credential)") == 1 and source.count("Credential(") == 1
    body = source.split("def set_password(")[1].split("\ndef ")[0]
    assert body.index("proof.spend(account.id)") < body.index("update(Credential)")


# -- choosing a new one by mail --


def ask_reset(database, person):
    """Ask for a reset; gives the token of the link."""
    links = []
    with database.apart() as session:
        account = person.account(session) if person else None
        passwords.ask_reset(session, account, link=lambda token: links.append(token) or f"/r/{token}", browser=CHROME)
    return links[0] if links else None


def pass_step(database, person, answer):
    with database.apart() as session:
        attempt = (
            codes.latest(session, person.id, CodeKind.RESET)
            or session.scalars(
                sa.select(Challenge).where(Challenge.account_id == person.id, Challenge.kind == CodeKind.RESET)
            ).one()
        )
        return second_steps.check_second_step(session, person.id, answer, attempt, by_mail=False)


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_a_reset_mails_the_link_and_the_code_apart(database, asha):
    token = ask_reset(database, asha)
    link, mailed = told(database, Kind.RESET_LINK), told(database, Kind.RESET_CODE)
    assert len(link) == len(mailed) == 1 and token in link[0]["link"]
    assert "code" not in link[0] and token not in str(mailed[0])
    assert pass_step(database, asha, Answer(Way.MAIL, mailed[0]["code"], HERE)).or_raise().account_id == asha.id


@pytest.mark.criterion("A4")
@pytest.mark.promise("P-129")
def test_with_a_code_app_the_mailbox_never_counts_twice(database, asha):
    with database.apart() as session:
        secret = second_factors.begin_totp(session, asha.id)
    with database.apart() as session:
        second_factors.confirm_totp(session, asha.id, second_factors.pyotp.TOTP(secret).at(now()))
    ask_reset(database, asha)
    assert told(database, Kind.RESET_CODE) == [] and len(told(database, Kind.RESET_LINK)) == 1
    with database.apart() as session:
        assert second_steps.ways_of(session, asha.id, by_mail=False) == [Way.TOTP, Way.PAPER]
        assert Way.MAIL in second_steps.ways_of(session, asha.id)
    assert pass_step(database, asha, Answer(Way.MAIL, "123456", HERE)).proof is None


@pytest.mark.criterion("A4")
def test_a_passkey_on_a_lost_phone_shuts_nobody_out(database, asha):
    with database.apart() as session:
        session.add(second_factors.Passkey(subject_id=asha.id, credential_id=b"id", public_key=b"key", device="Pixel"))
    ask_reset(database, asha)
    with database.apart() as session:
        assert second_steps.ways_of(session, asha.id, by_mail=False) == [Way.PASSKEY, Way.MAIL]
    assert len(told(database, Kind.RESET_CODE)) == 1


@pytest.mark.criterion("A5")
def test_a_reset_for_nobody_writes_as_much_and_mails_nothing(database, asha):
    def rows() -> list[int]:
        with database.apart() as session:
            return [session.scalar(sa.select(sa.func.count(table.id))) for table in (Challenge, accounts.SecurityEvent)]

    start = rows()
    ask_reset(database, asha)
    known, mails = rows(), len(told(database))
    ask_reset(database, None)
    unknown = rows()
    assert [b - a for a, b in zip(start, known, strict=True)] == [b - a for a, b in zip(known, unknown, strict=True)]
    assert len(told(database)) == mails


@pytest.mark.criterion("A4")
def test_a_reset_is_over_once_the_password_is_set(database, asha):
    token = ask_reset(database, asha)
    right = code(database, Kind.RESET_CODE)
    proof = pass_step(database, asha, Answer(Way.MAIL, right, HERE)).or_raise()
    change(database, asha, proof)
    assert codes.find_attempt(database.session, CodeKind.RESET, token) is None


@pytest.mark.criterion("A4")
def test_a_link_lives_half_an_hour(database, asha):
    with time_machine.travel(now(), tick=False) as clock:
        token = ask_reset(database, asha)
        clock.shift(29 * 60)
        assert codes.find_attempt(database.session, CodeKind.RESET, token) is not None
        clock.shift(60)
        assert codes.find_attempt(database.session, CodeKind.RESET, token) is None
