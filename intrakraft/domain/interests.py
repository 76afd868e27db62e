"""Expressions of interest: the only act that gives a person the lister's registered contact.

It is recorded once however often the button is pressed, the lister is told, and withdrawing it closes the door
(P-096, P-097, P-099).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain import notices
from intrakraft.domain.accounts import Account
from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model, UtcDateTime, now
from intrakraft.domain.errors import NotAllowed, Refusal
from intrakraft.domain.labels import Category, Erase, Purpose, Retention, Visibility, personal, plain, subject
from intrakraft.domain.listings import Listing, Status
from intrakraft.domain.privacy import disclosures
from intrakraft.domain.privacy.disclosures import SHOWN_FOR, Disclosure, DisclosureReading, Quota
from intrakraft.domain.privacy.policy import PolicyVersion

LONGEST_MESSAGE = 600
_STANDS = sa.text("withdrawn_at IS NULL")


class ExpressionOfInterest(Model):
    """One person's interest in one listing; withdrawn, it stays as a fact and a new one may follow."""

    __tablename__ = "expression_of_interest"
    __table_args__ = (
        sa.Index(
            "uq_expression_of_interest_standing",
            "listing_id",
            "interested_id",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        sa.Index("ix_expression_of_interest_interested_id", "interested_id", "id"),
    )

    id: Mapped[Id]
    listing_id: Mapped[int] = plain(BigId, sa.ForeignKey("listing.id"), index=True, why="in which listing")
    lister_id: Mapped[int] = plain(BigId, sa.ForeignKey("account.id"), index=True, why="whose listing it was")
    interested_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), why="who is interested")
    message: Mapped[str] = personal(
        sa.String(LONGEST_MESSAGE),
        category=Category.MSG,
        purposes={Purpose.EOI, Purpose.CHAT},
        retention=Retention.MSG,
        visibility=Visibility.COUNTERPARTIES,
        erase=Erase.BLANK,
        why="what you wrote to the lister",
        default="",
    )
    shares_contact: Mapped[bool] = personal(
        category=Category.CNS,
        purposes={Purpose.EOI},
        retention=Retention.MSG,
        visibility=Visibility.COUNTERPARTIES,
        erase=Erase.DELETE,
        why="whether you let the lister see your own contact too",
        default=False,
    )
    created_at: Mapped[CreatedAt]
    withdrawn_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None, why="when it was taken back")


@dataclass(frozen=True, slots=True)
class Received:
    """An interest as the lister sees it: username and message, and contact only if its sender ticked that (P-099)."""

    id: int
    listing_id: int
    listing_title: str
    username: str
    place_of_business: str
    city: str
    message: str
    created_at: datetime
    withdrawn_at: datetime | None
    shares_contact: bool
    listing_status: Status

    @property
    def gives_contact(self) -> bool:
        """Whether its sender's own contact is to be shown to the lister."""
        return self.shares_contact and self.withdrawn_at is None and self.listing_status == Status.LIVE


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of “who saw my details”, as the person concerned reads it."""

    id: int
    username: str
    place_of_business: str
    city: str
    listing_id: int
    listing_title: str
    fields: tuple[str, ...]
    second_step: bool
    policy_version: str
    disclosed_at: datetime
    readings: int
    last_read_at: datetime | None
    ended_at: datetime | None
    misused_at: datetime | None
    listing_status: Status

    @property
    def is_open(self) -> bool:
        """Whether the contact still shows."""
        closed = self.ended_at is not None or self.misused_at is not None or self.listing_status != Status.LIVE
        return not closed and self.disclosed_at > now() - SHOWN_FOR


# -- reading --


def standing(session: Session, listing: Listing, person: Account | None) -> ExpressionOfInterest | None:
    """This person's interest in the listing, unless it was withdrawn."""
    if person is None:
        return None
    return session.scalar(_STANDING, {"listing": listing.id, "person": person.id})


