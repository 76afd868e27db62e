"""What a person chose for this browser: language, data saver, theme. One small cookie, written only by the choice itself.

Its value is three letters apart by dots, such as `hi.1.d`, and never identifies anybody (P-042, P-045).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import Flask, g, request
from flask_babel import Babel
from flask_login import current_user

from intrakraft.web.cookies import keep, read_cookie

LANGUAGES = {"en": "English", "hi": "हिन्दी"}
THEMES = {"": "auto", "l": "light", "d": "dark"}


@dataclass(frozen=True, slots=True)
class Choices:
    """`language` is "" where none was chosen; `saver` is None where the browser's own header decides."""

    language: str = ""
    saver: bool | None = None
    theme: str = ""

    def __str__(self) -> str:
        return f"{self.language}.{'' if self.saver is None else int(self.saver)}.{self.theme}"


def parse(value: str | None) -> Choices:
    """Choices from the cookie; anything odd counts as not chosen."""
    parts = (value or "").split(".")
    if len(parts) != 3:
        return Choices()
    language, saver, theme = parts
    return Choices(
        language if language in LANGUAGES else "",
        {"1": True, "0": False}.get(saver),
        theme if theme in THEMES else "",
    )


def choices() -> Choices:
    """The choices that came with this request."""
    if "choices" not in g:
        g.choices = parse(read_cookie("choices"))
    found: Choices = g.choices
    return found


def choose(**changes: object) -> None:
    """Keep a choice from now on."""
    g.choices = replace(choices(), **changes)  # type: ignore[arg-type]
    keep("choices", str(g.choices))


def language() -> str:
    """The language of this answer: chosen here, else the account's, else the browser's, else English."""
    chosen = choices().language
    if chosen:
        return chosen
    if current_user.is_authenticated and current_user.account.language in LANGUAGES:
        return str(current_user.account.language)
    return next(filter(LANGUAGES.get, _asked_for()), "en")


def _asked_for() -> Iterator[str]:
    """The languages of the browser, the dearest first and without their countries: `hi-IN` is Hindi."""
    return (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality)


def saver() -> bool:
    """Whether this person wants few bytes: by their choice, else by the browser's `Save-Data: on`."""
    chosen = choices().saver
    return request.headers.get("Save-Data") == "on" if chosen is None else chosen


def init_app(app: Flask) -> None:
    """Languages by choice, times in the operator's zone."""
    zone = app.config["INTRAKRAFT"].zone
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, default_locale="en", default_timezone=zone, locale_selector=language)
