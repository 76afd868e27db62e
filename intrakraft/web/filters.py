"""How money, numbers, dates and sizes are written: lakh grouping, Indian time, Latin digits in every language.

Each filter is a plain function of its arguments; only the wrappers at the end know the language of the page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, wraps
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal
from flask import Flask
from flask_babel import get_locale, gettext

from intrakraft.domain.base import now
from intrakraft.domain.money import amount_in_words

INDIA = ZoneInfo("Asia/Kolkata")
LAKH = "#,##,##0"
GAP = "\u00a0"
_LOCALES = {"en": Locale("en", "IN"), "hi": Locale("hi", "IN")}
_MONTH = {"en": "MMM", "hi": "MMMM"}


@lru_cache(maxsize=4096)
def rupees(paise: int, exact: bool = False) -> str:
    """₹12,34,567 from paise; the paise are written when there are any, or always with `exact` (bills)."""
    pattern = f"¤{LAKH}.00" if exact or paise % 100 else f"¤{LAKH}"
    amount = Decimal(paise) / 100
    return format_currency(amount, "INR", f"{pattern};−{pattern}", locale=_LOCALES["en"], currency_digits=False)


@lru_cache(maxsize=1024)
def number(value: int | float | Decimal) -> str:
    """12,34,567, with up to two decimals."""
    return format_decimal(value, f"{LAKH}.##;−{LAKH}.##", locale=_LOCALES["en"])


def day(value: date | datetime, language: str = "en", today: date | None = None) -> str:
    """22 Nov; the year only when it is not this one. A time is first turned into Indian time."""
    value = _indian(value).date() if isinstance(value, datetime) else value
    return _day(value, language[:2], value.year == (today or _indian(now()).date()).year)


def moment(value: datetime, language: str = "en", today: date | None = None) -> str:
    """Sun 22 Nov, 10:51 in Indian time, 24 hours; the year only when it is not this one."""
    value = _indian(value)
    return _moment(value.replace(second=0, microsecond=0), language[:2], value.year == (today or _indian(now())).year)


def clock(value: datetime) -> str:
    """10:51 in Indian time."""
    return f"{_indian(value):%H:%M}"


def ago(value: datetime, language: str = "en", at: datetime | None = None, fresh: str = "just now") -> str:
    """2 days ago, in the largest unit that fits; `fresh` under a minute."""
    passed = (at or now()) - value
    if timedelta(0) <= passed < timedelta(minutes=1):
        return fresh
    locale = _locale(language)
    return format_timedelta(-passed, granularity="minute", threshold=1.2, add_direction=True, locale=locale)


def size(count: int) -> str:
    """412 KB, 1.8 MB: bytes as people are charged for them, in thousands, never 0 for something."""
    if count < 1_000_000:
        return f"{number(max(1, round(count / 1000)) if count else 0)}{GAP}KB"
    return f"{number(round(count / 1_000_000, 1))}{GAP}MB"


def initials(name: str) -> str:
    """RP for Rangrez Prints: what stands in the circle of a business."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def _locale(language: str) -> Locale:
    return _LOCALES.get(language[:2], _LOCALES["en"])


def _indian(value: datetime) -> datetime:
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(INDIA)


@lru_cache(maxsize=1024)
def _day(value: date, language: str, this_year: bool) -> str:
    month = _MONTH.get(language, "MMM")
    return format_date(value, f"d {month}" if this_year else f"d {month} y", locale=_locale(language))


@lru_cache(maxsize=4096)
def _moment(value: datetime, language: str, this_year: bool) -> str:
    month = _MONTH.get(language, "MMM")
    pattern = f"EEE d {month}, HH:mm" if this_year else f"d {month} y, HH:mm"
    return format_datetime(value, pattern, tzinfo=INDIA, locale=_locale(language))


# -- in templates --


def _spoken(function: Callable[..., str]) -> Callable[..., str]:
    @wraps(function)
    def in_the_pages_language(value: Any, **given: Any) -> str:
        given.setdefault("language", str(get_locale() or "en"))
        return function(value, **given)

    return in_the_pages_language


def init_app(app: Flask) -> None:
    """Teach templates `rupees number day moment clock ago size initials in_words`; words follow the page's language."""
    app.jinja_env.filters.update(
        rupees=rupees,
        number=number,
        day=_spoken(day),
        moment=_spoken(moment),
        clock=clock,
        ago=_spoken(lambda value, language: ago(value, language, fresh=gettext("just now"))),
        size=size,
        initials=initials,
        in_words=_spoken(amount_in_words),
    )
