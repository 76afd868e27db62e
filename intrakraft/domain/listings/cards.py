"""Cards: listings as lists show them, fetched as plain columns, newest first, page after page without an offset.

Statements are built once; the number of queries is the same for one card as for a page of them (performance budget 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import categories, search
from intrakraft.domain.accounts import Account
from intrakraft.domain.accounts import Status as Standing
from intrakraft.domain.base import UtcDateTime, now
from intrakraft.domain.folding import language_of
from intrakraft.domain.listings.drafting import title_of
from intrakraft.domain.listings.offers import typed_of
from intrakraft.domain.listings.tables import STATUS_NAMES, Listing, ListingDraft, Status
from intrakraft.domain.listings.units import UNITS
from intrakraft.domain.media import Photo
from intrakraft.domain.search import InOrder, Match

PAGE = 24
IS_SHOWN = sa.and_(
    Account.frozen_at.is_(None),
    sa.or_(
        Account.status.in_((Standing.ACTIVE, Standing.LIMITED)),
        sa.and_(Account.status == Standing.SUSPENDED, Account.status_until <= sa.bindparam("now", type_=UtcDateTime())),
    ),
)
"""Whether an account's listings are shown; its parameter `now` ends a suspension that is over."""


@dataclass(frozen=True, slots=True)
class Card:
    """One listing in a list. `photo` is the token of its first picture, or None; sizes are those of the full picture."""

    id: int
    number: int
    title: str
    category: str
    price_paise: int | None
    unit: str
    town: str
    business: str
    photo: str | None
    width: int | None
    height: int | None

    @property
    def lang(self) -> str:
        """The language its title is written in, where the script tells."""
        return language_of(self.title)

    @property
    def print(self) -> str:
        """The block print of its category."""
        return categories.find(self.category).icon

    @property
    def per(self) -> str:
        """What the price is for, to be translated."""
        return UNITS.get(self.unit, "")


@dataclass(frozen=True, slots=True)
class Page:
    """Some cards; `next_before` leads to those after them, None at the end."""

    cards: tuple[Card, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One listing on its lister's own page, in any state."""

    id: int
    title: str
    status: Status
    price_paise: int | None
    unit: str
    changed_at: datetime
    photo: str | None
    category: str
    has_changes: bool

    @property
    def status_name(self) -> str:
        """The state in words, to be translated."""
        return STATUS_NAMES[self.status]

    @property
    def print(self) -> str:
        """The block print of its category, or of goods without one."""
        return categories.find(self.category).icon if self.category else "basket"

    @property
    def per(self) -> str:
        """What the price is for, to be translated."""
        return UNITS.get(self.unit, "")


# -- what people look for --


def newest(
    session: Session, *, before: int | None = None, category: str = "", state: str = "", limit: int = PAGE
) -> Page:
    """Listings on show, newest first; `category` is the slug of a leaf or a branch, `state` the GST code of a state."""
    return find(session, "", before=before, category=category, state=state, limit=limit)


def find(
    session: Session,
    text: str,
    *,
    before: int | None = None,
    category: str = "",
    state: str = "",
    town: str = "",
    limit: int = PAGE,
) -> Page:
    """Listings on show that hold every word of `text`, newest first. Any text will do; one without words finds nothing.

    Raises `NotFound` for a category that is not in the list.
    """
    leaf, branch = _leaf_and_branch(category)
    query = search.query(text, category=leaf, branch=branch, state=state, town=town)
    if text.strip() and not query.words:
        return Page((), None)
    match, asked = search.matching(session, query)
    values: dict[str, Any] = {"before": _LAST if before is None else before, "now": now()}
    if match.condition is not None:
        values["match"] = asked
    rows = session.execute(_statement(match, limit + 1), values).all()
    return Page(tuple(Card(*row) for row in rows[:limit]), rows[limit - 1].number if len(rows) > limit else None)


_LAST = 2**62


def _leaf_and_branch(slug: str) -> tuple[str, str]:
    if not slug:
        return "", ""
    if categories.is_leaf(slug):
        return slug, ""
    return "", categories.find_branch(slug).slug


@cache
def _statement(match: Match, limit: int = PAGE) -> sa.Select[*tuple[Any, ...]]:
    """The select of cards out of what matches, in the order of the one index that is walked."""
    number = match.number
    is_it = Listing.posted_no == number if match.listing_id is None else Listing.id == match.listing_id
    walked = InOrder(match.source, Listing.__table__, is_it)
    source = InOrder(walked, Account.__table__, Account.id == Listing.lister_id).outerjoin(
        Photo, sa.and_(Photo.listing_id == Listing.id, Photo.position == 0)
    )
    picked = sa.select(
        Listing.id, number.label("number"), Listing.title, Listing.category, Listing.price_paise, Listing.unit,
        Listing.town, Account.place_of_business, Photo.token, Photo.width, Photo.height,
    ).select_from(source)  # fmt: skip
    if match.condition is not None:
        picked = picked.where(match.condition)
    return (
        picked.where(Listing.status == Status.LIVE, IS_SHOWN)
        .where(number < sa.bindparam("before", type_=sa.BigInteger()))
        .order_by(number.desc())
        .limit(sa.literal_column(str(limit)))
    )


# -- what a person offers --


def own(
    session: Session, lister: Account, *, before: int | None = None, limit: int = PAGE
) -> tuple[list[Line], int | None]:
    """This person's listings in every state but thrown away, the latest begun first, and the id to go on from."""
    values = {"lister": lister.id, "before": _LAST if before is None else before, "limit": limit + 1}
    rows = session.execute(_OWN, values).all()
    lines = [_line(row) for row in rows[:limit]]
    return lines, lines[-1].id if len(rows) > limit else None


def _line(row: Any) -> Line:
    return Line(
        id=row.id,
        title=title_of(row.title, row.typed),
        status=Status(row.status),
        price_paise=row.price_paise,
        unit=row.unit,
        changed_at=row.changed_at,
        photo=row.token,
        category=row.category,
        has_changes=row.typed is not None and row.typed != typed_of(row),
    )


_OWN = (
    sa.select(
        Listing.id, Listing.title, Listing.description, Listing.status, Listing.price_paise, Listing.unit, Listing.pin,
        Listing.changed_at, Listing.category, Listing.shows, Photo.token, ListingDraft.typed,
    )
    .outerjoin(ListingDraft, ListingDraft.listing_id == Listing.id)
    .outerjoin(Photo, sa.and_(Photo.listing_id == Listing.id, Photo.position == 0))
    .where(Listing.lister_id == sa.bindparam("lister"), Listing.id < sa.bindparam("before", type_=sa.BigInteger()))
    .where(Listing.status != Status.REMOVED)
    .order_by(Listing.id.desc())
    .limit(sa.bindparam("limit", type_=sa.Integer()))
)  # fmt: skip
