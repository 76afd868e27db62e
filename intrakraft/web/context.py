"""What every template may count on: the viewer, the language, the operator, and how heavy the page may be."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote

from flask import Flask, g, request
from flask_babel import get_domain, get_locale, gettext
from markupsafe import Markup

from intrakraft.domain import notices
from intrakraft.web.access import viewer
from intrakraft.web.choices import LANGUAGES, THEMES, choices, language, saver
from intrakraft.web.state import database, settings

MOST_KEPT = 5000


def everything() -> dict[str, Any]:
    """Variables of every page; macros are handed what they need from these."""
    return {
        "viewer": viewer(),
        "language": language(),
        "languages": LANGUAGES,
        "saver": saver(),
        "theme": THEMES[choices().theme],
        "unread": unread(),
        "operator": settings(),
        "here": here(),
    }


def here() -> str:
    """The address of this page as a link to it would say it; of an act, without its query."""
    query = quote(request.query_string, safe=_SAFE_IN_A_QUERY) if request.method == "GET" else ""
    return quote(request.path, safe="/@:") + (f"?{query}" if query else "")


_SAFE_IN_A_QUERY = "!$%&'()*+,/:;=?@"


def unread() -> int:
    """Notices the viewer has not opened yet; counted once a request, never stored."""
    account = viewer()
    if account is None:
        return 0
    if "unread" not in g:
        g.unread = notices.unread_count(database().session, account.id)
    count: int = g.unread
    return count


def remembered(text: str) -> str:
    """A translation, looked up once for each language: pages hold some thirty strings, and each look costs.

    Templates translate words in a variable by the filter `said`, which is this: it escapes and never formats.
    """
    found: dict[str, str] | None = g.get("said")
    if found is None:
        found = g.said = _kept(str(get_locale()))
    if text not in found:
        if len(found) > MOST_KEPT:
            found.clear()
        found[text] = gettext(text)
    return found[text]


def sentence(text: str, **values: object) -> Markup:
    """`_("...")` of templates: the translation, with its placeholders filled by escaped values."""
    found = Markup(remembered(text))
    return found % values if values or "%" in text else found


def counted(one: str, many: str, number: int) -> str:
    """The form of a sentence for a number, with its placeholders still in it."""
    found: str = get_domain().get_translations().ungettext(one, many, number)
    return found


@cache
def _kept(language: str) -> dict[str, str]:
    return {}


def init_app(app: Flask) -> None:
    """Strict templates with gettext; a missing variable is a fault, not an empty place."""
    from jinja2 import StrictUndefined

    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(remembered, counted, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"] = sentence
    app.jinja_env.filters["said"] = remembered
    app.context_processor(everything)
