"""Passwords: how they are chosen, hashed and checked, and the one function that writes a hash.

Whoever changes or resets a password has passed a second step; every other sign-in ends and the owner is told
(P-015, P-129; RFC 9106, NIST SP 800-63B).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from intrakraft.domain import notices
from intrakraft.domain.accounts import codes
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.events import EventKind, note_event
from intrakraft.domain.accounts.second_steps import SecondStepProof, Way, ways_of
from intrakraft.domain.accounts.signing_in import Browser, end_other_sign_ins
from intrakraft.domain.accounts.tables import Account, Challenge, Credential, SignIn
from intrakraft.domain.base import N_, normal_text, now
from intrakraft.domain.errors import Invalid
from intrakraft.domain.keys import KeyDestroyed, keyring
from intrakraft.domain.labels import Purpose, reading_for
from intrakraft.domain.notices import Kind as Told

SHORTEST = 12
LONGEST = 1000
LOOKED_AT = 72
SEALED = "credential.password_hash"
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)

TOO_SHORT = N_("It has %(count)s letters, it needs 12 or more. Four plain words are fine.")
TOO_LONG = N_("It has more than 1,000 letters. Take a shorter one.")
COMMON = N_("Thieves try this one first. Pick another.")
ABOUT_YOU = N_("It has your name or username in it. Take words that have nothing to do with you.")
PATTERNS = {
    "spatial": N_("A row of keys is easy to guess. Take four words that do not belong together."),
    "repeat": N_("The same over and over is easy to guess. Take four words that do not belong together."),
    "sequence": N_("A row like abc or 123 is easy to guess. Take four words that do not belong together."),
    "date": N_("A date is easy to guess. Take four words that do not belong together."),
    "regex": N_("A year is easy to guess. Take four words that do not belong together."),
}
GUESSABLE = N_("This is too easy to guess. Add one or two words that do not belong together.")


# -- pure: run off the event loop --


def hash_password(password: str) -> str:
    """Its argon2id hash (64 MiB, 3 passes, 4 lanes; about 0.13 s). All of it is hashed, however long."""
    return _HASHER.hash(_normal(password))


def verify_password(stored: str, password: str) -> bool:
    """Whether the password fits the hash; takes the same time for `no_hash()`, which nothing fits."""
    try:
        return _HASHER.verify(stored, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


@cache
def no_hash() -> str:
    """A hash to verify against where the name is nobody's, so that the time tells nothing (A5)."""
    return _HASHER.hash(secrets.token_urlsafe(24))


def check_choice(password: str, about: Iterable[str] = (), field: str = "password") -> None:
    """Raise `Invalid` for `field` where the password is too short or too easy to guess; `about` are words of the person.

    Length first, then the list of known passwords and the patterns that guessers try (zxcvbn, 3 of 4 or better over the
    first 72 letters; what is hashed is never cut).
    """
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise Invalid({field: (TOO_SHORT, {"count": len(normal)})})
    if len(normal) > LONGEST:
        raise Invalid({field: TOO_LONG})
    problem = _problem(normal, [word.lower() for text in about for word in (text, *text.split()) if len(word) > 2])
    if problem:
        raise Invalid({field: problem})


def _problem(password: str, words: list[str]) -> str | None:
    from zxcvbn import zxcvbn

    if _is_common(password):
        return COMMON
    found = zxcvbn(password[:LOOKED_AT], user_inputs=words)
    if found["score"] >= 3:
        return None
    parts = sorted(found["sequence"], key=lambda part: len(part["token"]), reverse=True)
    if any(part.get("dictionary_name") == "user_inputs" for part in parts):
        return ABOUT_YOU
    if parts[0].get("dictionary_name") == "passwords":
        return COMMON
    return PATTERNS.get(parts[0]["pattern"], GUESSABLE)


