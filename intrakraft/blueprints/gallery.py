"""The gallery: every component in every state, for whoever builds pages; it exists outside production only.

What is shown here is invented; the one form keeps nothing.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from flask import Blueprint, Response, current_app, request
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from intrakraft.domain.base import now
from intrakraft.domain.errors import NotFound, Refusal
from intrakraft.web.access import public
from intrakraft.web.choices import THEMES
from intrakraft.web.forms import Form
from intrakraft.web.page import go, page
from intrakraft.web.state import settings
from intrakraft.web.ui import Card, Photo

bp = Blueprint("gallery", __name__, url_prefix="/gallery")


class TrialForm(Form):
    """One field of each kind."""

    pieces = StringField(
        _l("Pieces"),
        [InputRequired(_l("Write how many pieces, as 10")), Length(max=4)],
        render_kw={"inputmode": "numeric"},
    )
    pin = StringField(
        _l("PIN"),
        [InputRequired(_l("It has no digits, it needs 6"))],
        description=_l("Fills in district and state; you can correct them"),
    )
    message = TextAreaField(_l("Message"), [Optional(), Length(max=600)])
    gst = SelectField(_l("GST"), choices=[SelectChoice("5", "5%"), SelectChoice("18", "18%")])
    kind = RadioField(
        _l("I sign up"),
        choices=[SelectChoice("self", _l("For myself")), SelectChoice("firm", _l("For a firm, and I may act for it"))],
    )
    shown = SelectMultipleField(
        _l("Show of my contact"),
        choices=[SelectChoice("name", _l("Name")), SelectChoice("phone", _l("Phone"))],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description=_l("Phone or e-mail, at least one of them"),
    )
    code = StringField(_l("Code"), [Optional()], render_kw={"autocomplete": "one-time-code", "maxlength": 6})
    password = PasswordField(
        _l("Password"), [Optional()], description=_l("12 letters or more. Four plain words are fine.")
    )
    photo = FileField(_l("Add photos"), description=_l("Made small, and the place stored inside them is taken out."))
    agreed = BooleanField(_l("I agree to the terms of use"), [InputRequired(_l("Tick it to go on"))])


@bp.get("")
@public
def show(form: TrialForm | None = None, status: int = 200, tried: str = "") -> Response:
    if settings().production:
        raise NotFound("There is nothing here.")
    wrong = TrialForm(formdata=None, prefix="wrong-")
    wrong.validate()
    theme = request.args.get("theme", "")
    chosen = {"theme": theme} if theme in THEMES.values() else {}
    shown = form or TrialForm(formdata=None)
    return page(
        "gallery/show.html",
        parts=("trial",),
        status=status,
        form=shown,
        wrong=wrong,
        tried=tried,
        **chosen,
        **_invented(),
    )


@bp.post("/trials")
@public
def try_out() -> Response:
    """Takes the trial form; 13 pieces are refused, to see where a refusal is said."""
    form = TrialForm()
    if not form.validate():
        return show(form, 422)
    if form.pieces.data == "13":
        raise Refusal("Thirteen pieces are not possible now. Write another number.")
    return go("gallery.taken", pieces=form.pieces.data)


@bp.get("/taken/<pieces>")
@public
def taken(pieces: str) -> Response:
    return show(tried=pieces)


@bp.get("/confirmation")
@public
def confirm() -> Response:
    if settings().production:
        raise NotFound("There is nothing here.")
    return page("gallery/confirm.html", parts=("confirm",))


def _invented() -> dict[str, object]:
    icon = str(current_app.jinja_env.globals["asset_url"]("icon.svg"))  # type: ignore[operator]
    photo = Photo(src=icon, alt="Indigo dupatta, hung", width=416, height=416, bytes=18_900)
    cards = [
        Card(
            url="#",
            title="Hand block-printed cotton dupatta, indigo with madder border, 2.5 m",
            print="cloth",
            price_paise=115_000,
            per="each",
            business="Rangrez Prints",
            city="Sanganer",
            facts=("42 in stock",),
            photo=photo,
        ),
        Card(
            url="#",
            title="पीतल का पाँच बत्ती वाला खड़ा दीपक, रेत की ढलाई, 1.8 किलो",
            lang="hi",
            print="lamp",
            price_paise=235_000,
            per="प्रति नग",
            business="पीतल नगरी वर्क्स",
            city="मुरादाबाद",
            stamp="GST invoice",
            stamp_kind="good",
        ),
        Card(
            url="#",
            title="Sheesham jewellery boxes, export lot of 60",
            print="wood",
            price_paise=10_800_000,
            per="the lot",
        ),
        Card(
            url="#",
            title="Used single-needle lockstitch machine",
            print="tool",
            business="A private seller",
            city="Jaipur",
        ),
    ]
    who = SimpleNamespace(
        name="Farida Chhipa",
        business="Rangrez Prints",
        phone="+91 00000 00000",
        email="orders@rangrez.example",
        address="14 Chhipa Mohalla, Sanganer, Jaipur 302029",
    )
    same = {"src": icon, "width": 416, "height": 416, "said": "412 KB made 19 KB"}
    snaps = [SimpleNamespace(id=n, alt=f"View {n}", **same) for n in (1, 2, 3)]
    return {"cards": cards, "who": who, "photo": photo, "snaps": snaps, "then": now() - timedelta(hours=30)}
