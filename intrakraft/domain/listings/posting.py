"""Posting: putting a listing up, changing it, pausing, closing and opening it again; the index always agrees.

Only its lister does any of this, and pressing a button twice does it once.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from intrakraft.domain import categories, places, search
from intrakraft.domain.accounts import Account, contact_of
from intrakraft.domain.accounts import Status as Standing
from intrakraft.domain.base import N_, now
from intrakraft.domain.errors import NotFound, Refusal
from intrakraft.domain.labels import Purpose
from intrakraft.domain.listings import offers
from intrakraft.domain.listings.cards import IS_SHOWN
from intrakraft.domain.listings.drafting import LISTING_GONE, check_can_list, typed_in
from intrakraft.domain.listings.offers import Offer
from intrakraft.domain.listings.tables import TO_BE_SEEN, Listing, Status
from intrakraft.domain.media import Photo, Place
from intrakraft.domain.search import Entry

# -- reading --


def find_visible(session: Session, listing_id: int, viewer: Account | None) -> Listing:
    """A listing this viewer may see, with its lister at hand. Raises `NotFound`: drafts are for their lister only.

    Paused and closed ones are still to be seen by their address; listings of people who are suspended are not.
    """
    listing = session.scalar(_WITH_LISTER, {"listing": listing_id})
    if listing is None or not is_visible(listing, viewer):
        raise NotFound(LISTING_GONE)
    return listing


_WITH_LISTER = (
    sa.select(Listing)
    .where(Listing.id == sa.bindparam("listing"))
    .options(joinedload(Listing.lister))
    .execution_options(populate_existing=True)
)


def is_visible(listing: Listing, viewer: Account | None) -> bool:
    """Whether this viewer may see it."""
    if viewer is not None and viewer.id == listing.lister_id:
        return listing.status != Status.REMOVED
    lister = listing.lister
    return (
        listing.has_been_put_up and lister.frozen_at is None and lister.standing in (Standing.ACTIVE, Standing.LIMITED)
    )


def find_photo(session: Session, token: str, viewer: Account | None) -> tuple[Place, bool]:
    """Where a photo is kept, and whether everybody may see it. Raises `NotFound` where this viewer may not.

    Photos can be seen by those who can see their listing.
    """
    row = session.execute(_PHOTO, {"token": token, "now": now()}).first()
    if row is None:
        raise NotFound(LISTING_GONE)
    open_to_all = row.status in TO_BE_SEEN and row.shown
    is_own = viewer is not None and viewer.id == row.lister_id and row.status != Status.REMOVED
    if not open_to_all and not is_own:
        raise NotFound(LISTING_GONE)
    return Place(row.token, row.kept_on), bool(open_to_all)


_PHOTO = (
    sa.select(
        Photo.token,
        Photo.kept_on,
        Listing.lister_id,
        Listing.status,
        IS_SHOWN.label("shown"),
    )
    .join(Listing, Listing.id == Photo.listing_id)
    .join(Account, Account.id == Listing.lister_id)
    .where(Photo.token == sa.bindparam("token"))
)


# -- writing --


def put_up(session: Session, listing: Listing, *, by: Account) -> Listing:
    """Put a draft up, or what was typed over a listing that is up already; a second press changes nothing.

    Raises `Invalid` with all that is wrong, `NotAllowed` where the account may not list.
    """
    check_can_list(by)
    typed, draft = typed_in(session, listing)
    if draft is None and not listing.is_draft:
        return listing
    contact = contact_of(session, by.id, Purpose.ACCOUNT)
    has_phone = contact is not None and contact.phone != ""
    apply(session, listing, offers.read(typed, has_phone=has_phone), lister=by)
    if draft is not None:
        session.delete(draft)
        session.flush()
    return listing


def apply(session: Session, listing: Listing, offer: Offer, *, lister: Account) -> None:
    """Make a listing say what is offered; a draft goes up, a paused or closed one stays as it is."""
    listing.title, listing.description, listing.category = offer.title, offer.description, offer.category
    listing.price_paise, listing.unit, listing.shows = offer.price_paise, offer.unit, offer.shows
    spot = offer.spot
    town = lister.city if spot.pin == lister.pin and lister.city else spot.town
    listing.pin, listing.town, listing.district = spot.pin, town, spot.district
    listing.state_code, listing.cell = spot.state_code, spot.cell
    listing.changed_at = now()
    if listing.is_draft:
        _open(session, listing, lister)
        listing.posted_at = listing.changed_at
    elif listing.is_open:
        index(session, listing, lister)
    session.flush()


def pause(session: Session, listing: Listing) -> None:
    """Take a listing out of lists and search for a while; its address still answers, nobody gets a contact."""
    if listing.status == Status.PAUSED:
        return
    if not listing.is_open:
        raise Refusal(N_("Only a listing on show can be paused."))
    _leave(session, listing, Status.PAUSED)


def close(session: Session, listing: Listing) -> None:
    """Close a listing: sold, or no longer offered. Contacts given for it are hidden again."""
    if listing.status == Status.CLOSED:
        return
    if listing.is_draft:
        raise Refusal(N_("This is a draft and not on show. Throw it away instead."))
    if listing.is_open:
        _leave(session, listing, Status.CLOSED)
    listing.status, listing.closed_at = Status.CLOSED, now()


def reopen(session: Session, listing: Listing, *, by: Account) -> None:
    """Show a paused or closed listing again, at its old place in the order."""
    if listing.is_open:
        return
    check_can_list(by)
    if listing.is_draft:
        raise Refusal(N_("This is a draft. Put it up instead."))
    _open(session, listing, by)
    listing.closed_at = None


def remove(session: Session, listing: Listing) -> None:
    """Take a listing off for good, as staff do; only the fact stays."""
    if listing.is_open:
        _leave(session, listing, Status.REMOVED)
    listing.status = Status.REMOVED


def index(session: Session, listing: Listing, lister: Account) -> None:
    """Let search find the listing as it is now; to be called for each of a lister's when their business name changes."""
    leaf = categories.find(listing.category)
    branch = categories.find_branch(leaf.branch)
    names = (leaf.names.en, leaf.names.hi, branch.names.en, branch.names.hi)
    state = places.state_called(listing.state_code)
    where = (listing.town, listing.district, state.name if state else "", state.hindi if state else "")
    entry = Entry(
        listing_id=listing.id,
        lister_id=listing.lister_id,
        number=listing.posted_no,
        texts=(listing.title, listing.description, lister.place_of_business, *names, *where),
        category=leaf.slug,
        branch=branch.slug,
        state=listing.state_code,
        district=listing.district,
        town=listing.town,
        cell=listing.cell,
    )
    listing.posted_no = search.index(session, entry)


def index_all_of(session: Session, lister: Account) -> None:
    """Index a person's listings on show anew, as after a change of the name of their business."""
    on_show = sa.select(Listing).where(Listing.lister_id == lister.id, Listing.status == Status.LIVE)
    for listing in session.scalars(on_show):
        index(session, listing, lister)


def _open(session: Session, listing: Listing, lister: Account) -> None:
    index(session, listing, lister)
    listing.status = Status.LIVE


def _leave(session: Session, listing: Listing, status: Status) -> None:
    if listing.posted_no is not None:
        search.remove(session, listing.posted_no)
    listing.status = status
