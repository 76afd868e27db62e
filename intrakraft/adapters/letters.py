"""Letters: a notice put into words, as plain text and as HTML, in the language of its reader.

A service letter says what happened and what to do, names the operator and links the policy; it carries no offers
(P-007, P-070, P-151).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from intrakraft.domain.notices import Fields, Kind, Written

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "home": "home.show",
    "policy": "policy.show",
    "support": "support.show",
    "devices": "second_factors.show",
    "reset": "passwords.new",
    "seen": "ledger.show",
    "listing": "listings.show",
}

Url = Callable[..., str]

_GAPS = re.compile(r"\n{3,}")
_MONTH = {"en": "MMM", "hi": "MMMM"}


class Operator(Protocol):
    """Whom a letter is from: the settings of the installation."""

    @property
    def company(self) -> str: ...

    @property
    def officer(self) -> str: ...

    @property
    def phone(self) -> str: ...

    @property
    def email(self) -> str: ...

    @property
    def zone(self) -> str: ...


class Letters:
    """Renders `templates/mail/<kind>.txt` and `.html`; called with kind, language and fields.

    `url(endpoint, **values)` gives the full address of a page; the letters' own names of pages are in `PAGES`.
    """

    def __init__(self, operator: Operator, url: Url) -> None:
        self._operator = operator
        self._url = url
        self._zone = ZoneInfo(operator.zone)
        self._environment = lru_cache(maxsize=8)(self._made_for)

    def __call__(self, kind: Kind, language: str, fields: Fields) -> Written:
        """The words of one notice; a language without translations is answered in English."""
        environment = self._environment(language)
        text = environment.get_template(f"mail/{kind}.txt")
        subject = "".join(text.blocks["subject"](text.new_context(dict(fields)))).strip()
        html = environment.get_template(f"mail/{kind}.html")
        plain = _GAPS.sub("\n\n", text.render(fields, subject=subject))
        return Written(subject, plain, html.render(fields, subject=subject))

    def _made_for(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(ROOT / "templates"),
            extensions=["jinja2.ext.i18n"],
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.policies["ext.i18n.trimmed"] = True
        found = Translations.load(ROOT / "translations", [language])
        _install(environment, found)
        environment.filters["moment"] = lambda value: self._moment(value, language)
        environment.filters["said"] = found.gettext
        environment.globals.update(
            language=language, operator=self._operator, url=lambda page, **values: self._url(PAGES[page], **values)
        )
        return environment

    def _moment(self, value: str, language: str) -> str:
        locale = Locale(language if language in _MONTH else "en", "IN")
        pattern = f"EEE d {_MONTH[locale.language]}, HH:mm"
        return format_datetime(datetime.fromisoformat(value), pattern, self._zone, locale)


def _install(environment: Any, translations: NullTranslations) -> None:
    environment.install_gettext_translations(translations, newstyle=True)
