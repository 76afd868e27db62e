"""The form of a listing: what was typed is kept on the server before anything is judged, photos with it.

One form, one page, three ways to send it: keep it, add photos, put it up. None of them loses what was typed (B1, c15).
"""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_babel import gettext
from wtforms import SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from intrakraft.domain import categories, listings, media
from intrakraft.domain.accounts import contact_of
from intrakraft.domain.base import N_
from intrakraft.domain.labels import Purpose
from intrakraft.domain.listings import FIELDS, SHOWABLE, UNITS, Listing
from intrakraft.web import goods
from intrakraft.web.access import viewer
from intrakraft.web.choices import language
from intrakraft.web.forms import Form, Line, Lines, clean_text
from intrakraft.web.page import page
from intrakraft.web.photo_intake import Refused, is_id, writing_now
from intrakraft.web.state import db, settings

SHOWS_SENT = "shows-sent"
"""Tells a form with nothing ticked from one without the boxes."""


class ListingForm(Form):
    """The fields of a listing. What they hold is judged by the domain, as a whole."""

    title = Line(
        N_("Name"),
        description=N_("Thing, stuff, colour, size. Up to 120 letters."),
        render_kw={"autocomplete": "off", "maxlength": listings.LONGEST_TITLE},
    )
    category = SelectField(N_("Category"), validate_choice=False)
    description = Lines(
        N_("About it"),
        description=N_(
            "Size, weight, what it is made of, how it is packed. No phone and no e-mail: interests bring them."
        ),
        render_kw={"rows": 6, "maxlength": listings.LONGEST_DESCRIPTION},
    )
    price = Line(
        N_("Price, ₹"), description=N_("Left empty, people ask you"), render_kw={"inputmode": "decimal", "size": 12}
    )
    unit = SelectField(N_("Price is for"), validate_choice=False)
    pin = Line(
        N_("PIN where it is"),
        description=N_("We show the town only, never the street"),
        render_kw={"inputmode": "numeric", "autocomplete": "postal-code", "size": 8},
    )
    shows = SelectMultipleField(
        N_("Show of my contact"),
        description=N_("Phone or e-mail, at least one of them."),
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.category.choices = {gettext("Choose"): [("", gettext("Choose one"))], **categories.choices(language())}
        self.unit.choices = [(unit, gettext(words)) for unit, words in UNITS.items()]
        contact = contact_of(db.session, viewer().id, Purpose.ACCOUNT)
        there = [name for name in SHOWABLE if name != "phone" or (contact and contact.phone)]
        self.shows.choices = [(name, gettext(SHOWABLE[name])) for name in there]

    @property
    def typed(self) -> dict[str, str]:
        """What the form sent, field by field; what it did not send is not there."""
        sent = {name: self[name].data or "" for name in FIELDS if name in request.form and name != "shows"}
        return sent | ({"shows": ",".join(self.shows.data or [])} if SHOWS_SENT in request.form else {})


def form_page(
    listing: Listing | None, form: ListingForm | None = None, status: int = 200, *, unchosen: bool = False
) -> Response:
    """The page with the form: of a listing or draft, or of one not begun yet; `unchosen`: photos to add, and none chosen."""
    draft = None
    typed = {"pin": viewer().pin, "unit": "each", "shows": ",".join(SHOWABLE)}
    if listing is not None:
        typed, draft = listings.typed_in(db.session, listing)
    pictures = media.pictures_of(db.session, listing.id) if listing is not None else []
    return page(
        "drafts/edit.html",
        parts=("draft", "photos"),
        status=status,
        listing=listing,
        draft=draft,
        key=request.form.get("key") or listings.new_key(),
        form=form or ListingForm(formdata=None, data=typed | {"shows": typed["shows"].split(",")}),
        pictures=pictures,
        unchosen=unchosen,
        snaps=goods.snaps(pictures),
        most=settings().photo_limit,
        refused=_refused(draft.refused if draft else []),
    )


def listing_at_hand(session: Any, listing_id: int | None) -> Listing:
    """The person's own listing that the form belongs to; the form of a new one begins its draft at the first press."""
    if listing_id is None:
        return listings.begin(session, viewer(), request.form.get("key", ""))
    return listings.find_own(session, listing_id, viewer())


def keep_typed(listing_id: int | None) -> int:
    """Keep what the form holds, in a transaction of its own, whatever is wrong with it; returns the listing's id."""
    form = ListingForm()
    with writing_now() as session:
        listing = listing_at_hand(session, listing_id)
        draft = listings.keep(session, listing, form.typed)
        alts, made, problems = _described()
        media.describe(session, listing.id, alts, made)
        if problems:
            listings.note_refused(draft, problems)
        kept: int = listing.id
    return kept


def _described() -> tuple[dict[int, str], set[int], list[Refused]]:
    """What the photos show in words, and which a machine made, as the fields `alt-7` and `made-7` say."""
    alts, made, problems = {}, set(), []
    for name in request.form:
        kind, _, number = name.partition("-")
        if kind != "alt" or not is_id(number):
            continue
        text = " ".join((clean_text(request.form[name]) or "").split())
        problem = listings.contact_in(text)
        if problem:
            problems.append((text, *(problem if isinstance(problem, tuple) else (problem, {}))))
        alts[int(number)] = "" if problem else text
        if f"made-{number}" in request.form:
            made.add(int(number))
    return alts, made, problems


def _refused(kept: list[dict[str, Any]]) -> list[tuple[str, str]]:
    told = [(one["name"], one["message"], one["params"]) for one in kept]
    return [(name, gettext(sentence, **params)) for name, sentence, params in told]
