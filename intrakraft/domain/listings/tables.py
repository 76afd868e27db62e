"""Tables of listings: what is offered, in which state it stands, and what its lister has typed but not yet put up.

A draft is a listing that nobody else can see; what is typed into a form is kept beside it as typed, right or wrong.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, relationship

from intrakraft.domain import categories, places
from intrakraft.domain.accounts import Account
from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model, UtcDateTime, now
from intrakraft.domain.folding import language_of
from intrakraft.domain.labels import Category, Erase, Purpose, Retention, Visibility, personal, plain, subject
from intrakraft.domain.listings.units import UNITS

LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 5000
SHOWABLE = {"name": N_("Name"), "email": N_("E-mail"), "phone": N_("Phone"), "address": N_("Address")}
"""What a listing may show of its lister's contact to whoever sends an interest; the name of the business is public."""
SHOWS_ALL = ",".join(SHOWABLE)


class Status(StrEnum):
    """In which state a listing stands."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    CLOSED = "closed"
    REMOVED = "removed"


STATUS_NAMES = {
    Status.DRAFT: N_("Draft"),
    Status.LIVE: N_("On show"),
    Status.PAUSED: N_("Paused"),
    Status.CLOSED: N_("Closed"),
    Status.REMOVED: N_("Removed"),
}
TO_BE_SEEN = (Status.LIVE, Status.PAUSED, Status.CLOSED)
"""States in which everybody with the address sees the listing; only live ones are found and give a contact."""


def _offered(*args: Any, why: str, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=Category.UGC,
        purposes={Purpose.LIST},
        retention=Retention.ACCT,
        visibility=Visibility.PUBLIC,
        erase=Erase.DELETE,
        why=why,
        **column,
    )


def _place(*args: Any, why: str, visibility: Visibility = Visibility.PUBLIC, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=Category.DEM,
        purposes={Purpose.LIST},
        retention=Retention.ACCT,
        visibility=visibility,
        erase=Erase.DELETE,
        why=why,
        **column,
    )


class Listing(Model):
    """A classified advertisement. `posted_no` is its number in the index, given when it is first put up."""

    __tablename__ = "listing"
    __table_args__ = (
        sa.CheckConstraint("status in ('draft', 'live', 'paused', 'closed', 'removed')", name="status"),
        sa.CheckConstraint("price_paise is null or price_paise > 0", name="price_above_zero"),
        sa.CheckConstraint("status <> 'live' or (posted_no is not null and title <> '')", name="live_is_whole"),
        sa.UniqueConstraint("lister_id", "form_key"),
        sa.Index("ix_listing_lister_id", "lister_id", "id"),
        sa.Index("ix_listing_cell", "cell", "posted_no"),
    )

    id: Mapped[Id]
    lister_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), why="who offers it")
    status: Mapped[Status] = plain(sa.String(8), default=Status.DRAFT, why="in which state it stands")
    form_key: Mapped[str] = plain(sa.String(32), why="the form it began with, so that pressing twice makes one")
    title: Mapped[str] = _offered(sa.String(LONGEST_TITLE), why="what you offer, in a line", default="")
    description: Mapped[str] = _offered(sa.Text, why="what you say about it", default="")
    category: Mapped[str] = _offered(sa.String(40), why="the kind of goods", default="")
    price_paise: Mapped[int | None] = _offered(sa.BigInteger, why="the price you ask", default=None)
    unit: Mapped[str] = _offered(sa.String(12), why="what the price is for", default="")
    pin: Mapped[str] = _place(
        sa.String(6), why="where the goods are; pages show the town only", visibility=Visibility.ME, default=""
    )
    town: Mapped[str] = _place(sa.String(80), why="the town shown beside the goods", default="")
    district: Mapped[str] = _place(sa.String(80), why="the district people look in", default="")
    state_code: Mapped[str] = _place(sa.String(2), why="the state people look in", default="")
    cell: Mapped[int | None] = _place(
        sa.Integer, why="the square of 11 km that near searches use", visibility=Visibility.NOBODY, default=None
    )
    shows: Mapped[str] = _offered(sa.String(40), why="which of your contact an interest in it shows", default=SHOWS_ALL)
    posted_no: Mapped[int | None] = plain(BigId, unique=True, default=None, why="its number in the index")
    created_at: Mapped[CreatedAt]
    posted_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None, why="when it was first put up")
    changed_at: Mapped[datetime] = plain(UtcDateTime(), default=now, why="when its lister last changed it")
    closed_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None, why="when it was closed")

    lister: Mapped[Account] = relationship(lazy="raise_on_sql")

    @property
    def is_open(self) -> bool:
        """Whether people may express interest in it."""
        return self.status == Status.LIVE

    @property
    def is_draft(self) -> bool:
        """Whether it was never put up."""
        return self.status == Status.DRAFT

    @property
    def has_been_put_up(self) -> bool:
        """Whether it is to be seen by everybody with its address, open or not."""
        return self.status in TO_BE_SEEN

    @property
    def discloses(self) -> tuple[str, ...]:
        """The fields of its lister's contact that an interest shows (P-098)."""
        return ("place_of_business", *(name for name in SHOWABLE if name in self.shows.split(",")))

    @property
    def shown_words(self) -> list[str]:
        """What an interest shows that is not public already, to be translated."""
        return [words for name, words in SHOWABLE.items() if name in self.discloses]

    @property
    def state(self) -> str:
        """The name of its state in English, or "" ."""
        return self.state_in("en")

    def state_in(self, language: str) -> str:
        """The name of its state in a language of the pages, or ""."""
        state = places.state_called(self.state_code)
        return state.name_in(language) if state else ""

    @property
    def print(self) -> str:
        """The block print of its category."""
        return categories.find(self.category).icon if self.category else "basket"

    @property
    def lang(self) -> str:
        """The language its title is written in, where the script tells."""
        return language_of(self.title)

    @property
    def description_lang(self) -> str:
        """The language its description is written in, where the script tells."""
        return language_of(self.description)

    @property
    def per(self) -> str:
        """What the price is for, to be translated."""
        return UNITS.get(self.unit, "")

    @property
    def status_name(self) -> str:
        """The state in words, to be translated."""
        return STATUS_NAMES[Status(self.status)]


class ListingDraft(Model):
    """What the lister has typed into the form of a listing and not put up: each field as typed, right or wrong."""

    __tablename__ = "listing_draft"

    listing_id: Mapped[int] = plain(
        BigId, sa.ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True, why="of which listing"
    )
    lister_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), index=True, why="who typed it")
    typed: Mapped[dict[str, str]] = personal(
        sa.JSON,
        category=Category.UGC,
        purposes={Purpose.LIST},
        retention=Retention.ACCT,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why="what you typed and have not put up yet",
        default=dict,
    )
    refused: Mapped[list[dict[str, Any]]] = personal(
        sa.JSON,
        category=Category.UGC,
        purposes={Purpose.LIST},
        retention=Retention.ACCT,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why="files of your last upload that could not be used, by name, and why",
        default=list,
    )
    kept_at: Mapped[datetime] = plain(UtcDateTime(), default=now, why="when it was last kept")
