"""Verification: show once more that it is you, before pages that could do harm; it counts for ten minutes."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField

from intrakraft.domain.accounts import EventKind, Way, codes, signing_in
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.errors import Invalid, TooMany
from intrakraft.web import second_step, throttles
from intrakraft.web.access import local_path, signed_in, viewer, visitor
from intrakraft.web.devices import device_words, note_sealed
from intrakraft.web.page import go, go_to, page
from intrakraft.web.second_step import SecondStepForm
from intrakraft.web.state import db

bp = Blueprint("verification", __name__)


class VerificationForm(SecondStepForm):
    """The password and the second step, both."""

    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"})
    next = HiddenField()


@bp.get("/verification")
@signed_in
def new(form: VerificationForm | None = None, status: int = 200) -> Response:
    """Ask for the password and the second step."""
    waiting = codes.latest(db.session, viewer().id, CodeKind.STEP_UP)
    asked = second_step.asked(viewer().id, waiting)
    form = second_step.fit(form or VerificationForm(formdata=None, next=request.values.get("next")), asked)
    return page("verification/new.html", parts=("verification",), status=status, form=form, asked=asked)


@bp.post("/verification")
@signed_in
def create() -> Response:
    """Open the sensitive pages for ten minutes."""
    form = VerificationForm()
    try:
        second_step.check_own_password(form.password.data or "")
        proof = second_step.proved(viewer().id, codes.latest(db.session, viewer().id, CodeKind.STEP_UP), form)
    except (Invalid, TooMany) as refusal:
        return new(second_step.beside(form, refusal), refusal.status)
    signing_in.mark_verified(db.writing(), visitor().sign_in.id, proof)
    note_sealed(EventKind.VERIFIED, proof.account_id)
    return go_to(local_path(form.next.data))


@bp.post("/verification/codes")
@signed_in
def send_code() -> Response:
    """Mail a code, or mail it again."""
    throttles.before_code_mail(viewer().id)
    codes.send(db.writing(), viewer().id, CodeKind.STEP_UP, device=device_words())
    return go("verification.new", way=Way.MAIL, next=request.form.get("next") or None)


@bp.post("/verification/passkey")
@signed_in
def passkey() -> Response:
    """What the browser needs to know to answer with a passkey."""
    return second_step.passkey_options(viewer().id)
