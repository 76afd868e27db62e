"""Security events: what touched the safety of an account, for its owner to read.

An event names browser family and system and never an address, which stands in the sealed log alone (P-034).
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain.accounts.tables import Account, SecurityEvent
from intrakraft.domain.base import N_, now

KEPT = timedelta(days=365)


class EventKind(StrEnum):
    """What happened."""

    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SECOND_STEP_FAILED = "second_step_failed"
    VERIFIED = "verified"
    SIGNED_OUT = "signed_out"
    SIGN_IN_ENDED = "sign_in_ended"
    DEVICE_TRUSTED = "device_trusted"
    PASSWORD_CHANGED = "password_changed"
    RESET_ASKED = "reset_asked"
    PASSWORD_RESET = "password_reset"
    SECOND_STEP_CHANGED = "second_step_changed"
    EMAIL_CHANGED = "email_changed"
    STATE_CHANGED = "state_changed"


EVENT_NAMES = {
    EventKind.REGISTERED: N_("Account opened"),
    EventKind.SIGNED_IN: N_("Signed in"),
    EventKind.SIGN_IN_FAILED: N_("Wrong password at sign-in"),
    EventKind.SECOND_STEP_FAILED: N_("Wrong code"),
    EventKind.VERIFIED: N_("Second step passed"),
    EventKind.SIGNED_OUT: N_("Signed out"),
    EventKind.SIGN_IN_ENDED: N_("Signed out from afar"),
    EventKind.DEVICE_TRUSTED: N_("Device trusted for 90 days"),
    EventKind.PASSWORD_CHANGED: N_("Password changed"),
    EventKind.RESET_ASKED: N_("New password asked for"),
    EventKind.PASSWORD_RESET: N_("Password set anew by mail"),
    EventKind.SECOND_STEP_CHANGED: N_("Second step changed"),
    EventKind.EMAIL_CHANGED: N_("E-mail address changed"),
    EventKind.STATE_CHANGED: N_("State of the account changed"),
}


# -- reading --


def security_events_of(session: Session, account: Account, *, limit: int = 50) -> list[SecurityEvent]:
    """What happened to the account, latest first."""
    query = sa.select(SecurityEvent).where(SecurityEvent.account_id == account.id)
    return list(session.scalars(query.order_by(SecurityEvent.id.desc()).limit(limit)))


# -- writing --


def note_event(session: Session, account_id: int | None, kind: EventKind, device: str = "") -> None:
    """Write down what happened; `account_id` is None where the name typed was nobody's."""
    session.add(SecurityEvent(account_id=account_id, kind=kind, device=device[:90]))
    session.flush()


def forget_old(session: Session, *, limit: int = 500) -> int:
    """Delete events older than 365 days (R.log); says how many."""
    old = sa.select(SecurityEvent.id).where(SecurityEvent.happened_at < now() - KEPT).limit(limit)
    done = session.execute(
        sa.delete(SecurityEvent).where(SecurityEvent.id.in_(old)), execution_options={"synchronize_session": False}
    )
    assert isinstance(done, sa.CursorResult)
    return done.rowcount
