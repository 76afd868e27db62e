"""My account: what I registered and can correct at any time, who sees which field, and the profile others see."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TelField
from wtforms.validators import InputRequired, Length, Optional

from intrakraft.domain import interests, listings, places
from intrakraft.domain.accounts import codes, contacts, corrections, profile
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.profile import SeenBy
from intrakraft.domain.accounts.registering import normal_email
from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid
from intrakraft.domain.labels import Purpose
from intrakraft.web import throttles
from intrakraft.web.access import public, recently_verified, signed_in, viewer
from intrakraft.web.choices import language
from intrakraft.web.devices import browser
from intrakraft.web.forms import Form, Line
from intrakraft.web.interest import note_looks
from intrakraft.web.page import go, page
from intrakraft.web.state import db

bp = Blueprint("profile", __name__)

CIRCLE_WORDS = {
    SeenBy.PUBLIC: N_("Everybody"),
    SeenBy.MEMBERS: N_("Signed-in people"),
    SeenBy.COUNTERPARTIES: N_("People I deal with"),
    SeenBy.ME: N_("Only me"),
}
NEEDED = InputRequired(_l("This cannot stay empty."))


class ContactForm(Form):
    """What was registered, to be corrected; the e-mail address has a page of its own."""

    name = Line(N_("Your name"), [NEEDED, Length(max=120)], render_kw={"autocomplete": "name"})
    place_of_business = Line(
        N_("Place of business"), [NEEDED, Length(max=120)], description=N_("Shown to everybody, with the city")
    )
    street = Line(N_("Address"), [NEEDED, Length(max=200)], render_kw={"autocomplete": "street-address"})
    landmark = Line(N_("Landmark"), [Optional(), Length(max=120)])
    pin = Line(N_("PIN"), [NEEDED], render_kw={"inputmode": "numeric", "autocomplete": "postal-code"})
    city = Line(N_("Town or city"), [NEEDED, Length(max=80)])
    district = Line(N_("District"), [NEEDED, Length(max=80)])
    state = SelectField(N_("State"))
    phone = TelField(N_("Phone"), [Optional(), Length(max=30)], render_kw={"autocomplete": "tel"})

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        named = [(state.name, state.name_in(language())) for state in places.STATES]
        self.state.choices = sorted(named, key=lambda pair: pair[1])


class EmailForm(Form):
    """A new e-mail address."""

    email = Line(N_("New e-mail address"), [NEEDED], render_kw={"type": "email", "autocomplete": "email"})


class CodeForm(Form):
    """The code mailed to the new address."""

    code = Line(
        N_("Code"), [NEEDED], render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12}
    )


@bp.get("/account")
@signed_in
def show() -> Response:
    """Everything about my account, and where to change it."""
    contact = contacts.contact_of(db.session, viewer().id, Purpose.ACCOUNT)
    return page("profile/show.html", account=viewer(), contact=contact)


@bp.get("/people/<username>")
@public
def person(username: str) -> Response:
    """A person's profile: the fields they show to people like me."""
    account = profile.find_visible(db.session, username, viewer())
    door = interests.dealing(db.session, viewer(), account)
    circle = profile.circle_of(viewer(), account, deals=door is not None)
    seen = _spoken(profile.shown(db.session, account, circle))
    if door is not None and profile.SEALED.intersection(seen):
        note_looks([door])
    return page("profile/person.html", account=account, seen=seen, words=_words(), is_me=circle is SeenBy.ME)


@bp.get("/account/profile")
@signed_in
def edit() -> Response:
    """Who sees which field."""
    return _edit({})


@bp.post("/account/profile")
@signed_in
def update() -> Response:
    """Choose who sees which field."""
    wanted = {name: request.form.get(name, "") for name in profile.FIELDS}
    try:
        profile.choose(db.writing(), viewer(), wanted)
    except Invalid as refusal:
        return _edit(refusal.problems, 422)
    return go("profile.edit")


@bp.get("/account/contact")
@recently_verified
def edit_contact() -> Response:
    """My registered contact, to be corrected."""
    found = contacts.contact_of(db.session, viewer().id, Purpose.ACCOUNT)
    return page("profile/contact.html", parts=("contact",), form=ContactForm(formdata=None, obj=found))


@bp.post("/account/contact")
@recently_verified
def update_contact() -> Response:
    """Correct my registered contact; the old values are not kept."""
    form = ContactForm()
    if not _is_right(form):
        return page("profile/contact.html", parts=("contact",), status=422, form=form)
    session = db.writing()
    corrections.correct_contact(session, viewer(), **form.data)
    listings.index_all_of(session, viewer())
    return go("profile.show", elsewhere=True)


@bp.get("/account/email")
@recently_verified
def edit_email() -> Response:
    """A new e-mail address, and the code that was mailed to it."""
    return _email(EmailForm(formdata=None), CodeForm(formdata=None))


@bp.post("/account/email")
@recently_verified
def begin_email_change() -> Response:
    """Mail a code to the new address."""
    form = EmailForm()
    try:
        if not form.validate():
            raise Invalid({})
        address = normal_email(form.email.data)
    except Invalid as refusal:
        return _email(form.reject(refusal), CodeForm(formdata=None), 422)
    throttles.before_code_mail(viewer().id)
    corrections.begin_email_change(db.writing(), viewer(), address)
    return go("profile.edit_email")


@bp.post("/account/email/confirmation")
@recently_verified
def finish_email_change() -> Response:
    """Put the new address in force once its code is right."""
    form, account_id = CodeForm(), viewer().id
    with db.apart() as session:
        corrections.lock(session, account_id)
        tried = codes.check(session, account_id, CodeKind.EMAIL_CHANGE, form.code.data or "")
        new = corrections.waiting_address(session, viewer())
    if tried.problem is not None:
        return _email(EmailForm(formdata=None), form.reject(tried.problem), 422)
    corrections.finish_email_change(db.writing(), viewer(), new, device=str(browser()))
    return go("profile.show", elsewhere=True)


def _is_right(form: ContactForm) -> bool:
    """Whether all of it can be used; everything wrong is said at once, beside its field."""
    form.validate()
    try:
        corrections.checked_place_and_phone(pin=form.pin.data or "", state=form.state.data or "", phone=form.phone.data)
    except Invalid as refusal:
        form.reject(Invalid({name: words for name, words in refusal.problems.items() if not form[name].errors}))
    return not form.errors


def _edit(problems: dict[str, object], status: int = 200) -> Response:
    chosen = profile.choices_of(db.session, viewer())
    return page(
        "profile/edit.html",
        parts=("profile",),
        status=status,
        fields=profile.FIELDS.values(),
        chosen=chosen,
        problems=problems,
        circles=CIRCLE_WORDS,
    )


def _email(form: EmailForm, code: CodeForm, status: int = 200) -> Response:
    waiting = corrections.waiting_address(db.session, viewer())
    return page("profile/email.html", parts=("new_email",), status=status, form=form, code=code, waiting=waiting)


def _spoken(seen: dict[str, str]) -> dict[str, str]:
    """What is seen of a person, the state named in the language of the page."""
    state = places.state_called(seen.get("state", ""))
    return seen if state is None else {**seen, "state": state.name_in(language())}


def _words() -> dict[str, str]:
    return {name: field.words for name, field in profile.FIELDS.items()}
