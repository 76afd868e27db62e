"""Photos: taking them in, and serving what was drawn of them to those who may see their listing."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, request

from intrakraft.domain import listings
from intrakraft.domain.base import N_
from intrakraft.domain.errors import NotFound
from intrakraft.domain.media import Place
from intrakraft.web.access import public, signed_in, viewer
from intrakraft.web.listing_form import form_page, keep_typed
from intrakraft.web.page import go
from intrakraft.web.photo_intake import take_in
from intrakraft.web.state import db, state

bp = Blueprint("photos", __name__)

FOR_GOOD = "max-age=31536000, immutable"
_NAME = re.compile(r"([0-9a-f]{20})-((?:list-208|list-416|page-960|full-2048)\.(avif|webp|jpeg))")


@bp.post("/listings/new/photos", defaults={"listing_id": None})
@bp.post("/listings/<id:listing_id>/photos")
@signed_in(hold=True)
def create(listing_id: int | None) -> Response:
    """Add the chosen pictures to the listing; what is typed beside them is kept too."""
    kept = keep_typed(listing_id)
    if not any(file.filename for file in request.files.getlist("photos")):
        return form_page(listings.find_own(db.session, kept, viewer()), status=422, unchosen=True)
    take_in(kept)
    return go("drafts.edit", listing_id=kept, anchor="photos")


@bp.get("/photos/<name>")
@public
def show(name: str) -> Response:
    """One file of a picture. Its bytes never change; whether it may be seen is asked each time it is fetched."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise NotFound(N_("There is no such picture."))
    place, for_everybody = _find(match[1])
    known = request.if_none_match.contains_weak(name)
    response = make_response(b"" if known else state().storage.get(place.key(match[2])), 304 if known else 200)
    response.mimetype = f"image/{match[3]}"
    response.set_etag(name)
    response.headers["Cache-Control"] = f"{'public' if for_everybody else 'private'}, {FOR_GOOD}"
    return response


def _find(token: str) -> tuple[Place, bool]:
    """Strangers are looked after first: a picture that all may see asks nobody who they are, and varies by no cookie."""
    try:
        return listings.find_photo(db.session, token, None)
    except NotFound:
        return listings.find_photo(db.session, token, viewer())
