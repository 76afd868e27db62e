"""Mailed codes: six digits that prove the mailbox, once, for fifteen minutes, in at most five tries.

A try is counted before it is compared, in the same transaction, so that many tries at once are still five (P-120).
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import notices
from intrakraft.domain.accounts.tables import Challenge, token_hash
from intrakraft.domain.base import N_, new_token, now
from intrakraft.domain.errors import Invalid, TooMany
from intrakraft.domain.keys import KeyDestroyed, keyring
from intrakraft.domain.labels import Purpose, reading_for
from intrakraft.domain.notices import Channel
from intrakraft.domain.notices import Kind as Told

MINUTES = 15
TRIES = 5
SENDS = 5
PAUSE = timedelta(seconds=30)
ATTEMPT_LIVES = timedelta(minutes=30)
SEALED = "challenge.code"

WRONG = N_("This is not the code we mailed. %(left)s tries are left.")
WRONG_ONCE_MORE = N_("This is not the code we mailed. One try is left.")
USED_UP = N_("That was the fifth wrong code. Ask for a new one below.")
RUN_OUT = N_("This code has run out. Ask for a new one below.")
SIX_DIGITS = N_("The code has 6 digits.")


class CodeKind(StrEnum):
    """What a mailed code opens."""

    REGISTRATION = "registration"
    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    RESET = "reset"
    EMAIL_CHANGE = "email_change"


_TOLD = {
    CodeKind.REGISTRATION: Told.REGISTRATION_CODE,
    CodeKind.SIGN_IN: Told.SIGN_IN_CODE,
    CodeKind.STEP_UP: Told.STEP_UP_CODE,
    CodeKind.RESET: Told.RESET_CODE,
    CodeKind.EMAIL_CHANGE: Told.EMAIL_CHANGE_CODE,
}


@dataclass(frozen=True, slots=True)
class Tried:
    """How a try ended. `problem` is None where the code was right; raise it only after the count is committed."""

    account_id: int | None
    problem: Invalid | None = None

    @property
    def passed(self) -> bool:
        """Whether the code was right."""
        return self.problem is None

    def or_raise(self) -> int:
        """The account whose code it was. Raises `Invalid` for the field `code`."""
        if self.problem is not None:
            raise self.problem
        assert self.account_id is not None
        return self.account_id


# -- reading --


def find_attempt(session: Session, kind: CodeKind, token: str | None) -> Challenge | None:
    """The attempt that this browser carries, if it is of this kind and its time is not over."""
    if not token:
        return None
    query = sa.select(Challenge).where(
        Challenge.token_hash == token_hash(token),
        Challenge.kind == kind,
        Challenge.expires_at > now(),
        Challenge.used_at.is_(None),
    )
    return session.scalar(query)


def latest(session: Session, account_id: int, kind: CodeKind) -> Challenge | None:
    """The person's newest attempt of this kind that still waits, for kinds that no cookie carries."""
    query = sa.select(Challenge).where(
        Challenge.account_id == account_id,
        Challenge.kind == kind,
        Challenge.expires_at > now(),
        Challenge.used_at.is_(None),
        Challenge.token_hash.is_(None),
    )
    return session.scalar(query.order_by(Challenge.id.desc()).limit(1))


def digits_of(typed: str) -> str:
    """The code as ASCII digits, from what people type: blanks and hyphens out, digits of any Indian script.

    Raises `Invalid` for the field `code`.
    """
    kept = [c for c in typed if not (c.isspace() or c in "-‐‑–." or unicodedata.category(c) == "Cf")]
    if len(kept) != 6 or not all(c.isdecimal() for c in kept):
        raise Invalid({"code": SIX_DIGITS})
    return "".join(str(unicodedata.decimal(c)) for c in kept)


# -- writing --


def begin(session: Session, kind: CodeKind, account_id: int | None, *, stay: bool = False) -> tuple[Challenge, str]:
    """A new attempt and the token its browser carries; `account_id` None makes one that never passes."""
    token = new_token(24)
    challenge = _add(session, kind, account_id, token_hash=token_hash(token), stay=stay)
    return challenge, token


def send(session: Session, account_id: int, kind: CodeKind, *, device: str = "", address: str = "") -> Challenge:
    """Mail a code to this person for an act they have begun while signed in (step-up, change of address).

    `address` is the new address of a change of e-mail; it goes there, and what was mailed before no longer counts. A
    code asked for again within 30 seconds is not mailed twice. Raises `TooMany` after 5 mails for one attempt.
    """
    challenge = latest(session, account_id, kind)
    if challenge is not None and address:
        use(session, challenge)
        challenge = None
    if challenge is None or (challenge.sends >= SENDS and not challenge.has_live_code):
        challenge = _add(session, kind, account_id)
    mail(session, challenge, device=device, address=address)
    return challenge


