"""Registration: the form, the mailed code that opens the account, and the first page after it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.validators import Optional

from intrakraft.adapters.offload import offload
from intrakraft.domain.accounts import (
    Account,
    Challenge,
    EventKind,
    Registration,
    codes,
    contacts,
    passwords,
    registering,
    second_steps,
    signing_in,
)
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.errors import Invalid, NotAllowed, TooMany
from intrakraft.domain.privacy import policy
from intrakraft.web import second_step, throttles
from intrakraft.web.access import local_path, public, signed_in
from intrakraft.web.choices import language
from intrakraft.web.cookies import forget, keep, read_cookie
from intrakraft.web.devices import admit, browser, note_failure, note_sealed
from intrakraft.web.forms import Form, Line
from intrakraft.web.page import go, page
from intrakraft.web.registration_form import RegistrationForm, notice
from intrakraft.web.state import db

bp = Blueprint("registration", __name__)


class CodeForm(Form):
    """The mailed code; another username only where the first was taken while the mail was on its way."""

    username = Line(
        _l("Another username"),
        [Optional()],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "maxlength": 30},
    )
    code = Line(_l("Code"), render_kw={"autocomplete": "one-time-code", "maxlength": 12})
    next = HiddenField()


@bp.get("/registration/new")
@public
def new(form: RegistrationForm | None = None, status: int = 200) -> Response:
    """Ask for what the promises name and nothing else; with a PIN in the address the place is filled in."""
    if form is None:
        typed = {name: request.args[name] for name in ("pin", "city", "next") if request.args.get(name)}
        form = RegistrationForm(formdata=None, data=typed)
        form.fill_place(anew=bool(form.pin.data))
    return page("registration/new.html", parts=("registration", "place"), status=status, form=form, notice=notice(form))


@bp.get("/registration")
@public
def come_back() -> Response:
    """Where the browser loads the address of the form anew that had something to put right: the form again."""
    return redirect(url_for("registration.new"))


@bp.post("/registration")
@public
def create() -> Response:
    """Write down an account that is not opened yet and mail its code; a known address looks exactly the same."""
    form = RegistrationForm()
    if form.asks_for_place:
        return new(form.fill_place(anew=True))
    asked = form.checked()
    if asked is None:
        return new(form, 422)
    try:
        keep("attempt", _register(form, asked))
    except (TooMany, NotAllowed) as refusal:
        return new(second_step.beside(form, refusal), refusal.status)
    return go("registration.verification", elsewhere=True, next=form.next.data or None)


@bp.get("/registration/code")
@public
def verification(form: CodeForm | None = None, status: int = 200) -> Response:
    """Ask for the mailed code; without the cookie that carries the attempt, say plainly what is missing."""
    attempt = second_step.attempt_in_hand(CodeKind.REGISTRATION)
    if attempt is None:
        return second_step.no_attempt(url_for("registration.new"))
    form = form or CodeForm(formdata=None, next=request.values.get("next"))
    email = contacts.shortened(contacts.email_of(db.session, attempt.account_id or 0))
    return page("registration/code.html", parts=("proof",), status=status, form=form, attempt=attempt, email=email)


@bp.post("/registration/code")
@public
def verify() -> Response:
    """Open the account and sign in, once the code is right."""
    attempt, form = second_step.attempt_in_hand(CodeKind.REGISTRATION), CodeForm()
    if attempt is None:
        return second_step.no_attempt(url_for("registration.new"))
    try:
        _compare(attempt, form)
        account, token = _open(attempt, form)
    except (Invalid, TooMany) as refusal:
        return verification(second_step.beside(form, refusal), refusal.status)
    admit(token, stay=False)
    forget("attempt")
    note_sealed(EventKind.REGISTERED, account.id)
    return go("registration.welcome", elsewhere=True, next=form.next.data or None)


@bp.post("/registration/codes")
@public
def send_code() -> Response:
    """Mail the code again."""
    attempt = second_step.attempt_in_hand(CodeKind.REGISTRATION)
    if attempt is None:
        return second_step.no_attempt(url_for("registration.new"))
    throttles.before_code_mail(attempt.account_id or 0)
    session = db.writing()
    registering.mail_again(session, session.get_one(Challenge, attempt.id))
    return go("registration.verification", next=request.form.get("next") or None)


@bp.get("/welcome")
@signed_in
def welcome() -> Response:
    """What to do first: a stronger second step, goods to list, goods to look at."""
    onward = local_path(request.args.get("next"))
    return page("registration/welcome.html", onward=None if onward == "/" else onward)


def _register(form: RegistrationForm, asked: Registration) -> str:
    """Write everything in one transaction and return the token of the attempt; an earlier one of this browser goes."""
    throttles.before_registration(asked.email)
    hashed = offload(passwords.hash_password, form.password.data)
    session = db.writing()
    earlier = codes.find_attempt(session, CodeKind.REGISTRATION, read_cookie("attempt"))
    if earlier is not None and earlier.account_id is not None:
        registering.discard(session, earlier.account_id)
    account = registering.register(session, asked, hashed)
    for box in form.boxes:
        policy.accept(session, account.id, box, language(), form.on_behalf_of)
    return registering.ask_code(session, account, asked.email, browser=browser())


def _compare(attempt: Challenge, form: CodeForm) -> None:
    """Compare the code, and count the try whatever comes of it. Raises `Invalid`."""
    account = db.session.get_one(Account, attempt.account_id)
    if registering.is_name_taken(db.session, account):
        registering.free_username(db.session, form.username.data or account.username)
    if attempt.passed_at is not None:
        return
    with db.apart() as session:
        tried = codes.attempt(session, session.get(Challenge, attempt.id), form.code.data or "")
    if not tried.passed:
        note_failure(EventKind.SECOND_STEP_FAILED, None)
    tried.or_raise()


def _open(attempt: Challenge, form: CodeForm) -> tuple[Account, str]:
    """Open the account whose code came back, and begin its first sign-in."""
    session = db.writing()
    account = session.get_one(Account, attempt.account_id)
    if registering.is_name_taken(session, account):
        registering.rename(session, account, form.username.data or "")
    waiting = session.get_one(Challenge, attempt.id)
    proof = second_steps.proof_of_registration(waiting)
    registering.verify_registration(session, waiting, browser=browser())
    begun = signing_in.sign_in(session, account, browser=browser(), proof=proof, is_registration=True)
    return account, begun.token
