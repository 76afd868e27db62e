"""Sign-in: name and password, then the second step on every device that is not trusted; and signing out."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField
from wtforms.validators import InputRequired

from intrakraft.adapters.offload import offload
from intrakraft.domain.accounts import (
    Account,
    Challenge,
    Device,
    EventKind,
    SecondStepProof,
    Way,
    codes,
    passwords,
    second_steps,
    signing_in,
)
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid, NotAllowed, TooMany
from intrakraft.web import second_step, throttles
from intrakraft.web.access import local_path, public, visitor
from intrakraft.web.cookies import forget, keep
from intrakraft.web.devices import (
    admit,
    browser,
    device_token,
    device_words,
    dismiss,
    note_failure,
    note_sealed,
    trust,
)
from intrakraft.web.forms import Form, Line
from intrakraft.web.page import go, go_to, page
from intrakraft.web.second_step import TrustingForm
from intrakraft.web.state import db

bp = Blueprint("sign_in", __name__)

NOT_RIGHT = N_("Name or password is not right.")


class SignInForm(Form):
    """Username or e-mail, and the password."""

    name = Line(
        _l("Username or e-mail"),
        [InputRequired(_l("Write your username or e-mail address."))],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "maxlength": 254},
    )
    password = PasswordField(
        _l("Password"), [InputRequired(_l("Write your password."))], render_kw={"autocomplete": "current-password"}
    )
    stay = BooleanField(
        _l("Keep me signed in on this phone"),
        description=_l("For 30 days. Otherwise until you close the browser, and 12 hours at most without use."),
    )
    next = HiddenField()


@bp.get("/sign-in")
@public
def new(form: SignInForm | None = None, status: int = 200) -> Response:
    """Ask for name and password."""
    form = form or SignInForm(formdata=None, next=request.args.get("next"))
    is_new_password = request.args.get("after") == "reset"
    return page("sign_in/new.html", parts=("credentials",), status=status, form=form, is_new_password=is_new_password)


@bp.post("/sign-in")
@public
def create() -> Response:
    """Check the password; then let a trusted device in, and ask every other one for the second step."""
    form = SignInForm()
    if not form.validate():
        return new(form, 422)
    try:
        account, device = _recognise(form.name.data, form.password.data)
        if device is not None and not account.is_staff:
            return _let_in(account.id, device=device, stay=form.stay.data, onward=form.next.data)
        keep("attempt", _begin(account, stay=form.stay.data))
    except (Invalid, TooMany) as refusal:
        return _again(form, refusal)
    return go("sign_in.second", elsewhere=True, next=form.next.data or None)


@bp.get("/sign-in/second-step")
@public
def second(form: TrustingForm | None = None, status: int = 200) -> Response:
    """Ask for the second step; without the cookie that carries the attempt, say plainly what is missing."""
    attempt = second_step.attempt_in_hand(CodeKind.SIGN_IN)
    if attempt is None:
        return second_step.no_attempt(url_for("sign_in.new"))
    asked = second_step.asked(attempt.account_id, attempt)
    form = second_step.fit(form or TrustingForm(formdata=None), asked)
    may_trust = not db.session.get_one(Account, attempt.account_id).is_staff
    onward = request.values.get("next") or None
    return page(
        "sign_in/second.html",
        parts=("second",),
        status=status,
        form=form,
        asked=asked,
        may_trust=may_trust,
        next=onward,
    )


@bp.post("/sign-in/second-step")
@public
def pass_second() -> Response:
    """Sign in once the second step is passed."""
    attempt, form = second_step.attempt_in_hand(CodeKind.SIGN_IN), TrustingForm()
    if attempt is None:
        return second_step.no_attempt(url_for("sign_in.new"))
    try:
        proof = second_step.proved(attempt.account_id, attempt, form)
    except (Invalid, TooMany) as refusal:
        return second(second_step.beside(form, refusal), refusal.status)
    onward = request.form.get("next")
    return _let_in(
        proof.account_id, proof=proof, attempt=attempt, stay=attempt.stay, trusts=form.trust.data, onward=onward
    )


@bp.post("/sign-in/second-step/codes")
@public
def send_code() -> Response:
    """Mail a code, or mail it again."""
    attempt = second_step.attempt_in_hand(CodeKind.SIGN_IN)
    if attempt is None:
        return second_step.no_attempt(url_for("sign_in.new"))
    throttles.before_code_mail(attempt.account_id)
    session = db.writing()
    codes.mail(session, session.get_one(Challenge, attempt.id), device=device_words())
    return go("sign_in.second", way=Way.MAIL, next=request.form.get("next") or None)


@bp.post("/sign-in/second-step/passkey")
@public
def passkey() -> Response:
    """What the browser needs to know to answer with a passkey."""
    attempt = second_step.attempt_in_hand(CodeKind.SIGN_IN)
    if attempt is None:
        raise NotAllowed(N_("Sign in with your name and password first."))
    return second_step.passkey_options(attempt.account_id)


@bp.post("/sign-out")
@public
def end() -> Response:
    """Sign this browser out and have it drop what it kept of us."""
    found = visitor()
    if found is not None:
        signing_in.sign_out(db.writing(), found.sign_in.id)
        note_sealed(EventKind.SIGNED_OUT, found.sign_in.account_id)
    dismiss()
    response = go_to(url_for("home.show"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _recognise(name: str, password: str) -> tuple[Account, Device | None]:
    """The person with this name and password, and their trusted device. Raises `Invalid`, in the same time always."""
    account = signing_in.find_account(db.session, name)
    account_id = account.id if account is not None else None
    device = signing_in.trusted_device(db.session, account_id or 0, device_token())
    throttles.before_password(name, account, on_trusted_device=device is not None)
    stored = passwords.stored_hash(db.session, account_id)
    if not offload(passwords.verify_password, stored, password) or account is None or not account.can_sign_in:
        throttles.wrong_password()
        note_failure(EventKind.SIGN_IN_FAILED, account_id)
        raise Invalid({"": NOT_RIGHT})
    throttles.right_password(name, account, on_trusted_device=device is not None)
    return account, device


def _begin(account: Account, *, stay: bool) -> str:
    """Begin the attempt that waits for its second step; where that is a mailed code, it is mailed at once."""
    by_mail = second_steps.ways_of(db.session, account.id)[0] is Way.MAIL
    if by_mail:
        throttles.before_code_mail(account.id)
    session = db.writing()
    attempt, token = codes.begin(session, CodeKind.SIGN_IN, account.id, stay=stay)
    if by_mail:
        codes.mail(session, attempt, device=device_words())
    return token


def _let_in(
    account_id: int,
    *,
    stay: bool,
    onward: str | None,
    proof: SecondStepProof | None = None,
    device: Device | None = None,
    attempt: Challenge | None = None,
    trusts: bool = False,
) -> Response:
    """Begin the sign-in under a new token and go where the person wanted to go."""
    before, session = visitor(), db.writing()
    if before is not None:
        signing_in.sign_out(session, before.sign_in.id)
    account = session.get_one(Account, account_id)
    if attempt is not None:
        codes.use(session, session.get_one(Challenge, attempt.id))
        forget("attempt")
    known = session.get_one(Device, device.id) if device is not None else None
    begun = signing_in.sign_in(session, account, browser=browser(), stay=stay, proof=proof, device=known, trusts=trusts)
    if begun.device_token is not None:
        trust(begun.device_token)
    admit(begun.token, stay=stay)
    note_sealed(EventKind.SIGNED_IN, account.id)
    return go("states.show", elsewhere=True) if account.is_held else go_to(local_path(onward))


def _again(form: SignInForm, refusal: Invalid | TooMany) -> Response:
    response = new(second_step.beside(form, refusal), refusal.status)
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response
