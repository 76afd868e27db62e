"""Home: what the place is for, the kinds of goods, and the newest of them."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from intrakraft.domain import listings
from intrakraft.web.access import public
from intrakraft.web.choices import language
from intrakraft.web.goods import cards
from intrakraft.web.page import page
from intrakraft.web.state import db
from intrakraft.web.wanted import before, category_choices

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def show() -> Response:
    """The newest goods, and those after `before`."""
    found = listings.newest(db.session, before=before())
    return page(
        "home/show.html",
        parts=("goods",),
        cards=cards(found.cards),
        next_url=url_for("home.show", before=found.next_before) if found.next_before else None,
        branches=category_choices(language()),
    )
