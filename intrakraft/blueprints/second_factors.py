"""Sign-in and devices, code app, paper codes and passkeys: what keeps an account its owner's."""

from __future__ import annotations

from urllib.parse import urlsplit

import segno
from flask import Blueprint, Response, request
from flask_babel import gettext
from markupsafe import Markup

from intrakraft.domain import accounts, notices
from intrakraft.domain.accounts import second_factors
from intrakraft.domain.accounts.second_factors import Site
from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid
from intrakraft.web.access import recently_verified, signed_in, viewer, visitor
from intrakraft.web.devices import device_words
from intrakraft.web.forms import Form, Line
from intrakraft.web.page import go, page
from intrakraft.web.state import db

bp = Blueprint("second_factors", __name__)


class CodeForm(Form):
    """The first code of a new code app."""

    code = Line(
        N_("Code the app shows now"),
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 7},
    )


def site() -> Site:
    """The host and origin that passkeys of this installation are bound to."""
    address = urlsplit(request.host_url)
    return Site(address.hostname or "", f"{address.scheme}://{address.netloc}")


@bp.get("/account/security")
@signed_in
def show() -> Response:
    """Devices signed in now, second steps set up, and what happened lately."""
    return page(
        "second_factors/show.html",
        parts=("devices",),
        sign_ins=accounts.sign_ins_of(db.session, viewer()),
        own=visitor().sign_in.id,
        factors=second_factors.factors_of(db.session, viewer().id),
        passkeys=second_factors.passkeys_of(db.session, viewer().id),
        events=accounts.security_events_of(db.session, viewer(), limit=30),
        event_names=accounts.EVENT_NAMES,
    )


@bp.post("/account/security/sign-ins/<id:sign_in_id>/end")
@signed_in
def end_sign_in(sign_in_id: int) -> Response:
    """Sign one device out."""
    accounts.end_sign_in(db.writing(), viewer(), sign_in_id)
    return go("second_factors.show")


@bp.post("/account/security/sign-ins/end")
@signed_in
def end_other_sign_ins() -> Response:
    """Sign every other device out, and trust none of them any more."""
    accounts.end_other_sign_ins(db.writing(), viewer(), keep=visitor().sign_in)
    return go("second_factors.show")


@bp.get("/account/security/code-app")
@recently_verified
def totp() -> Response:
    """Show the secret of a new code app, as a drawing and as text, until its first code was right."""
    return _totp(CodeForm(formdata=None))


@bp.post("/account/security/code-app")
@recently_verified
def begin_totp() -> Response:
    """Make a new secret for a code app."""
    second_factors.begin_totp(db.writing(), viewer().id)
    return go("second_factors.totp", elsewhere=True)


@bp.post("/account/security/code-app/confirmation")
@recently_verified
def confirm_totp() -> Response:
    """Turn the code app on and show the paper codes, this once."""
    form = CodeForm()
    session = db.writing()
    try:
        codes = second_factors.confirm_totp(session, viewer().id, form.code.data or "")
    except Invalid as refusal:
        return _totp(form.reject(refusal), 422)
    _tell(session, N_("code app turned on"))
    db.settle()
    return page("second_factors/paper_codes.html", codes=codes)


@bp.get("/account/security/code-app/removal")
@recently_verified
def ask_totp_removal() -> Response:
    """Say what taking the code app away means."""
    return page("second_factors/totp_removal.html")


@bp.post("/account/security/code-app/removal")
@recently_verified
def remove_totp() -> Response:
    """Take the code app and the paper codes away; mailed codes remain."""
    session = db.writing()
    second_factors.remove_totp(session, viewer().id)
    _tell(session, N_("code app removed"))
    return go("second_factors.show", elsewhere=True)


@bp.post("/account/security/paper-codes")
@recently_verified
def new_paper_codes() -> Response:
    """Ten new paper codes in place of the old ones, shown this once."""
    session = db.writing()
    codes = second_factors.new_recovery_codes(session, viewer().id)
    _tell(session, N_("new paper codes made"))
    db.settle()
    return page("second_factors/paper_codes.html", codes=codes)


@bp.get("/account/security/passkeys")
@recently_verified
def passkeys() -> Response:
    """My passkeys, and a new one; making one needs script, since the browser itself asks for it."""
    return _passkeys()


@bp.post("/account/security/passkeys/options")
@recently_verified
def passkey_options() -> Response:
    """What the browser needs to know to make a passkey."""
    account = viewer()
    options = second_factors.begin_passkey(db.writing(), account.id, account.username, site())
    return Response(options, mimetype="application/json")


@bp.post("/account/security/passkeys")
@recently_verified
def create_passkey() -> Response:
    """Keep the passkey that the browser made."""
    session = db.writing()
    try:
        second_factors.finish_passkey(session, viewer().id, request.form.get("answer", ""), device_words(), site())
    except Invalid as refusal:
        return _passkeys(gettext(refusal.message), 422)
    _tell(session, N_("passkey added"))
    return go("second_factors.passkeys")


@bp.post("/account/security/passkeys/<id:passkey_id>/removal")
@recently_verified
def remove_passkey(passkey_id: int) -> Response:
    """Forget a passkey."""
    session = db.writing()
    second_factors.remove_passkey(session, viewer().id, passkey_id)
    _tell(session, N_("passkey removed"))
    return go("second_factors.passkeys")


def _totp(form: CodeForm, status: int = 200) -> Response:
    secret = second_factors.pending_secret(db.session, viewer().id)
    uri = second_factors.provisioning_uri(secret, viewer().username) if secret else None
    return page(
        "second_factors/totp.html",
        parts=("code_app",),
        status=status,
        form=form,
        uri=uri,
        drawing=_drawn(uri) if uri else None,
        secret=" ".join(secret[n : n + 4] for n in range(0, len(secret), 4)) if secret else None,
        is_on=second_factors.has_totp(db.session, viewer().id),
    )


def _drawn(uri: str) -> dict[str, object]:
    code = segno.make(uri, error="m")
    width = code.symbol_size(border=0)[0]
    rows = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark)
    return {"width": width + 2, "path": Markup("").join(rows)}


def _passkeys(error: str | None = None, status: int = 200) -> Response:
    known = second_factors.passkeys_of(db.session, viewer().id)
    return page("second_factors/passkeys.html", parts=("passkeys",), status=status, passkeys=known, error=error)


def _tell(session: object, what: str) -> None:
    notices.queue(session, notices.Kind.SECOND_STEP_CHANGED, to=viewer().id, what=what, device=device_words())
