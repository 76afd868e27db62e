"""Drafts: the form of a listing, kept as it is typed; putting it up, changing it, throwing it away."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for

from intrakraft.domain import listings
from intrakraft.domain.errors import Invalid
from intrakraft.web.access import signed_in, viewer
from intrakraft.web.listing_form import ListingForm, form_page, keep_typed
from intrakraft.web.page import go, page
from intrakraft.web.photo_intake import arrange, empty, take_in
from intrakraft.web.state import db

bp = Blueprint("drafts", __name__)


@bp.get("/listings/new")
@signed_in
def new() -> Response:
    """Go on with the draft typed in last, or begin one; `?fresh=1` begins another."""
    listing_id = None if "fresh" in request.args else listings.latest_draft(db.session, viewer())
    return redirect(url_for("drafts.edit", listing_id=listing_id))


@bp.get("/listings/new/edit", defaults={"listing_id": None})
@bp.get("/listings/<id:listing_id>/edit")
@signed_in
def edit(listing_id: int | None, form: ListingForm | None = None, status: int = 200) -> Response:
    """The form of one of my listings, or of a new one."""
    if listing_id is None:
        listings.check_can_list(viewer())
        return form_page(None, form, status)
    return form_page(listings.find_own(db.session, listing_id, viewer()), form, status)


@bp.post("/listings/new/draft", defaults={"listing_id": None})
@bp.post("/listings/<id:listing_id>/draft")
@signed_in(hold=True)
def keep(listing_id: int | None) -> Response:
    """Keep what is typed, and do what the button of a photo says."""
    kept = keep_typed(listing_id)
    take_in(kept)
    arrange(kept)
    if "later" in request.form:
        return go("listings.mine", elsewhere=True)
    moved = "photos" if request.form.keys() & {"move", "out"} else None
    return go("drafts.edit", listing_id=kept, anchor=moved)


@bp.post("/listings/new/publication", defaults={"listing_id": None})
@bp.post("/listings/<id:listing_id>/publication")
@signed_in(hold=True)
def put_up(listing_id: int | None) -> Response:
    """Put it up, or say everything that stands in the way; either way nothing typed is lost."""
    kept = keep_typed(listing_id)
    if not take_in(kept):
        return go("drafts.edit", elsewhere=True, listing_id=kept, anchor="photos")
    session = db.writing()
    try:
        listings.put_up(session, listings.find_own(session, kept, viewer()), by=viewer())
    except Invalid as wrong:
        db.undo()
        return edit(kept, ListingForm().reject(wrong), 422)
    return go("listings.show", elsewhere=True, listing_id=kept)


@bp.get("/listings/new/publication", defaults={"listing_id": None})
@bp.get("/listings/<id:listing_id>/publication")
@bp.get("/listings/new/photos", defaults={"listing_id": None})
@bp.get("/listings/<id:listing_id>/photos")
@signed_in
def come_back(listing_id: int | None) -> Response:
    """Where the browser loads the address of a form anew that had something to put right: the form again."""
    return redirect(url_for("drafts.new") if listing_id is None else url_for("drafts.edit", listing_id=listing_id))


@bp.get("/listings/<id:listing_id>/disposal")
@signed_in
def ask_disposal(listing_id: int) -> Response:
    """Say what throwing it away means, before it is done."""
    return page("drafts/disposal.html", parts=("confirm",), listing=listings.find_own(db.session, listing_id, viewer()))


@bp.post("/listings/<id:listing_id>/disposal")
@signed_in
def throw_away(listing_id: int) -> Response:
    """Throw a draft away with its photos, or the changes of a listing that is up."""
    session = db.writing()
    gone = listings.throw_away(session, listings.find_own(session, listing_id, viewer()))
    db.settle()
    empty(gone)
    return go("listings.mine", elsewhere=True)