def _is_common(password: str) -> bool:
    """Whether it is among the 30,000 passwords that were stolen most often, bare or with digits and signs around it."""
    from zxcvbn.matching import RANKED_DICTIONARIES

    known = RANKED_DICTIONARIES["passwords"]
    plain = password.lower()
    return plain in known or plain.strip("0123456789!@#$%&*.-_ ") in known


def _normal(password: str) -> str:
    """NFKC, so that the same letters from another keyboard are the same password (NIST SP 800-63B, 5.1.1.2)."""
    return normal_text(password[:2000], "NFKC")


# -- reading --


def stored_hash(session: Session, account_id: int | None) -> str:
    """The person's hash, or one that nothing fits. Hand it to `verify_password` at once, and nowhere else."""
    query = sa.select(Credential.password_hash).where(Credential.subject_id == (account_id or 0))
    with reading_for(session, Purpose.AUTH) as reader:
        sealed = reader.scalar(query)
    try:
        return no_hash() if sealed is None else keyring(session).open(account_id or 0, SEALED, sealed)
    except KeyDestroyed:
        return no_hash()


# -- writing --


def add_credential(session: Session, account_id: int, password_hash: str) -> None:
    """Write the first hash of a new account, which nobody can sign in to before its mailed code came back."""
    sealed = keyring(session).seal(account_id, SEALED, password_hash)
    session.add(Credential(subject_id=account_id, password_hash=sealed))
    session.flush()


def set_password(
    session: Session,
    account: Account,
    new_hash: str,
    *,
    proof: SecondStepProof,
    browser: Browser,
    keep_sign_in: SignIn | None = None,
) -> None:
    """Put a new hash in the place of the old one: the only function that does (P-129).

    The proof of the second step is spent; every sign-in but `keep_sign_in` ends, no other browser stays trusted, and the
    owner gets a mail. Raises `NotVerified` for a proof that is another's, spent or older than 10 minutes.
    """
    proof.spend(account.id)
    sealed = keyring(session).seal(account.id, SEALED, new_hash)
    session.execute(
        sa.update(Credential).where(Credential.subject_id == account.id).values(password_hash=sealed, changed_at=now())
    )
    end_other_sign_ins(session, account, keep_sign_in)
    _end_resets(session, account.id)
    notices.queue(session, Told.PASSWORD_CHANGED, to=account.id, device=str(browser), when=now())
    kind = EventKind.PASSWORD_CHANGED if keep_sign_in else EventKind.PASSWORD_RESET
    note_event(session, account.id, kind, str(browser))


def ask_reset(session: Session, account: Account | None, *, link: Callable[[str], str], browser: Browser) -> Challenge:
    """Begin a reset: one mail with a link of one use, and apart from it a second mail with a code.

    Whoever has a code app or paper codes is asked for one of those instead of the second mail: the mailbox never counts
    twice. For a name that is nobody's the same rows are written and the same errands run, and nobody is
    mailed. `link(token)` makes the address.
    """
    account_id = account.id if account is not None and account.can_sign_in else None
    challenge, token = codes.begin(session, CodeKind.RESET, account_id)
    note_event(session, account_id, EventKind.RESET_ASKED, str(browser))
    if account_id is None:
        session.info.setdefault("enqueue", []).extend((0, 0))
        return challenge
    minutes = int(codes.ATTEMPT_LIVES.total_seconds() // 60)
    told = str(browser)
    notices.queue(session, Told.RESET_LINK, to=account_id, link=link(token), minutes=minutes, device=told, when=now())
    if Way.MAIL in ways_of(session, account_id, by_mail=False):
        codes.mail(session, challenge, device=told)
    return challenge


def _end_resets(session: Session, account_id: int) -> None:
    session.execute(
        sa.update(Challenge)
        .where(Challenge.account_id == account_id, Challenge.kind == CodeKind.RESET, Challenge.used_at.is_(None))
        .values(used_at=now()),
        execution_options={"synchronize_session": False},
    )
