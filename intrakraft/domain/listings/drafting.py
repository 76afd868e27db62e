"""Drafts: what a lister types is kept on the server as it is typed, with its photos, until it is put up or thrown away.

A draft outlives errors, sign-out, the back button and a second window (B1, c14, c15); one form makes one draft.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import media
from intrakraft.domain.accounts import Account
from intrakraft.domain.base import N_, new_token, now
from intrakraft.domain.errors import NotAllowed, NotFound, Refusal
from intrakraft.domain.listings.offers import FIELDS, LONGEST_TYPED, typed_of
from intrakraft.domain.listings.tables import Listing, ListingDraft, Status
from intrakraft.domain.media import Place

MOST_DRAFTS = 30
_LOCKED = {"key_share": True}
"""A lock against other changes that lets rows elsewhere go on naming this one."""

LISTING_GONE = N_("This listing is not here, or no longer.")
CANNOT_LIST = N_("Your account cannot put up goods now. Your account page says why.")
TOO_MANY_DRAFTS = N_("You have %(count)s drafts. Put one up or throw one away first.")


# -- reading --


def new_key() -> str:
    """A key for a form that has no draft yet; whatever comes from that form belongs to one draft."""
    return new_token(16)


def find_own(session: Session, listing_id: int, person: Account | None) -> Listing:
    """A listing of this person's own, to be changed; anybody else's is not there. Locked where the database locks rows."""
    listing = session.get(Listing, listing_id, with_for_update=_LOCKED if session.info.get("writing") else None)
    if listing is None or person is None or listing.lister_id != person.id or listing.status == Status.REMOVED:
        raise NotFound(LISTING_GONE)
    return listing


def latest_draft(session: Session, person: Account) -> int | None:
    """The id of the draft this person typed in last, to be gone on with."""
    return session.scalar(
        sa.select(Listing.id)
        .where(Listing.lister_id == person.id, Listing.status == Status.DRAFT)
        .order_by(Listing.changed_at.desc(), Listing.id.desc())
        .limit(1)
    )


def typed_in(session: Session, listing: Listing) -> tuple[dict[str, str], ListingDraft | None]:
    """What stands in the form of a listing, and the draft it comes from; without one, the listing as it is on show."""
    draft = session.get(ListingDraft, listing.id)
    return typed_of(listing) | (draft.typed if draft is not None else {}), draft


def title_of(title: str, typed: Mapping[str, str] | None) -> str:
    """What to call a listing that may not have a title yet."""
    return title or " ".join((typed or {}).get("title", "").split())


def check_can_list(person: Account) -> None:
    """Raises `NotAllowed` where the state of the account does not let the person put up goods."""
    if not person.can_list:
        raise NotAllowed(CANNOT_LIST)


# -- writing --


def begin(session: Session, person: Account, key: str) -> Listing:
    """The draft of the form with this key, made at the first press and found at every other.

    Raises `NotAllowed` where the account may not list, `Refusal` beyond `MOST_DRAFTS`.
    """
    session.get(Account, person.id, with_for_update=_LOCKED)
    mine = sa.select(Listing).where(Listing.lister_id == person.id, Listing.form_key == key[:32])
    known = session.scalar(mine.with_for_update(key_share=True))
    if known is not None:
        return known
    check_can_list(person)
    drafts = sa.select(sa.func.count()).where(Listing.lister_id == person.id, Listing.status == Status.DRAFT)
    count = session.scalar(drafts) or 0
    if count >= MOST_DRAFTS:
        raise Refusal(TOO_MANY_DRAFTS, count=count)
    listing = Listing(lister_id=person.id, form_key=key[:32] or new_key())
    session.add(listing)
    session.flush()
    return listing


def keep(session: Session, listing: Listing, typed: Mapping[str, str]) -> ListingDraft:
    """Keep what was typed, right or wrong. Only what the form sent is changed."""
    draft = session.get(ListingDraft, listing.id)
    if draft is None:
        draft = ListingDraft(listing_id=listing.id, lister_id=listing.lister_id, typed=typed_of(listing))
        session.add(draft)
    changed = {name: typed[name][:LONGEST_TYPED] for name in FIELDS if name in typed}
    draft.typed = {**draft.typed, **changed}
    draft.kept_at = listing.changed_at = now()
    session.flush()
    return draft


def note_refused(draft: ListingDraft, refused: Iterable[tuple[str, str, Mapping[str, object]]]) -> None:
    """Keep which files of the last upload could not be used: name as sent, sentence, its params."""
    draft.refused = [_refusal(*one) for one in refused]


def throw_away(session: Session, listing: Listing) -> list[Place]:
    """A draft goes with its photos; of a listing that was put up, only the changes not put up yet.

    The places returned are to be emptied once this is committed.
    """
    session.execute(sa.delete(ListingDraft).where(ListingDraft.listing_id == listing.id))
    if not listing.is_draft:
        return []
    places = media.take_out_all(session, listing.id)
    session.delete(listing)
    session.flush()
    return places


def _refusal(name: str, sentence: str, params: Mapping[str, object]) -> dict[str, Any]:
    return {"name": name[:120], "message": sentence, "params": dict(params)}
