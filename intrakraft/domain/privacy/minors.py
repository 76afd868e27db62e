"""Minors: reports that an account belongs to a child.

A report freezes the account at once and a person looks at it afterwards; whoever reports never learns whether the
account exists (P-117).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain import accounts
from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model
from intrakraft.domain.errors import Invalid
from intrakraft.domain.labels import Basis, Category, Erase, Purpose, Retention, Visibility, personal, subject

GROUNDS_MAX = 1000


class ChildReport(Model):
    """Somebody's word that an account belongs to a child. Who said so is not kept."""

    __tablename__ = "child_report"

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(
        BigId, sa.ForeignKey("account.id"), index=True, why="says which account it is about"
    )
    grounds: Mapped[str] = personal(
        sa.Text,
        category=Category.SUP,
        purposes={Purpose.SUPPORT, Purpose.LEGAL},
        retention=Retention.SUP,
        visibility=Visibility.STAFF,
        erase=Erase.DELETE,
        basis=Basis.LAW,
        why="lets a person judge whether the report is right",
    )
    reported_at: Mapped[CreatedAt]


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
