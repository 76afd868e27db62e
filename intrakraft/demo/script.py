"""The script of the demo bazaar: who is in it, what they list and who asked whom, read from the TOML files beside it.

The same files always give the same script; days are counted back from the day of loading, never from a calendar.
"""

from __future__ import annotations

import hashlib
import tomllib
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_SEED = "sandhai"  # another word, and the goods of a day stand in another order
_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the bazaar; `role` is owner, buyer, stranger or staff, `business` their place of business.

    `firm_role` is what they are in the firm they act for; empty for people who trade for themselves.
    """

    username: str
    role: str
    name: str
    business: str
    street: str
    town: str
    district: str
    state: str
    pin: str
    email: str
    phone: str
    language: str
    joined_days_ago: int
    about: str
    firm_role: str = ""

    def joined_at(self, now: datetime) -> datetime:
        """When they registered: that many days before `now`."""
        return _moment(now, self.joined_days_ago, self.username)


@dataclass(frozen=True, slots=True)
class Goods:
    """One listing as written: price in paise for one `unit`, pictures by name, the first one shown in lists."""

    lister: str
    title: str
    category: str
    price_paise: int
    unit: str
    days_ago: int
    pictures: tuple[str, ...]
    description: str
    language: str = "en"

    @property
    def form_key(self) -> str:
        """The key of the form it is listed with: the same at every loading, so that it is listed once."""
        return "demo-" + hashlib.sha256(self.title.encode()).hexdigest()[:24]

    def listed_at(self, now: datetime) -> datetime:
        """When it was put up: that many days before `now`, at an hour that the title alone decides."""
        return _moment(now, self.days_ago, self.title)


@dataclass(frozen=True, slots=True)
class Asked:
    """One interest: `by` asked `lister` about `title`; `withdrawn_days_ago` is None while it stands."""

    by: str
    lister: str
    title: str
    message: str
    days_ago: int
    shares_contact: bool = False
    withdrawn_days_ago: int | None = None

    def asked_at(self, now: datetime, listed_at: datetime) -> datetime:
        """When it was sent: on its day, but never before the goods were up."""
        return max(_moment(now, self.days_ago, self.message), listed_at + (now - listed_at) / 2)

    def withdrawn_at(self, now: datetime, asked_at: datetime) -> datetime | None:
        """When it was taken back, or None."""
        if self.withdrawn_days_ago is None:
            return None
        return max(_moment(now, self.withdrawn_days_ago, self.message + "withdrawn"), asked_at + (now - asked_at) / 2)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture with the licence it is under, the attribution that asks for, and what it shows in words."""

    file: str
    kind: str
    alt: str
    source: str
    licence: str
    attribution: str

    @property
    def name(self) -> str:
        """What listings call it."""
        return self.file.removesuffix(".webp")

    def read(self) -> bytes:
        """The picture's bytes."""
        return (FOLDER / "pictures" / self.file).read_bytes()


@dataclass(frozen=True, slots=True)
class Script:
    """The whole bazaar in the order it is loaded: goods and interests oldest first."""

    passphrase: str
    people: tuple[Person, ...]
    goods: tuple[Goods, ...]
    interests: tuple[Asked, ...]
    pictures: dict[str, Picture] = field(default_factory=dict)

    def goods_of(self, asked: Asked) -> Goods:
        """The goods that somebody asked about."""
        return next(goods for goods in self.goods if (goods.lister, goods.title) == (asked.lister, asked.title))


@cache
def script() -> Script:
    """Read the files beside this one."""
    people = _table("people.toml")
    goods = [goods for person in people["person"] for goods in _goods_of(person["username"])]
    interests = [Asked(**row) for row in _table("interests.toml")["interest"]]
    pictures = [Picture(**row) for row in _table("PICTURES.toml")["picture"]]
    return Script(
        passphrase=people["passphrase"],
        people=tuple(Person(**row) for row in people["person"]),
        goods=tuple(sorted(goods, key=lambda one: one.listed_at(_ANY_MOMENT))),
        interests=tuple(sorted(interests, key=lambda one: -one.days_ago)),
        pictures={picture.name: picture for picture in pictures},
    )


def _goods_of(lister: str) -> list[Goods]:
    if not (FOLDER / "goods" / f"{lister}.toml").exists():
        return []
    rows = _table(f"goods/{lister}.toml")["listing"]
    return [
        Goods(lister=lister, **{**row, "pictures": tuple(row["pictures"]), "description": row["description"].strip()})
        for row in rows
    ]


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _moment(now: datetime, days_ago: int, text: str) -> datetime:
    """`days_ago` days before `now`, and 5 minutes to 10 hours earlier still, so that no two goods share a minute."""
    return now - timedelta(days=days_ago, seconds=300 + zlib.crc32((_SEED + text).encode()) % 35_700)
