"""The second step: one gate for every act that a password alone must not open.

Only the gate makes a proof, and a proof is for one person, once, for ten minutes; whoever writes a password hash needs
one (P-120, P-129).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from intrakraft.domain.accounts import codes, second_factors
from intrakraft.domain.accounts.second_factors import Site
from intrakraft.domain.accounts.tables import LATELY, Challenge, SignIn
from intrakraft.domain.base import N_, now
from intrakraft.domain.errors import Invalid, NotVerified

_GATE = object()

WRONG_TOTP = N_("This is not the code the app shows now. Is the phone’s clock set by itself?")
WRONG_PAPER_CODE = N_("This is not one of your paper codes, or it was used before.")
WRONG_PASSKEY = N_("The passkey did not answer. Try once more, or choose another way.")
NOT_SET_UP = N_("This way is not set up for your account. Choose another.")


class Way(StrEnum):
    """How a second step is passed."""

    PASSKEY = "passkey"
    TOTP = "totp"
    MAIL = "mail"
    PAPER = "paper"


@dataclass(slots=True)
class SecondStepProof:
    """That a person passed a second step just now. Made by the gate alone; `spend` takes it once."""

    account_id: int
    way: Way
    at: datetime
    _made_by: object = field(repr=False)
    _spent: bool = False

    def __post_init__(self) -> None:
        if self._made_by is not _GATE:
            raise TypeError("only the gate makes a proof")

    def spend(self, account_id: int) -> None:
        """Use the proof up for this person. Raises `NotVerified` where it is another's, spent or too old."""
        if self._spent or self.account_id != account_id or now() - self.at > LATELY:
            raise NotVerified(N_("Show once more that it is you, then try again."))
        self._spent = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person gives as their second step: a way, and the code typed or what the passkey said."""

    way: Way
    typed: str
    site: Site


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a second step ended. `proof` and `problem` exclude each other; raise the problem after the commit."""

    proof: SecondStepProof | None = None
    problem: Invalid | None = None

    def or_raise(self) -> SecondStepProof:
        """The proof. Raises `Invalid` for the field `code`."""
        if self.proof is None:
            raise self.problem or Invalid({"code": NOT_SET_UP})
        return self.proof


# -- reading --


def ways_of(session: Session, account_id: int, *, by_mail: bool = True) -> list[Way]:
    """Ways this person may pass a second step, strongest first.

    `by_mail` False where the mailbox has spoken already, as at a reset: it never counts twice for somebody who has a code
    app or paper codes (P-129). A passkey alone does not take it away, since it may be on a lost phone and needs script.
    """
    found = second_factors.factors_of(session, account_id)
    ways = [Way.PASSKEY] if found.passkeys else []
    ways += [Way.TOTP] if found.totp else []
    ways += [Way.MAIL] if by_mail or not (found.totp or found.paper_codes) else []
    return ways + ([Way.PAPER] if found.paper_codes else [])


# -- writing --


def check_second_step(
    session: Session, account_id: int, answer: Answer, challenge: Challenge | None, *, by_mail: bool = True
) -> Outcome:
    """Let the person through the gate, or say why not; `challenge` is the attempt whose mailed code counts.

    What it counts and uses up must be committed whatever the outcome: call it in a transaction apart, then `or_raise`.
    """
    if answer.way not in ways_of(session, account_id, by_mail=by_mail):
        return Outcome(problem=Invalid({"code": NOT_SET_UP}))
    if answer.way is Way.MAIL:
        tried = codes.attempt(session, challenge, answer.typed)
        passed, words = tried.passed and tried.account_id == account_id, None
        problem = tried.problem
    else:
        passed, words = _check_own(session, account_id, answer)
        problem = Invalid({"code": words}) if words else None
    return Outcome(_proof(account_id, answer.way)) if passed else Outcome(problem=problem)


def _check_own(session: Session, account_id: int, answer: Answer) -> tuple[bool, str | None]:
    if answer.way is Way.TOTP:
        passed, words = second_factors.check_totp(session, account_id, answer.typed), WRONG_TOTP
    elif answer.way is Way.PAPER:
        passed, words = second_factors.check_recovery_code(session, account_id, answer.typed), WRONG_PAPER_CODE
    else:
        passed, words = _passkey_answered(session, account_id, answer), WRONG_PASSKEY
    return passed, None if passed else words


def _passkey_answered(session: Session, account_id: int, answer: Answer) -> bool:
    try:
        return second_factors.check_passkey(session, account_id, answer.typed, answer.site)
    except Invalid:
        return False


def proof_of_registration(challenge: Challenge) -> SecondStepProof:
    """The proof that the mailed code of a registration came back. Raises `NotVerified` where it did not."""
    if challenge.passed_at is None or challenge.account_id is None or challenge.kind != codes.CodeKind.REGISTRATION:
        raise NotVerified(N_("Type the code we mailed first."))
    return _proof(challenge.account_id, Way.MAIL)


def proof_from(sign_in: SignIn) -> SecondStepProof:
    """The proof that a step-up of the last 10 minutes gave. Raises `NotVerified` where there was none."""
    if not sign_in.is_lately_verified:
        raise NotVerified(N_("Show once more that it is you, then try again."))
    return _proof(sign_in.account_id, Way.MAIL)


def _proof(account_id: int, way: Way) -> SecondStepProof:
    return SecondStepProof(account_id, way, now(), _GATE)