_STANDING = sa.select(ExpressionOfInterest).where(
    ExpressionOfInterest.listing_id == sa.bindparam("listing"),
    ExpressionOfInterest.interested_id == sa.bindparam("person"),
    ExpressionOfInterest.withdrawn_at.is_(None),
)


def open_door(
    session: Session, listing: Listing, person: Account | None
) -> tuple[ExpressionOfInterest, Disclosure] | None:
    """The interest and the disclosure under which this person may see the lister's contact now, or None.

    It ends with withdrawal, closing of the listing, misuse, and 30 days after it was given.
    """
    if person is None or not listing.is_open or not person.can_see_contacts:
        return None
    asked = {"listing": listing.id, "person": person.id, "since": now() - SHOWN_FOR}
    row = session.execute(_OPEN_DOOR, asked).first()
    return (row[0], row[1]) if row else None


_OPEN_DOOR = (
    sa.select(ExpressionOfInterest, Disclosure)
    .join(
        Disclosure,
        sa.and_(Disclosure.because_id == ExpressionOfInterest.id, Disclosure.purpose == Purpose.EOI),
    )
    .where(
        Disclosure.recipient_id == sa.bindparam("person"),
        ExpressionOfInterest.listing_id == sa.bindparam("listing"),
        ExpressionOfInterest.interested_id == sa.bindparam("person"),
        ExpressionOfInterest.withdrawn_at.is_(None),
        Disclosure.ended_at.is_(None),
        Disclosure.misused_at.is_(None),
        Disclosure.disclosed_at > sa.bindparam("since", type_=UtcDateTime()),
    )
)


def dealing(session: Session, viewer: Account | None, other: Account) -> Disclosure | None:
    """The disclosure under which the viewer may see the other's contact now, on whichever listing, or None.

    It goes one way: who sent an interest without their own contact is not seen by the lister (P-099).
    """
    if viewer is None or not viewer.can_see_contacts:
        return None
    query = (
        sa.select(Disclosure)
        .join(Listing, Listing.id == Disclosure.listing_id)
        .where(
            Disclosure.subject_id == other.id,
            Disclosure.recipient_id == viewer.id,
            Disclosure.ended_at.is_(None),
            Disclosure.disclosed_at > now() - SHOWN_FOR,
            Listing.status == Status.LIVE,
        )
        .order_by(Disclosure.id.desc())
    )
    return session.scalars(query.limit(1)).first()


def received(session: Session, lister: Account, *, before: int | None = None, limit: int = 20) -> list[Received]:
    """Interests in this person's listings, latest first."""
    query = (
        _lines()
        .join(Account, Account.id == ExpressionOfInterest.interested_id)
        .where(ExpressionOfInterest.lister_id == lister.id)
    )
    return _page(session, query, before, limit)


def sent(session: Session, person: Account, *, before: int | None = None, limit: int = 20) -> list[Received]:
    """Interests this person expressed, latest first; the names are the lister's."""
    query = (
        _lines()
        .join(Account, Account.id == ExpressionOfInterest.lister_id)
        .where(ExpressionOfInterest.interested_id == person.id)
    )
    return _page(session, query, before, limit)


def _lines() -> sa.Select[*tuple[Any, ...]]:
    interest = ExpressionOfInterest
    return sa.select(
        interest.id, interest.listing_id, Listing.title.label("listing_title"), Account.username, Account.place_of_business, Account.city,
        interest.message, interest.created_at, interest.withdrawn_at, interest.shares_contact,
        Listing.status.label("listing_status"),
    ).join(Listing, Listing.id == interest.listing_id)  # fmt: skip


def _page(session: Session, query: sa.Select[*tuple[Any, ...]], before: int | None, limit: int) -> list[Received]:
    if before is not None:
        query = query.where(ExpressionOfInterest.id < before)
    rows = session.execute(query.order_by(ExpressionOfInterest.id.desc()).limit(limit))
    return [Received(**row) for row in rows.mappings()]


