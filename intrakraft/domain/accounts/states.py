"""States of accounts: limited, on hold, ended, blocked, frozen, and staff; who decided it, why and until when.

Whatever the state, people keep what is theirs: they sign in, read, take their data and appeal, unless they are blocked
(P-117, P-144, P-145, P-147).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import notices
from intrakraft.domain.accounts.contacts import ContactDetails, contact_of
from intrakraft.domain.accounts.events import EventKind, note_event
from intrakraft.domain.accounts.signing_in import STAFF_ROLES, end_other_sign_ins
from intrakraft.domain.accounts.tables import PASSING, STATUS_NAMES, Account, BlockedIdentifier, Status
from intrakraft.domain.base import N_, now
from intrakraft.domain.errors import Invalid, Refusal
from intrakraft.domain.keys import keyring
from intrakraft.domain.labels import Purpose, reading_for
from intrakraft.domain.notices import Kind as Told

REVIEWED_AFTER = timedelta(days=365)
LONGEST_REASON = 600

# -- writing --


def limit(session: Session, account: Account, reason: str, by: str, until: datetime | None = None) -> None:
    """No new listings, interests or messages; what is open goes on."""
    _change(session, account, Status.LIMITED, reason, by, until)


def suspend(session: Session, account: Account, reason: str, by: str, until: datetime | None = None) -> None:
    """On hold: listings hidden, nothing new; signing in, reading, taking one's data and appealing go on."""
    _change(session, account, Status.SUSPENDED, reason, by, until)


def terminate(session: Session, account: Account, reason: str, by: str, until: datetime | None = None) -> None:
    """Ended for good: the person may still sign in to take their data and to appeal."""
    _change(session, account, Status.TERMINATED, reason, by, None)


def block(session: Session, account: Account, reason: str, by: str, until: datetime | None = None) -> None:
    """Shut out: no sign-in, and the proved e-mail and phone cannot register again (keyed hashes only, P-145)."""
    _change(session, account, Status.BLOCKED, reason, by, None)
    end_other_sign_ins(session, account)
    found, ring = contact_of(session, account.id, Purpose.ACCOUNT), keyring(session)
    if found is None:
        return
    for kind, value in _proved(found):
        _remember(session, kind, ring.blind(kind, value), reason, now().date() + REVIEWED_AFTER)


def reinstate(session: Session, account: Account, reason: str, by: str, until: datetime | None = None) -> None:
    """Open the account again, thaw it, and let its addresses register again."""
    account.frozen_at = None
    found, ring = contact_of(session, account.id, Purpose.ACCOUNT), keyring(session)
    if found is not None:
        _forget(session, [ring.blind(kind, value) for kind, value in _proved(found)])
    _change(session, account, Status.ACTIVE, reason, by, None)


def freeze(session: Session, account: Account, reason: str, by: str = "report") -> None:
    """Stop everything at once on word that the account belongs to a child; a person looks at it afterwards (P-117)."""
    if account.frozen_at is not None:
        return
    account.frozen_at = account.status_changed_at = now()
    account.status_reason, account.status_by = reason[:LONGEST_REASON], by[:40]
    _tell(session, account, N_("frozen"), reason)


def thaw(session: Session, account: Account, reason: str, by: str) -> None:
    """Take back a freeze: the account is in the state it was in before, and the person is told (P-117)."""
    if account.frozen_at is None:
        return
    account.frozen_at, account.status_changed_at = None, now()
    account.status_reason, account.status_by = reason[:LONGEST_REASON], by[:40]
    _tell(session, account, STATUS_NAMES[account.standing], reason)


def appoint(session: Session, account: Account, role: str) -> None:
    """Make the person a member of the staff; an empty role ends it. Raises `Invalid` for an unknown role."""
    if role and role not in STAFF_ROLES:
        raise Invalid({"role": (N_("There is no role %(role)s; there are %(roles)s."), _roles(role))})
    if role and not account.is_open:
        raise Refusal(N_("Only an open account can be staff."))
    account.is_staff_role = role
    end_other_sign_ins(session, account)
    note_event(session, account.id, EventKind.STATE_CHANGED)


def lift_past(session: Session, *, limit: int = 200) -> int:
    """Open accounts again whose state was to last until a time that is over; says how many."""
    over = sa.select(Account).where(Account.status.in_(PASSING), Account.status_until <= now()).limit(limit)
    found = list(session.scalars(over))
    for account in found:
        _change(session, account, Status.ACTIVE, N_("The time is over."), "clock", None)
    return len(found)


def _change(session: Session, account: Account, status: Status, reason: str, by: str, until: datetime | None) -> None:
    if account.status == Status.REGISTERING:
        raise Refusal(N_("This account is not opened yet."))
    if not reason.strip():
        raise Invalid({"reason": N_("Write the reason; the person reads it.")})
    if until is not None and until <= now():
        raise Invalid({"until": N_("Choose a time that is still to come.")})
    account.status, account.status_until = status, until
    account.status_reason, account.status_by = reason.strip()[:LONGEST_REASON], by[:40]
    account.status_changed_at = now()
    session.flush()
    _tell(session, account, STATUS_NAMES[status], reason)


def _tell(session: Session, account: Account, state: str, reason: str) -> None:
    note_event(session, account.id, EventKind.STATE_CHANGED)
    notices.queue(session, Told.ACCOUNT_STATE_CHANGED, to=account.id, state=state, reason=reason, when=now())


def _proved(contact: ContactDetails) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in (("email", contact.email), ("phone", contact.phone)) if value]


def _remember(session: Session, kind: str, mark: bytes, reason: str, review_on: date) -> None:
    _forget(session, [mark])
    session.add(BlockedIdentifier(kind=kind, identifier=mark, reason=reason[:LONGEST_REASON], review_on=review_on))
    session.flush()


def _forget(session: Session, marks: list[bytes]) -> None:
    with reading_for(session, Purpose.FRAUD) as reader:
        query = sa.select(BlockedIdentifier.id).where(BlockedIdentifier.identifier.in_(marks))
        known = list(reader.scalars(query))
    session.execute(
        sa.delete(BlockedIdentifier).where(BlockedIdentifier.id.in_(known)),
        execution_options={"synchronize_session": False},
    )


def _roles(role: str) -> dict[str, object]:
    return {"role": role, "roles": ", ".join(sorted(STAFF_ROLES))}
