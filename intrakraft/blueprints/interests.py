"""Interest: sending it, taking it back, and the two lists of those received and those sent."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, url_for

from intrakraft.domain import interests, listings
from intrakraft.domain.privacy import disclosures
from intrakraft.domain.privacy.disclosures import Quota
from intrakraft.web.access import public, signed_in, viewer
from intrakraft.web.interest import InterestForm, note_looks
from intrakraft.web.page import go, page
from intrakraft.web.state import db, settings
from intrakraft.web.wanted import before

bp = Blueprint("interests", __name__)


@bp.get("/listings/<id:listing_id>/interests")
@public
def come_back(listing_id: int) -> Response:
    """Where the browser loads the address of the form anew that had something to put right: the listing again."""
    return redirect(url_for("listings.show", listing_id=listing_id))


@bp.post("/listings/<id:listing_id>/interests")
@signed_in(back="listings.show", keep=("message",))
def create(listing_id: int) -> Response:
    """Express interest in a listing and see the lister's contact."""
    form = InterestForm()
    if not form.validate():
        return current_app.view_functions["listings.show"](listing_id=listing_id, form=form, status=422)
    session = db.writing()
    listing = listings.find_visible(session, listing_id, viewer())
    interests.express_interest(
        session,
        listing,
        by=viewer(),
        message=form.message.data or "",
        shares_contact=bool(form.shares_contact.data),
        quota=Quota(settings().interest_daily_limit, settings().interest_minute_limit),
    )
    return go("listings.show", listing_id=listing_id, anchor="interest")


@bp.get("/listings/<id:listing_id>/interests/withdrawal")
@signed_in
def ask_withdrawal(listing_id: int) -> Response:
    """Say what taking the interest back means, before it is done."""
    listing = listings.find_visible(db.session, listing_id, viewer())
    return page("interests/withdrawal.html", listing=listing)


@bp.post("/listings/<id:listing_id>/interests/withdrawal")
@signed_in
def withdraw(listing_id: int) -> Response:
    """Take the interest back; the contact is hidden again."""
    session = db.writing()
    listing = listings.find_visible(session, listing_id, viewer())
    interests.withdraw(session, listing, by=viewer())
    return go("listings.show", listing_id=listing_id, anchor="interest")


@bp.get("/interests")
@signed_in
def received() -> Response:
    """Interests in my listings, with the contact of those who chose to give theirs."""
    lines = interests.received(db.session, viewer(), before=before())
    given = _given({line.id for line in lines if line.gives_contact})
    return page("interests/received.html", parts=("lines",), lines=lines, given=given)


@bp.get("/interests/sent")
@signed_in
def sent() -> Response:
    """Interests I expressed."""
    return page("interests/sent.html", parts=("lines",), lines=interests.sent(db.session, viewer(), before=before()))


def _given(interest_ids: set[int]) -> dict[int, object]:
    open_to_me = disclosures.given_to(db.session, viewer(), interest_ids)
    note_looks(open_to_me)
    all_of_it = disclosures.CONTACT_FIELDS
    return {row.because_id: disclosures.disclosed(db.session, row, shows=all_of_it) for row in open_to_me}
