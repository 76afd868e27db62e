"""Who saw my details: the ledger as the person concerned reads it, and the word “misused”."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response
from flask_babel import gettext

from intrakraft.domain import interests
from intrakraft.domain.base import N_
from intrakraft.domain.privacy import disclosures
from intrakraft.web.access import signed_in, viewer
from intrakraft.web.page import go, page
from intrakraft.web.state import db
from intrakraft.web.wanted import before

bp = Blueprint("ledger", __name__)

WORDS = {
    "name": N_("Name"),
    "place_of_business": N_("Place of business"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "address": N_("Address"),
}


@bp.get("/privacy/who-saw")
@signed_in
def show() -> Response:
    """Every time my contact was given to somebody."""
    lines = interests.who_saw(db.session, viewer(), before=before())
    return page("ledger/show.html", parts=("lines",), lines=lines, field_names=_in_words)


@bp.get("/privacy/who-saw/<id:disclosure_id>/misuse")
@signed_in
def ask_misuse(disclosure_id: int) -> Response:
    """Say what “misused” does, before it is done."""
    line = disclosures.find_own(db.session, disclosure_id, viewer())
    return page("ledger/misuse.html", line=line, username=disclosures.recipient_name(db.session, line))


@bp.post("/privacy/who-saw/<id:disclosure_id>/misuse")
@signed_in
def mark_misused(disclosure_id: int) -> Response:
    """Close the door to this person and slow them down everywhere."""
    session = db.writing()
    disclosures.mark_misused(session, disclosures.find_own(session, disclosure_id, viewer()))
    return go("ledger.show", elsewhere=True)


def _in_words(fields: Iterable[str]) -> str:
    return ", ".join(gettext(WORDS[name]) for name in fields)