def mail(session: Session, challenge: Challenge, *, reaches: bool = True, device: str = "", address: str = "") -> None:
    """Mail a new code for the attempt; the one before stops working and the tries begin anew.

    A second press within 30 seconds changes nothing. `reaches` False goes through the motions without a code that could
    ever be typed, for addresses that belong to somebody else. Raises `TooMany` after 5 mails.
    """
    moment = now()
    if challenge.code_sent_at is not None and moment - challenge.code_sent_at < PAUSE:
        return
    if challenge.sends >= SENDS:
        raise TooMany(N_("We have mailed five codes. Wait half an hour and begin again."), retry_after=1800)
    assert challenge.account_id is not None
    code = f"{secrets.randbelow(1_000_000):06}"
    challenge.code = keyring(session).seal(challenge.account_id, SEALED, code if reaches else "------")
    challenge.code_sent_at, challenge.code_until = moment, moment + timedelta(minutes=MINUTES)
    challenge.expires_at = moment + ATTEMPT_LIVES
    challenge.sends += 1
    challenge.tries = 0
    session.flush()
    if reaches:
        fields: dict[str, notices.Value] = {"device": device, "when": moment} if device else {}
        fields |= {"address": address} if address else {}
        kind = _TOLD[CodeKind(challenge.kind)]
        notices.queue(
            session, kind, to=challenge.account_id, channel=Channel.MAIL, code=code, minutes=MINUTES, **fields
        )


def attempt(session: Session, challenge: Challenge | None, typed: str) -> Tried:
    """Compare what was typed with the mailed code, and count the try; right once, and never again.

    The transaction must be committed whatever the outcome, so the problem is returned instead of raised:
    `with db.apart() as session: tried = attempt(session, ...)` and then `tried.or_raise()`.
    """
    if challenge is None:
        return Tried(None, Invalid({"code": RUN_OUT}))
    account_id = challenge.account_id
    try:
        code = digits_of(typed)
    except Invalid as problem:
        return Tried(account_id, problem)
    if not _took_a_try(session, challenge.id):
        return Tried(account_id, _problem(challenge))
    tries = session.execute(sa.select(Challenge.tries).where(Challenge.id == challenge.id)).scalar_one()
    if account_id is None or not _is_right(session, challenge.id, account_id, code):
        return Tried(account_id, _wrong(TRIES - tries))
    moment = now()
    session.execute(
        sa.update(Challenge).where(Challenge.id == challenge.id).values(passed_at=moment, code_until=moment, code=None),
        execution_options={"synchronize_session": False},
    )
    session.expire(challenge)
    return Tried(account_id)


def check(session: Session, account_id: int, kind: CodeKind, typed: str) -> Tried:
    """`attempt` for a code that was asked for while signed in; a right one is used up by it."""
    tried = attempt(session, challenge := latest(session, account_id, kind), typed)
    if tried.passed and challenge is not None:
        use(session, challenge)
    return tried


def use(session: Session, challenge: Challenge) -> None:
    """The attempt has done its work and can do no more."""
    challenge.used_at = now()


def forget_old(session: Session, *, limit: int = 500) -> int:
    """Delete attempts that are over; says how many."""
    over = sa.select(Challenge.id).where(Challenge.expires_at < now() - timedelta(days=1)).limit(limit)
    done = session.execute(
        sa.delete(Challenge).where(Challenge.id.in_(over)), execution_options={"synchronize_session": False}
    )
    assert isinstance(done, sa.CursorResult)
    return done.rowcount


def _add(session: Session, kind: CodeKind, account_id: int | None, **values: object) -> Challenge:
    challenge = Challenge(kind=kind, account_id=account_id, expires_at=now() + ATTEMPT_LIVES, **values)
    session.add(challenge)
    session.flush()
    return challenge


def _took_a_try(session: Session, challenge_id: int) -> bool:
    open_ = (
        Challenge.id == challenge_id,
        Challenge.tries < TRIES,
        Challenge.passed_at.is_(None),
        Challenge.used_at.is_(None),
        Challenge.code_until > now(),
    )
    done = session.execute(
        sa.update(Challenge).where(*open_).values(tries=Challenge.tries + 1),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(done, sa.CursorResult)
    return done.rowcount == 1


def _is_right(session: Session, challenge_id: int, account_id: int, code: str) -> bool:
    with reading_for(session, Purpose.AUTH) as reader:
        sealed = reader.execute(sa.select(Challenge.code).where(Challenge.id == challenge_id)).scalar()
    if sealed is None:
        return False
    try:
        mailed = keyring(session).open(account_id, SEALED, sealed)
    except KeyDestroyed:
        return False
    return hmac.compare_digest(mailed.encode(), code.encode())


def _problem(challenge: Challenge) -> Invalid:
    worn = challenge.tries >= TRIES and challenge.has_live_code
    return Invalid({"code": USED_UP if worn else RUN_OUT})


def _wrong(left: int) -> Invalid:
    if left <= 0:
        return Invalid({"code": USED_UP})
    words: str | tuple[str, Mapping[str, object]] = WRONG_ONCE_MORE if left == 1 else (WRONG, {"left": left})
    return Invalid({"code": words})
