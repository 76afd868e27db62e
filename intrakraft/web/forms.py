"""Forms: Flask-WTF with our guard, plain errors beside the fields, and what was typed kept.

Signed-out people carry no cookie, so their forms hold a signed, dated token and the browser's own word on where the
request came from is checked; after sign-in Flask-WTF's session token takes over (architecture: life of a request, 5).
"""

from __future__ import annotations

import unicodedata
from typing import Any

from flask import Flask, abort, current_app, g, request, session
from flask_babel import gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from wtforms import StringField, TextAreaField
from wtforms.validators import ValidationError

from intrakraft.domain.base import N_, normal_text
from intrakraft.domain.errors import Invalid

OPEN_FOR = 24 * 3600
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


OUR_WORDS = {
    "This field is required.": N_("This cannot stay empty."),
    "Not a valid choice.": N_("Choose one of the list."),
    "Invalid Choice: could not coerce.": N_("Choose one of the list."),
    "Not a valid integer value.": N_("Write a whole number, in digits."),
    "Not a valid decimal value.": N_("Write a number, in digits."),
    "Not a valid date value.": N_("Write a date, such as 2026-11-24."),
    "Field cannot be longer than %(max)d characters.": N_("At most %(max)d letters, please."),
    "Field must be at least %(min)d characters long.": N_("At least %(min)d letters, please."),
    "Field must be between %(min)d and %(max)d characters long.": N_("Between %(min)d and %(max)d letters, please."),
    "Number must be at least %(min)s.": N_("At least %(min)s, please."),
    "Number must be at most %(max)s.": N_("At most %(max)s, please."),
    "Number must be between %(min)s and %(max)s.": N_("Between %(min)s and %(max)s, please."),
}
"""What the form library says by itself, in the words of this site."""
CHECK_IT = N_("This cannot be used. Check it.")


class OwnWords:
    """The form library's sentences, in our words and in the language of the page."""

    def gettext(self, sentence: str) -> str:
        """A sentence of the library, its placeholders still in it."""
        words: str = gettext(OUR_WORDS.get(sentence, CHECK_IT))
        return words

    def ngettext(self, one: str, many: str, number: int) -> str:
        """A sentence about a number; ours do not bend with it."""
        return self.gettext(many)


class Form(FlaskForm):
    """Base of all forms. The token is checked before the view, once for every unsafe request, so no field holds it."""

    class Meta:
        csrf = False

        def get_translations(self, form: Any) -> OwnWords:
            """Whoever speaks to people here speaks in our words."""
            return OwnWords()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            field.label.text = gettext(field.label.text) if field.label.text else ""
            field.description = gettext(field.description) if field.description else ""

    def reject(self, refusal: Invalid) -> Form:
        """Put the verb's problems beside their fields; those without a field go on top."""
        for name, problem in refusal.problems.items():
            text = problem if isinstance(problem, str) else problem[0]
            words = gettext(text, **({} if isinstance(problem, str) else problem[1]))
            field = self._fields.get(name)
            errors = self.form_errors if field is None else field.errors
            if field is not None and not isinstance(errors, list):
                field.errors = errors = list(errors)
            errors.append(words)
        return self


def clean_text(text: str | None) -> str | None:
    """Text as it is kept: NFC, no control letters but new lines and tabs, nothing that is no letter at all, ends trimmed."""
    if text is None:
        return None
    text = normal_text(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in text if c in "\n\t" or _is_letter(c)).strip()


def _is_letter(c: str) -> bool:
    """Not a control, a lone surrogate or one of Unicode's 66 noncharacters, which no page may hold."""
    is_none = ord(c) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(c) <= 0xFDEF
    return unicodedata.category(c) not in ("Cc", "Cs") and not is_none


class Line(StringField):
    """One line of text, cleaned; new lines become blanks."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if isinstance(self.data, str):
            self.data = " ".join((clean_text(self.data) or "").split())


class Lines(TextAreaField):
    """Several lines of text, cleaned."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if isinstance(self.data, str):
            self.data = clean_text(self.data)


def csrf_token() -> str:
    """The token for a form on this page; sets no cookie for signed-out people."""
    if "csrf" not in g:
        g.csrf = generate_csrf() if current_user.is_authenticated else _serializer().dumps("form")
    token: str = g.csrf
    return token


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="signed-out form")


def guard() -> None:
    """Before every unsafe request: it comes from our own page, and carries a token that is ours and not too old."""
    if request.method in SAFE or not current_app.config.get("GUARD_FORMS", True):
        return
    if not _from_here():
        abort(403)
    token = request.headers.get("X-CSRFToken") or request.form.get("csrf_token") or ""
    is_right = _session_token if current_user.is_authenticated else _signed_out_token
    if not is_right(token) and not _vouched(token):
        raise PageTooOld


class PageTooOld(Exception):
    """The page's token is missing or too old: the form is shown again for one more press, nothing typed is lost."""


def _from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or origin.rpartition("//")[2] == request.host


def _session_token(token: str) -> bool:
    try:
        validate_csrf(token, time_limit=None)
    except ValidationError:
        return False
    return "csrf_token" in session


def _signed_out_token(token: str) -> bool:
    try:
        return bool(_serializer().loads(token, max_age=OPEN_FOR) == "form")
    except (BadSignature, SignatureExpired):
        return False


def _vouched(token: str) -> bool:
    """A page of ours from before this sign-in, or of one that has ended, and a browser that says it asks from here.

    A page of another sign-in does not act for whoever is signed in now.
    """
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return False
    return _signed_out_token(token) or (not current_user.is_authenticated and _once_signed_in(token))


def _once_signed_in(token: str) -> bool:
    try:
        return bool(URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token").loads(token))
    except BadSignature:
        return False


def init_app(app: Flask) -> None:
    """Guard every unsafe request and give templates the token."""
    app.config.update(WTF_CSRF_ENABLED=True, WTF_CSRF_TIME_LIMIT=None, WTF_I18N_ENABLED=True)
    app.before_request(guard)
    app.jinja_env.globals["csrf_token"] = csrf_token
