"""Passwords: choosing another one, and choosing a new one by mail when the old one is forgotten.

Both end in the domain's one function, which takes the proof of a second step (P-129).
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, url_for
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeTimedSerializer
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from intrakraft.adapters.offload import offload
from intrakraft.domain.accounts import (
    Account,
    Challenge,
    EventKind,
    SecondStepProof,
    SignIn,
    codes,
    passwords,
    second_steps,
    signing_in,
)
from intrakraft.domain.accounts.codes import ATTEMPT_LIVES, CodeKind
from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid, NotAllowed, TooMany
from intrakraft.web import second_step, throttles
from intrakraft.web.access import public, recently_verified, viewer, visitor
from intrakraft.web.cookies import forget, keep
from intrakraft.web.devices import browser, device_words, note_sealed
from intrakraft.web.forms import Form, Line
from intrakraft.web.page import go, page
from intrakraft.web.second_step import SecondStepForm
from intrakraft.web.state import db, settings
from intrakraft.web.steady import steady

bp = Blueprint("passwords", __name__)

ALIKE_SECONDS = 0.2
"""How long the answer to a reset takes at least: ten times the work of a known name."""


def _new_password() -> PasswordField:
    return PasswordField(
        _l("New password"),
        [InputRequired(_l("Choose a password."))],
        description=_l("12 letters or more. Four plain words are fine."),
        render_kw={"autocomplete": "new-password"},
    )


class ChangeForm(Form):
    """The password as it is, and the one to come."""

    password = PasswordField(
        _l("Password now"), [InputRequired(_l("Write your password."))], render_kw={"autocomplete": "current-password"}
    )
    new_password = _new_password()


class AskForm(Form):
    """Whose password is forgotten."""

    name = Line(
        _l("Username or e-mail"),
        [InputRequired(_l("Write your username or e-mail address.")), Length(max=254)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class ResetForm(SecondStepForm):
    """The new password and the second step that lets it count."""

    new_password = _new_password()


# -- changing it while signed in --


@bp.get("/account/password")
@recently_verified
def edit(form: ChangeForm | None = None, status: int = 200) -> Response:
    """Ask for the password as it is and for another."""
    return page("passwords/edit.html", parts=("change",), status=status, form=form or ChangeForm(formdata=None))


@bp.post("/account/password")
@recently_verified
def update() -> Response:
    """Put another password in force; every other device is signed out and the owner gets a mail."""
    form = ChangeForm()
    try:
        if not form.validate():
            return edit(form, 422)
        second_step.check_own_password(form.password.data)
        hashed = _hashed(form.new_password.data, viewer())
    except (Invalid, TooMany) as refusal:
        return edit(second_step.beside(form, refusal), refusal.status)
    proof = second_steps.proof_from(visitor().sign_in)
    session = db.writing()
    _set(hashed, proof, keep_sign_in=session.get_one(SignIn, visitor().sign_in.id))
    return go("passwords.changed", elsewhere=True)


@bp.get("/account/password/changed")
@recently_verified
def changed() -> Response:
    """Say that it counts, and what happened with it."""
    return page("passwords/changed.html")


# -- choosing a new one by mail --


@bp.get("/password-reset")
@public
def new(form: AskForm | None = None, status: int = 200) -> Response:
    """Ask whose password is forgotten."""
    return page("passwords/new.html", parts=("ask",), status=status, form=form or AskForm(formdata=None))


@bp.post("/password-reset")
@public
def create() -> Response:
    """Mail the link and, apart from it, the code. Known or unknown, the answer and its time are the same."""
    form = AskForm()
    if not form.validate():
        return new(form, 422)
    try:
        throttles.before_reset(form.name.data)
    except TooMany as refusal:
        return new(second_step.beside(form, refusal), refusal.status)
    with steady(ALIKE_SECONDS):
        _ask_reset(form.name.data)
        return go("passwords.sent", elsewhere=True)


@bp.get("/password-reset/sent")
@public
def sent() -> Response:
    """Say what was mailed, if the name is known, and what to do with it."""
    return page("passwords/sent.html", minutes=_minutes())


@bp.get("/password-reset/link/<signed>")
@public
def open_link(signed: str) -> Response:
    """Take the token out of the address into a cookie, so that it is passed on nowhere."""
    try:
        keep("reset", _signer().loads(signed, max_age=ATTEMPT_LIVES.total_seconds()))
    except BadSignature:
        return page("passwords/over.html", status=409)
    return go("passwords.choose", elsewhere=True)


@bp.get("/password-reset/password")
@public
def choose(form: ResetForm | None = None, status: int = 200) -> Response:
    """Ask for the new password and the second step."""
    attempt = second_step.attempt_in_hand(CodeKind.RESET, "reset")
    if attempt is None:
        return second_step.no_attempt(url_for("passwords.new"), "reset")
    asked = second_step.asked(attempt.account_id, attempt, by_mail=False)
    form = second_step.fit(form or ResetForm(formdata=None), asked)
    return page("passwords/choose.html", parts=("choose",), status=status, form=form, asked=asked)


@bp.post("/password-reset/password")
@public
def reset() -> Response:
    """Put the new password in force and sign every device out."""
    attempt, form = second_step.attempt_in_hand(CodeKind.RESET, "reset"), ResetForm()
    if attempt is None:
        return second_step.no_attempt(url_for("passwords.new"), "reset")
    try:
        if not form.validate():
            return choose(form, 422)
        hashed = _hashed(form.new_password.data, db.session.get_one(Account, attempt.account_id))
        proof = second_step.proved(attempt.account_id, attempt, form, by_mail=False)
    except (Invalid, TooMany) as refusal:
        return choose(second_step.beside(form, refusal), refusal.status)
    _set(hashed, proof)
    forget("reset")
    return go("sign_in.new", elsewhere=True, after="reset")


@bp.post("/password-reset/codes")
@public
def send_code() -> Response:
    """Mail the code again."""
    attempt = second_step.attempt_in_hand(CodeKind.RESET, "reset")
    if attempt is None:
        return second_step.no_attempt(url_for("passwords.new"), "reset")
    throttles.before_code_mail(attempt.account_id)
    session = db.writing()
    codes.mail(session, session.get_one(Challenge, attempt.id), device=device_words())
    return go("passwords.choose")


@bp.post("/password-reset/passkey")
@public
def passkey() -> Response:
    """What the browser needs to know to answer with a passkey."""
    attempt = second_step.attempt_in_hand(CodeKind.RESET, "reset")
    if attempt is None:
        raise NotAllowed(N_("Open the link of the mail first."))
    return second_step.passkey_options(attempt.account_id)


def _hashed(new_password: str, account: Account) -> str:
    """The hash of a password good enough for this person. Raises `Invalid`; the heavy work is done apart."""
    about = [account.username, account.place_of_business, account.entity_name]
    offload(passwords.check_choice, new_password, about, "new_password")
    return offload(passwords.hash_password, new_password)


def _set(hashed: str, proof: SecondStepProof, keep_sign_in: SignIn | None = None) -> None:
    session = db.writing()
    account = session.get_one(Account, proof.account_id)
    passwords.set_password(session, account, hashed, proof=proof, browser=browser(), keep_sign_in=keep_sign_in)
    note_sealed(EventKind.PASSWORD_CHANGED if keep_sign_in else EventKind.PASSWORD_RESET, account.id)


def _ask_reset(name: str) -> None:
    account = signing_in.find_account(db.session, name)
    session = db.writing()
    known = session.get_one(Account, account.id) if account is not None else None
    passwords.ask_reset(session, known, link=_link, browser=browser())
    note_sealed(EventKind.RESET_ASKED, known.id if known else None)


def _link(token: str) -> str:
    return settings().public_url.rstrip("/") + url_for("passwords.open_link", signed=_signer().dumps(token))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="password reset")


def _minutes() -> int:
    return int(ATTEMPT_LIVES.total_seconds() // 60)
