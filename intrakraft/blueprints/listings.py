"""Listings: finding goods, one listing's page, my own goods, and taking them off or showing them again."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for

from intrakraft.domain import categories, listings, media
from intrakraft.web import goods
from intrakraft.web.access import public, signed_in, viewer
from intrakraft.web.choices import language
from intrakraft.web.interest import InterestForm, interest_part
from intrakraft.web.page import go, page
from intrakraft.web.state import db
from intrakraft.web.wanted import before, category_choices, state_choices, wanted

bp = Blueprint("listings", __name__)


@bp.get("/listings")
@public
def index() -> Response:
    """Goods by words, kind and state, newest first."""
    asked = wanted()
    found = listings.find(db.session, asked.text, before=asked.before, category=asked.category, state=asked.state_code)
    return page(
        "listings/index.html",
        parts=("goods",),
        asked=asked,
        cards=goods.cards(found.cards),
        next_url=asked.next_url(found.next_before),
        branches=category_choices(language()),
        states=state_choices(language()),
    )


@bp.get("/listings/<id:listing_id>")
@public
def show(listing_id: int, form: InterestForm | None = None, status: int = 200) -> Response:
    """One listing, with the part that leads to its lister."""
    listing = listings.find_visible(db.session, listing_id, viewer())
    if listing.is_draft:
        return redirect(url_for("drafts.edit", listing_id=listing_id))
    pictures = media.pictures_of(db.session, listing.id)
    return page(
        "listings/show.html",
        parts=("interest",),
        status=status,
        listing=listing,
        shots=goods.shots(pictures),
        by_machine=any(picture.made_by_machine for picture in pictures),
        crumbs=_crumbs(listing.category),
        **interest_part(listing, form),
    )


@bp.get("/my/listings")
@signed_in
def mine() -> Response:
    """My goods in every state, drafts too."""
    lines, after = listings.own(db.session, viewer(), before=before())
    next_url = url_for("listings.mine", before=after) if after else None
    prefix = goods.photo_prefix()
    return page("listings/mine.html", parts=("lines",), lines=lines, next_url=next_url, photo_prefix=prefix)


@bp.get("/listings/<id:listing_id>/closure")
@signed_in
def ask_closure(listing_id: int) -> Response:
    """Say what closing means, before it is done."""
    return page(
        "listings/closure.html", parts=("confirm",), listing=listings.find_own(db.session, listing_id, viewer())
    )


@bp.post("/listings/<id:listing_id>/closure")
@signed_in
def close(listing_id: int) -> Response:
    """Close a listing: sold, or no longer offered."""
    session = db.writing()
    listings.close(session, listings.find_own(session, listing_id, viewer()))
    return go("listings.mine", elsewhere=True)


@bp.get("/listings/<id:listing_id>/pause")
@signed_in
def ask_pause(listing_id: int) -> Response:
    """Say what pausing means, before it is done."""
    return page("listings/pause.html", parts=("confirm",), listing=listings.find_own(db.session, listing_id, viewer()))


@bp.post("/listings/<id:listing_id>/pause")
@signed_in
def pause(listing_id: int) -> Response:
    """Take a listing out of the lists for a while."""
    session = db.writing()
    listings.pause(session, listings.find_own(session, listing_id, viewer()))
    return go("listings.mine", elsewhere=True)


@bp.post("/listings/<id:listing_id>/reopening")
@signed_in
def reopen(listing_id: int) -> Response:
    """Show a paused or closed listing again."""
    session = db.writing()
    listings.reopen(session, listings.find_own(session, listing_id, viewer()), by=viewer())
    return go("listings.mine", elsewhere=True)


def _crumbs(slug: str) -> list[tuple[str, str]]:
    """The branch and the kind of goods a listing belongs to, with the addresses of their lists."""
    if not slug:
        return []
    leaf, branch = categories.find(slug), categories.find_branch(slug)
    return [(one.name(language()), url_for("listings.index", category=one.slug)) for one in (branch, leaf)]
