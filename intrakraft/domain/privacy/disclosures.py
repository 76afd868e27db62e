"""Disclosures: the one door through which a person's registered contact reaches somebody else.

Whoever passes it leaves a row that the person concerned can read: who, which fields, why, when, under which policy
(P-096 to P-099; the ledger keeps names of fields, never their values).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, Session

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Account, ContactDetails
from intrakraft.domain.base import N_, BigId, Id, Model, UtcDateTime, now
from intrakraft.domain.errors import NotFound, TooMany
from intrakraft.domain.labels import Basis, Category, Erase, Purpose, Retention, Visibility, personal, plain, subject
from intrakraft.domain.privacy import policy
from intrakraft.domain.privacy.texts import Kind

CONTACT_FIELDS = ("name", "place_of_business", "email", "phone", "address")
"""The most an interest discloses: the contact of the registration form and nothing else (P-098)."""
_ADDRESS = ("street", "landmark", "city", "district", "state", "pin")

SHOWN_FOR = timedelta(days=30)
SAME_LOOK = timedelta(minutes=1)
MISUSE_COUNTS_FOR = timedelta(days=30)


def _kept_in_the_ledger(*args: Any, why: str, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=Category.STF,
        purposes={Purpose.EOI, Purpose.FRAUD, Purpose.LEGAL},
        retention=Retention.LOG,
        visibility=Visibility.ME,
        erase=Erase.KEEP,
        basis=Basis.LAW,
        why=why,
        **column,
    )


class Disclosure(Model):
    """One person's contact given to one other person, for one reason."""

    __tablename__ = "disclosure"
    __table_args__ = (
        sa.UniqueConstraint("purpose", "because_id", "subject_id"),
        sa.Index("ix_disclosure_recipient_id", "recipient_id", "disclosed_at"),
        sa.Index("ix_disclosure_subject_id", "subject_id", "id"),
        sa.CheckConstraint("subject_id <> recipient_id", name="to_another"),
    )

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), why="whose contact was given")
    recipient_id: Mapped[int] = _kept_in_the_ledger(BigId, sa.ForeignKey("account.id"), why="to whom it was given")
    purpose: Mapped[str] = _kept_in_the_ledger(sa.String(16), why="for which purpose")
    because_id: Mapped[int] = plain(BigId, why="the interest that opened the door")
    listing_id: Mapped[int] = plain(BigId, sa.ForeignKey("listing.id"), index=True, why="on which listing")
    fields: Mapped[str] = _kept_in_the_ledger(sa.String(200), why="which fields, by name and never by value")
    asked_for: Mapped[bool] = plain(default=True, why="whether the other asked, or the person gave it unasked")
    second_step: Mapped[bool] = _kept_in_the_ledger(default=True, why="whether the other had passed the second step")
    policy_version_id: Mapped[int] = plain(BigId, sa.ForeignKey("policy_version.id"), why="the policy of that moment")
    disclosed_at: Mapped[datetime] = _kept_in_the_ledger(UtcDateTime(), default=now, why="when it was given")
    last_read_at: Mapped[datetime | None] = _kept_in_the_ledger(
        UtcDateTime(), default=None, why="when it was last looked at"
    )
    ended_at: Mapped[datetime | None] = _kept_in_the_ledger(UtcDateTime(), default=None, why="when the door was closed")
    misused_at: Mapped[datetime | None] = _kept_in_the_ledger(
        UtcDateTime(), default=None, why="when you said it was misused"
    )

    @property
    def shown_until(self) -> datetime:
        """When the contact is hidden again, unless something ends it before."""
        return self.disclosed_at + SHOWN_FOR


class DisclosureReading(Model):
    """A later look at what had been disclosed; each is written before the page with the contact is sent."""

    __tablename__ = "disclosure_reading"

    id: Mapped[Id]
    disclosure_id: Mapped[int] = plain(BigId, sa.ForeignKey("disclosure.id"), index=True)
    read_at: Mapped[datetime] = _kept_in_the_ledger(UtcDateTime(), default=now, why="when it was looked at again")


@dataclass(frozen=True, slots=True)
class Quota:
    """How many new contacts a person may still ask for."""

    a_day: int
    a_minute: int


# -- reading --


def quota_of(session: Session, recipient: Account, base: Quota) -> Quota:
    """The quota of a person: each lister who called their looks misused within 30 days halves it (never below one)."""
    since = now() - MISUSE_COUNTS_FOR
    told = sa.select(sa.func.count(sa.distinct(Disclosure.subject_id))).where(
        Disclosure.recipient_id == recipient.id, Disclosure.misused_at > since
    )
    halved = session.scalar(told) or 0
    return Quota(max(1, base.a_day >> halved), max(1, base.a_minute >> halved))


def asked_since(session: Session, recipient: Account, since: datetime) -> int:
    """How many contacts were disclosed to this person since then."""
    count = sa.select(sa.func.count(Disclosure.id)).where(
        Disclosure.recipient_id == recipient.id, Disclosure.disclosed_at > since, Disclosure.asked_for
    )
    return session.scalar(count) or 0


def is_shut_out(session: Session, recipient: Account, subject_id: int) -> bool:
    """Whether this lister has called an earlier look of this person misused."""
    marked = sa.select(sa.literal(1)).where(
        Disclosure.recipient_id == recipient.id, Disclosure.subject_id == subject_id, Disclosure.misused_at.is_not(None)
    )
    return session.scalar(marked.limit(1)) is not None