def who_saw(
    session: Session, subject_account: Account, *, before: int | None = None, limit: int = 20
) -> list[LedgerLine]:
    """Who was given this person's contact, latest first; `before` is the id of the last line of the page above."""
    readings = (
        sa.select(sa.func.count(DisclosureReading.id))
        .where(DisclosureReading.disclosure_id == Disclosure.id)
        .scalar_subquery()
    )
    query = (
        sa.select(
            Disclosure.id, Account.username, Account.place_of_business, Account.city,
            Listing.id.label("listing_id"), Listing.title.label("listing_title"), Listing.status.label("listing_status"),
            Disclosure.fields, Disclosure.second_step, PolicyVersion.version.label("policy_version"),
            Disclosure.disclosed_at, readings.label("readings"), Disclosure.last_read_at, Disclosure.ended_at,
            Disclosure.misused_at,
        )
        .join(Account, Account.id == Disclosure.recipient_id)
        .join(Listing, Listing.id == Disclosure.listing_id)
        .join(PolicyVersion, PolicyVersion.id == Disclosure.policy_version_id)
        .where(Disclosure.subject_id == subject_account.id)
        .order_by(Disclosure.id.desc())
        .limit(limit)
    )  # fmt: skip
    if before is not None:
        query = query.where(Disclosure.id < before)
    rows = session.execute(query).mappings()
    return [LedgerLine(**{**row, "fields": tuple(row["fields"].split(","))}) for row in rows]


# -- writing --


def express_interest(
    session: Session, listing: Listing, *, by: Account, message: str, quota: Quota, shares_contact: bool = False
) -> ExpressionOfInterest:
    """Record interest once and open the door to the lister's contact; a second press of the button changes nothing.

    Raises `NotAllowed` for one's own listing, a state that forbids it or a lister who shut the person out, `Refusal`
    for a closed listing, `TooMany` beyond the quota.
    """
    if listing.lister_id == by.id:
        raise NotAllowed(N_("This is your own listing."))
    if not by.can_express_interest:
        raise NotAllowed(N_("Your account cannot send interests now. Your account page says why."))
    if not listing.is_open:
        raise Refusal(N_("This listing is closed. Nothing was sent."))
    disclosures.lock(session, by.id)
    interest = standing(session, listing, by)
    if interest is not None:
        return interest
    if disclosures.is_shut_out(session, by, listing.lister_id):
        raise NotAllowed(N_("This lister does not want further interests from you."))
    interest = ExpressionOfInterest(
        listing_id=listing.id,
        lister_id=listing.lister_id,
        interested_id=by.id,
        message=message,
        shares_contact=shares_contact,
    )
    session.add(interest)
    session.flush()
    disclosures.disclose_contact(
        session,
        subject=listing.lister_id,
        to=by,
        purpose=Purpose.EOI,
        because=interest.id,
        listing=listing.id,
        fields=listing.discloses,
        quota=quota,
    )
    if shares_contact:
        lister = session.get_one(Account, listing.lister_id)
        disclosures.disclose_contact(
            session,
            subject=by.id,
            to=lister,
            purpose=Purpose.EOI,
            because=interest.id,
            listing=listing.id,
            fields=disclosures.CONTACT_FIELDS,
            quota=None,
        )
    notices.queue(
        session,
        notices.Kind.INTEREST_RECEIVED,
        to=listing.lister_id,
        listing_id=listing.id,
        listing_title=listing.title,
        other_username=by.username,
        message=message,
    )
    return interest


def withdraw(session: Session, listing: Listing, *, by: Account) -> None:
    """Take an interest back: the contact is hidden again and the lister is told; a second press changes nothing."""
    disclosures.lock(session, by.id)
    interest = standing(session, listing, by)
    if interest is None:
        return
    interest.withdrawn_at = now()
    disclosures.end(session, Purpose.EOI, interest.id)
    notices.queue(
        session,
        notices.Kind.INTEREST_WITHDRAWN,
        to=listing.lister_id,
        listing_id=listing.id,
        listing_title=listing.title,
        other_username=by.username,
    )
