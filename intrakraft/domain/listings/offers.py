"""Offers: what a person typed into the form of a listing, read and judged as a whole.

Everything wrong is said at once, beside its field, in words that say how to put it right; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from intrakraft.domain import categories, money, places
from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid, Message
from intrakraft.domain.folding import words_of
from intrakraft.domain.listings.contact_in_text import contact_in
from intrakraft.domain.listings.tables import LONGEST_DESCRIPTION, LONGEST_TITLE, SHOWABLE, SHOWS_ALL
from intrakraft.domain.listings.units import UNITS

Value = TypeVar("Value")

EMAIL_STAYS = N_("Tick e-mail. You registered no phone, and people must be able to reach you.")
SHORTEST_TITLE = 3
FIELDS = ("title", "description", "category", "price", "unit", "pin", "shows")
"""What the form asks for; each is kept as typed."""

LONGEST_TYPED = 60_000
"""How many letters of each field a draft keeps: far more than is allowed, so that all of it comes back to be shortened."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where goods are: the PIN and what it tells. `cell` is the square of 11 km for near searches, None if unknown."""

    pin: str
    town: str
    district: str
    state_code: str
    cell: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered, fit to be put up. `price_paise` None means that people ask."""

    title: str
    description: str
    category: str
    price_paise: int | None
    unit: str
    spot: Spot
    shows: str = SHOWS_ALL


class Written(Protocol):
    """A listing, or a row of its columns."""

    title: str
    description: str
    category: str
    price_paise: int | None
    unit: str
    pin: str
    shows: str


# -- reading --


def read(typed: Mapping[str, str], *, has_phone: bool = True) -> Offer:
    """The offer that was typed. Raises `Invalid` with every problem, by the names of `FIELDS`.

    `has_phone` says whether the lister registered one: what is not there cannot be shown (P-098).
    """
    problems: dict[str, Message] = {}
    title = _read(problems, "title", lambda: _title(typed.get("title", "")))
    description = _read(problems, "description", lambda: _description(typed.get("description", "")))
    category = _read(problems, "category", lambda: _category(typed.get("category", "")))
    price = _read(problems, "price", lambda: (money.paise_of(typed.get("price", "")),))
    unit = _read(problems, "unit", lambda: _unit(typed.get("unit", "")))
    spot = _read(problems, "pin", lambda: spot_of(typed.get("pin", "")))
    shows = _read(problems, "shows", lambda: _shows(typed.get("shows", SHOWS_ALL), has_phone))
    if title and category and price and unit and spot and shows and description is not None and not problems:
        return Offer(title, description, category, price[0], unit, spot, shows)
    raise Invalid(problems)


def typed_of(listing: Written) -> dict[str, str]:
    """A listing as it would be typed, to begin a change of it with."""
    return {
        "title": listing.title,
        "description": listing.description,
        "category": listing.category,
        "price": _amount(listing.price_paise),
        "unit": listing.unit,
        "pin": listing.pin,
        "shows": listing.shows,
    }


def spot_of(typed: str) -> Spot:
    """The place of a PIN as typed. Raises `Invalid` for `pin`, also for one that India Post does not list."""
    pin = places.normalise_pin(typed)
    place = places.place_of_pin(pin)
    if place is None:
        raise Invalid(
            {"pin": (N_("India Post lists no PIN %(pin)s. Check it, or use the one next to you."), {"pin": pin})}
        )
    known = place.lat is not None and place.lon is not None
    cell = places.cell(place.lat, place.lon) if known else None  # type: ignore[arg-type]
    return Spot(pin, place.office[:80], (place.district or "")[:80], place.state_code or "", cell)


def _read(problems: dict[str, Message], field: str, read: Callable[[], Value]) -> Value | None:
    try:
        return read()
    except Invalid as wrong:
        problems[field] = next(iter(wrong.problems.values()))
        return None


def _title(typed: str) -> str:
    title = " ".join(typed.split())
    if sum(map(len, words_of(title))) < SHORTEST_TITLE:
        raise Invalid({"title": N_("Name the goods: thing, stuff, colour, size. 3 letters at least.")})
    if len(title) > LONGEST_TITLE:
        raise Invalid({"title": _too_long(title, LONGEST_TITLE)})
    return _without_contact("title", title)


def _description(typed: str) -> str:
    text = typed.strip()
    if len(text) > LONGEST_DESCRIPTION:
        raise Invalid({"description": _too_long(text, LONGEST_DESCRIPTION)})
    return _without_contact("description", text)


def _too_long(text: str, most: int) -> Message:
    return N_("It has %(count)s letters, the most is %(most)s. Shorten it."), {"count": len(text), "most": most}


def _without_contact(field: str, text: str) -> str:
    problem = contact_in(text)
    if problem:
        raise Invalid({field: problem})
    return text


def _category(slug: str) -> str:
    if not categories.is_leaf(slug):
        raise Invalid({"category": N_("Choose what kind of goods it is.")})
    return slug


def _unit(unit: str) -> str:
    if unit not in UNITS:
        raise Invalid({"unit": N_("Choose what the price is for.")})
    return unit


def _shows(typed: str, has_phone: bool) -> str:
    ticked = set(typed.split(",")) - (set() if has_phone else {"phone"})
    if not ticked & {"email", "phone"}:
        raise Invalid({"shows": N_("Tick phone or e-mail, at least one of them.") if has_phone else EMAIL_STAYS})
    return ",".join(name for name in SHOWABLE if name in ticked)


def _amount(paise: int | None) -> str:
    if paise is None:
        return ""
    rupees, rest = divmod(paise, 100)
    return f"{rupees}.{rest:02}" if rest else str(rupees)
