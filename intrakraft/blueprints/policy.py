"""The privacy policy and the terms: the text in force, every version with its dates and seal, and the exact file.

Both read the same way: the layered summary first, then clauses with lasting anchors, with or without script (P-004).
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, request
from flask_babel import force_locale

from intrakraft.domain.base import N_
from intrakraft.domain.errors import NotFound
from intrakraft.domain.privacy import policy as policies
from intrakraft.domain.privacy import texts
from intrakraft.domain.privacy.texts import Kind, Text
from intrakraft.web.access import public
from intrakraft.web.choices import LANGUAGES, language
from intrakraft.web.operator import facts
from intrakraft.web.page import page

bp = Blueprint("policy", __name__, url_prefix="/policy")
terms = Blueprint("terms", __name__, url_prefix="/terms")
bp.record_once(lambda setup: setup.app.register_blueprint(terms))


@bp.get("")
@terms.get("")
@public
def show() -> Response:
    """The text in force."""
    return _page(policies.current(_kind(), lang=_language()), in_force=True)


@bp.get("/archive")
@terms.get("/archive")
@public
def archive() -> Response:
    """Every version with its dates and seals, newest first."""
    kind = _kind()
    held = texts.versions(kind)
    current = policies.current(kind).version
    return page("policy/archive.html", kind=kind, held=held, not_held=texts.not_held(kind), current=current)


@bp.get("/versions/<version>")
@terms.get("/versions/<version>")
@public
def version(version: str) -> Response:
    """One version at its lasting address."""
    text = _find(version, _language())
    return _page(text, in_force=text.version == policies.current(text.kind).version)


@bp.get("/versions/<version>/<lang>.md")
@terms.get("/versions/<version>/<lang>.md")
@public
def source(version: str, lang: str) -> Response:
    """The file exactly as published, so that anybody can compute its seal."""
    text = _find(version, lang)
    if text.lang != lang:
        raise NotFound(N_("There is nothing here."))
    response = make_response(text.source.encode())
    response.content_type = "text/markdown; charset=utf-8"
    response.content_language.add(lang)
    return response


def _page(text: Text, in_force: bool) -> Response:
    with force_locale(text.lang):
        shown = texts.shown(text, facts())
    return page("policy/show.html", text=text, shown=shown, in_force=in_force, held=texts.versions(text.kind))


def _kind() -> Kind:
    return Kind.TERMS if request.blueprint == "terms" else Kind.PRIVACY


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else language()


def _find(version: str, lang: str) -> Text:
    text = texts.find(_kind(), version, lang)
    if text is None:
        raise NotFound(N_("There is nothing here."))
    return text
