"""Minors: reports that an account belongs to a child.

A report freezes the account at once and a person looks at it afterwards: confirmed, the account is erased, dismissed, it
is thawed. Whoever reports never learns whether the account exists (P-117).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, Session

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Account, states
from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model, UtcDateTime, now
from intrakraft.domain.errors import Invalid, Refusal
from intrakraft.domain.labels import Basis, Category, Erase, Purpose, Retention, Visibility, personal, subject

GROUNDS_MAX = 1000


class Decision(StrEnum):
    """What a member of the staff found."""

    OPEN = ""
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


def _of_the_case(*args: Any, why: str, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=Category.SUP,
        purposes={Purpose.SUPPORT, Purpose.LEGAL},
        retention=Retention.SUP,
        visibility=Visibility.STAFF,
        erase=Erase.DELETE,
        basis=Basis.LAW,
        why=why,
        **column,
    )


class ChildReport(Model):
    """Somebody's word that an account belongs to a child. Who said so is not kept."""

    __tablename__ = "child_report"

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(
        BigId, sa.ForeignKey("account.id"), index=True, why="says which account it is about"
    )
    grounds: Mapped[str] = _of_the_case(sa.Text, why="lets a person judge whether the report is right")
    decision: Mapped[str] = _of_the_case(sa.String(9), default=Decision.OPEN, why="what the staff found")
    decided_at: Mapped[datetime | None] = _of_the_case(UtcDateTime(), default=None, why="when it was decided")
    decided_by: Mapped[str] = _of_the_case(sa.String(40), default="", why="who decided it, by role")
    reported_at: Mapped[CreatedAt]


# -- reading --


def confirmed(session: Session, *, limit: int = 20) -> list[int]:
    """Ids of frozen accounts whose report was confirmed since they were frozen; they are to be erased."""
    query = (
        sa.select(Account.id)
        .join(ChildReport, ChildReport.subject_id == Account.id)
        .where(ChildReport.decision == Decision.CONFIRMED, Account.frozen_at <= ChildReport.decided_at)
        .distinct()
    )
    return list(session.scalars(query.limit(limit)))


# -- writing --


def report_child(session: Session, *, username: str, grounds: str) -> ChildReport | None:
    """Record the report and freeze the account; None, and nothing written, where no such account exists.

    A second report about a frozen account is recorded too. Staff are known to the operator, so a report about one of
    them is recorded without locking anybody out. Raises `Invalid` where the grounds are empty.
    """
    if not grounds.strip():
        raise Invalid({"grounds": N_("Say how you know.")})
    account = accounts.find_by_username(session, username)
    if account is None:
        return None
    report = ChildReport(subject_id=account.id, grounds=grounds.strip()[:GROUNDS_MAX])
    session.add(report)
    if not account.is_staff_role:
        accounts.freeze(session, account, reason=N_("Somebody told us that this account belongs to a child."))
    session.flush()
    return report


def confirm_child(session: Session, account: Account, *, by: str) -> None:
    """Find that the account is a child's: the job's next run erases it. Raises `Refusal` without an open report."""
    newest = _open_reports(session, account)[0]
    if account.is_staff_role:
        raise Refusal(N_("This account is staff. End that first."))
    states.freeze(session, account, reason=N_("This account belongs to a child."), by=by)
    _decide(newest, Decision.CONFIRMED, by)
    session.flush()


def dismiss_child(session: Session, account: Account, *, by: str) -> None:
    """Find that the account is not a child's: it is thawed. Raises `Refusal` without an open report."""
    for report in _open_reports(session, account):
        _decide(report, Decision.DISMISSED, by)
    states.thaw(session, account, reason=N_("We looked at it: this account does not belong to a child."), by=by)
    session.flush()


def _open_reports(session: Session, account: Account) -> list[ChildReport]:
    query = sa.select(ChildReport).where(ChildReport.subject_id == account.id, ChildReport.decision == Decision.OPEN)
    found = list(session.scalars(query.order_by(ChildReport.id.desc())))
    if not found:
        raise Refusal(N_("There is no open report about this account."))
    return found


def _decide(report: ChildReport, decision: Decision, by: str) -> None:
    report.decision, report.decided_at, report.decided_by = decision, now(), by[:40]
