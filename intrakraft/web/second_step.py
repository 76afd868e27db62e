"""The second step as pages show it: which way, the code typed, and the proof that comes out.

Tries are counted and committed before anything is said, so a refusal never gives one back (P-120).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Response, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField

from intrakraft.adapters.offload import offload
from intrakraft.domain.accounts import (
    Challenge,
    EventKind,
    SecondStepProof,
    Way,
    codes,
    contacts,
    passwords,
    second_factors,
    second_steps,
)
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.second_factors import Site
from intrakraft.domain.accounts.second_steps import Answer
from intrakraft.domain.base import N_
from intrakraft.domain.errors import DomainError, Invalid, NotFound
from intrakraft.web import throttles
from intrakraft.web.access import viewer
from intrakraft.web.cookies import read_cookie
from intrakraft.web.devices import note_failure
from intrakraft.web.forms import Form, Line
from intrakraft.web.page import page
from intrakraft.web.state import database

EMPTY = N_("Type the code.")
NOT_YOURS = N_("This is not your password.")
LABELS = {
    Way.PASSKEY: N_("Passkey"),
    Way.TOTP: N_("Code the app shows now"),
    Way.MAIL: N_("Code"),
    Way.PAPER: N_("One of your paper codes"),
}
SIX_DIGITS = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 12, "class": "otp"}
TYPED_BY_HAND = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": 20}
AnyForm = TypeVar("AnyForm", bound=Form)


class SecondStepForm(Form):
    """A way and a code, or what a passkey answered."""

    way = HiddenField()
    answer = HiddenField()
    code = Line(_l("Code"))


AnySecondStep = TypeVar("AnySecondStep", bound=SecondStepForm)


class TrustingForm(SecondStepForm):
    """The same at sign-in, where a device of one's own may be remembered."""

    trust = BooleanField(
        _l("This is my own device: do not ask for the code here for 90 days"),
        description=_l("Leave it empty on a phone or computer that others use."),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page of a second step shows."""

    ways: list[Way]
    way: Way
    email: str
    challenge: Challenge | None

    @property
    def others(self) -> list[Way]:
        """The other ways there are."""
        return [way for way in self.ways if way is not self.way]

    @property
    def waits_for_code(self) -> bool:
        """Whether a mailed code is on its way, or this way needs none."""
        return self.way is not Way.MAIL or (self.challenge is not None and self.challenge.has_live_code)


def site() -> Site:
    """The host and origin that passkeys of this installation are bound to."""
    address = urlsplit(request.host_url)
    return Site(address.hostname or "", f"{address.scheme}://{address.netloc}")


def attempt_in_hand(kind: CodeKind, cookie: str = "attempt") -> Challenge | None:
    """The attempt this browser carries, if its time is not over."""
    return codes.find_attempt(database().session, kind, read_cookie(cookie))


def no_attempt(again: str, cookie: str = "attempt") -> Response:
    """Say plainly why this page cannot go on: no cookie came back, or the time is over (P-050)."""
    if read_cookie(cookie) is None:
        return page("errors/cookies.html", status=400, again=again)
    return page("sign_in/over.html", status=409, again=again)


def asked(account_id: int, challenge: Challenge | None, *, by_mail: bool = True) -> Asked:
    """What to show to this person: the way they chose in the address or the form, else their strongest."""
    session = database().session
    ways = second_steps.ways_of(session, account_id, by_mail=by_mail)
    wanted = request.values.get("way", "")
    way = Way(wanted) if wanted in ways else ways[0]
    email = contacts.shortened(contacts.email_of(session, account_id)) if way is Way.MAIL else ""
    return Asked(ways, way, email, challenge)


def proved(
    account_id: int, challenge: Challenge | None, form: SecondStepForm, *, by_mail: bool = True
) -> SecondStepProof:
    """The proof of a second step. Raises `Invalid` for the field `code`, `TooMany` beyond the limits."""
    way = _way_of(form)
    typed = (form.answer.data if way is Way.PASSKEY else form.code.data) or ""
    if not typed.strip():
        raise Invalid({"code": EMPTY})
    throttles.before_code(account_id)
    with database().apart() as session:
        waiting = session.get(Challenge, challenge.id) if challenge is not None else None
        answer = Answer(way, typed[:20_000], site())
        outcome = second_steps.check_second_step(session, account_id, answer, waiting, by_mail=by_mail)
    if outcome.proof is None:
        note_failure(EventKind.SECOND_STEP_FAILED, account_id)
    return outcome.or_raise()


def passkey_options(account_id: int) -> Response:
    """What a browser needs to know to sign with one of the person's passkeys. Raises `NotFound` where there is none."""
    throttles.before_code(account_id)
    options = second_factors.passkey_options(database().writing(), account_id, site())
    if options is None:
        raise NotFound(N_("There is no passkey."))
    return Response(options, mimetype="application/json")


def check_own_password(typed: str) -> None:
    """Raise `Invalid` for the field `password` where it is not the viewer's, `TooMany` beyond the limits."""
    account = viewer()
    assert account is not None, "only signed-in people have a password of their own"
    throttles.before_password(account.username, account, on_trusted_device=True)
    if not offload(passwords.verify_password, passwords.stored_hash(database().session, account.id), typed):
        note_failure(EventKind.SIGN_IN_FAILED, account.id)
        raise Invalid({"password": NOT_YOURS})
    throttles.right_password(account.username, account, on_trusted_device=True)


def fit(form: AnySecondStep, found: Asked) -> AnySecondStep:
    """Make the form ask in the words of the way; an answer that was refused is not sent again."""
    form.way.data, form.answer.data = found.way.value, ""
    form.code.label.text = gettext(LABELS[found.way])
    form.code.render_kw = dict(TYPED_BY_HAND if found.way is Way.PAPER else SIX_DIGITS)
    return form


def beside(form: AnyForm, refusal: DomainError) -> AnyForm:
    """Put a refusal beside the fields it is about, or on top of the form, so that what was typed stays."""
    if isinstance(refusal, Invalid):
        form.reject(refusal)
    else:
        form.form_errors.append(gettext(refusal.message, **refusal.params))
    return form


def _way_of(form: SecondStepForm) -> Way:
    try:
        return Way(form.way.data or "")
    except ValueError:
        raise Invalid({"code": second_steps.NOT_SET_UP}) from None
