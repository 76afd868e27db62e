"""Language, data saver and theme, each by a small form that needs no script."""

from __future__ import annotations

from flask import Blueprint, Response, request

from intrakraft.domain.accounts import corrections
from intrakraft.web.access import local_path, public, viewer
from intrakraft.web.choices import LANGUAGES, THEMES, choose
from intrakraft.web.page import go_to
from intrakraft.web.state import db

bp = Blueprint("choices", __name__)


@bp.post("/choices/language")
@public
def language() -> Response:
    """Read the site in this language from now on; who is signed in gets mails in it too."""
    wanted = request.form.get("language", "")
    wanted = wanted if wanted in LANGUAGES else ""
    choose(language=wanted)
    if wanted and viewer() is not None:
        corrections.choose_language(db.writing(), viewer(), wanted)
    return _back()


@bp.post("/choices/saver")
@public
def saver() -> Response:
    """Turn data saver on or off for this browser, whatever the browser itself asks for."""
    choose(saver=request.form.get("saver") == "1")
    return _back()


@bp.post("/choices/theme")
@public
def theme() -> Response:
    """Light, dark or as the phone says."""
    wanted = request.form.get("theme", "")
    choose(theme=wanted if wanted in THEMES else "")
    return _back()


def _back() -> Response:
    return go_to(local_path(request.form.get("next")))