def disclosed(session: Session, disclosure: Disclosure, *, shows: Collection[str]) -> ContactDetails | None:
    """The contact behind an open disclosure, read under its purpose; None once it has ended.

    Fields that the ledger does not name, or that are not in `shows` now, are empty: nothing shows that was not written
    down, nor what its owner hides since (P-098).
    """
    if disclosure.ended_at is not None or disclosure.misused_at is not None:
        return None
    contact = accounts.contact_of(session, disclosure.subject_id, Purpose(disclosure.purpose))
    written = disclosure.fields.split(",")
    hidden = [name for name in CONTACT_FIELDS if name not in written or name not in shows]
    parts = [part for name in hidden for part in (_ADDRESS if name == "address" else (name,))]
    nothing: dict[str, Any] = dict.fromkeys(parts, "")
    return contact and replace(contact, **nothing)


def needs_note(disclosure: Disclosure) -> bool:
    """Whether a look now is a further look, or still the same one."""
    latest = disclosure.last_read_at or disclosure.disclosed_at
    return now() - latest > SAME_LOOK


def find_own(session: Session, disclosure_id: int, subject_account: Account) -> Disclosure:
    """A line of this person's own ledger; anybody else's is not there."""
    found = session.get(Disclosure, disclosure_id)
    if found is None or found.subject_id != subject_account.id:
        raise NotFound(N_("There is no such line in your ledger."))
    return found


def recipient_name(session: Session, disclosure: Disclosure) -> str:
    """Username of the person to whom the contact was given."""
    return session.execute(sa.select(Account.username).where(Account.id == disclosure.recipient_id)).scalar_one()


def given_to(session: Session, recipient: Account, because: set[int]) -> list[Disclosure]:
    """Open disclosures to this person for these interests, given by their senders of their own accord (P-099)."""
    if not because or not recipient.can_see_contacts:
        return []
    query = sa.select(Disclosure).where(
        Disclosure.recipient_id == recipient.id,
        Disclosure.purpose == Purpose.EOI,
        Disclosure.because_id.in_(because),
        Disclosure.asked_for.is_(False),
        Disclosure.ended_at.is_(None),
        Disclosure.disclosed_at > now() - SHOWN_FOR,
    )
    return list(session.scalars(query))


# -- writing --


def disclose_contact(
    session: Session,
    *,
    subject: int,
    to: Account,
    purpose: Purpose,
    because: int,
    listing: int,
    fields: Collection[str],
    quota: Quota | None,
) -> Disclosure:
    """Open the door once for `because`, and write the ledger; a second call for the same reason changes nothing.

    `subject` and `listing` are ids; of `fields` only `CONTACT_FIELDS` count; `quota` is None where the subject gives
    the contact of their own accord. Raises `TooMany` when the quota of the day or of the minute is reached: the
    recipient is locked first, so that parallel requests stop at it exactly.
    """
    if quota is not None:
        lock(session, to.id)
    opened = (Disclosure.purpose == purpose, Disclosure.because_id == because, Disclosure.subject_id == subject)
    found = session.scalar(sa.select(Disclosure).where(*opened))
    if found is not None:
        return found
    if quota is not None:
        _within(session, to, quota_of(session, to, quota))
    row = Disclosure(
        subject_id=subject,
        recipient_id=to.id,
        purpose=purpose,
        because_id=because,
        listing_id=listing,
        asked_for=quota is not None,
        fields=",".join(name for name in CONTACT_FIELDS if name in fields),
        policy_version_id=policy.in_force(session, Kind.PRIVACY).id,
    )
    session.add(row)
    session.flush()
    return row


def lock(session: Session, account_id: int) -> Account:
    """The account, read anew and locked for whoever counts what it was shown; rows may still point to it meanwhile.

    So two people who ask each other at the same moment do not wait for one another.
    """
    return session.get_one(Account, account_id, with_for_update={"key_share": True}, populate_existing=True)


def _within(session: Session, recipient: Account, quota: Quota) -> None:
    moment = now()
    if asked_since(session, recipient, moment - timedelta(days=1)) >= quota.a_day:
        raise TooMany(
            N_("You have asked for %(number)s contacts today, and that is the limit. Come back tomorrow."),
            retry_after=3600,
            number=quota.a_day,
        )
    if asked_since(session, recipient, moment - timedelta(minutes=1)) >= quota.a_minute:
        raise TooMany(N_("That was quick. Wait a minute before you ask for the next contact."), retry_after=60)


def note_reading(session: Session, disclosure_id: int) -> None:
    """Write down a further look, in a transaction apart and before the contact is sent."""
    moment = now()
    session.add(DisclosureReading(disclosure_id=disclosure_id, read_at=moment))
    session.execute(sa.update(Disclosure).where(Disclosure.id == disclosure_id).values(last_read_at=moment))


def end(session: Session, purpose: Purpose, because: int) -> None:
    """Close the door that `because` had opened."""
    query = sa.update(Disclosure).where(
        Disclosure.purpose == purpose, Disclosure.because_id == because, Disclosure.ended_at.is_(None)
    )
    session.execute(query.values(ended_at=now()))


def mark_misused(session: Session, disclosure: Disclosure) -> None:
    """Say that this look was misused: every door of this person to the lister closes, and their quota is halved."""
    lock(session, disclosure.recipient_id)
    moment = now()
    if disclosure.misused_at is None:
        disclosure.misused_at = moment
    session.execute(
        sa.update(Disclosure)
        .where(
            Disclosure.subject_id == disclosure.subject_id,
            Disclosure.recipient_id == disclosure.recipient_id,
            Disclosure.ended_at.is_(None),
        )
        .values(ended_at=moment)
    )
