"""Makers: accounts and listings as the domain's own verbs make them, committed, without a page or a mail in between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import Session

from intrakraft.db import Database
from intrakraft.domain import listings
from intrakraft.domain.accounts import Account, Browser, SignIn, codes, passwords, registering, signing_in
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.registering import Registration
from intrakraft.domain.base import new_token, now
from intrakraft.domain.privacy import policy

PASSPHRASE = "running stitch on red cloth"
BROWSER = Browser("Chrome", "Android 14")


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and everything that must not leak."""

    id: int
    username: str
    name: str
    email: str
    phone: str
    street: str
    password: str = PASSPHRASE

    def account(self, session: Session) -> Account:
        """The row, read anew."""
        return session.get_one(Account, self.id, populate_existing=True)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What a stranger must never read, in every spelling it might be printed in."""
        digits = "".join(c for c in self.phone if c.isdigit())
        return (self.email, self.phone, digits[-10:], self.street, self.name)


@cache
def passphrase_hash() -> str:
    """The hash of the one passphrase of all test people, worked out once a run."""
    return passwords.hash_password(PASSPHRASE)


def make_person(
    database: Database, username: str, *, pin: str = "302029", staff: str = "", phone: str | None = None, **changes: str
) -> Person:
    """An open account with contact, key, password and acceptances."""
    number = sum(map(ord, username)) % 90 + 10
    person = {
        "name": f"{username.title()} Chhipa{number}",
        "email": f"{username}@mail{number}.example.in",
        "street": f"{number} Mohalla of {username}",
        **changes,
    }
    phone = f"+91 90000 000{number}" if phone is None else phone
    with database.apart() as session:
        asked = Registration(
            place_of_business=f"{username.title()} Prints",
            city="Jaipur",
            district="Jaipur",
            state="Rajasthan",
            pin=pin,
            username=username,
            phone=phone,
            **person,
        )
        account = registering.register(session, registering.checked(session, asked), passphrase_hash())
        for kind in policy.NEEDED[policy.OnBehalfOf.SELF]:
            policy.accept(session, account.id, kind, "en")
        challenge, _ = codes.begin(session, CodeKind.REGISTRATION, account.id)
        challenge.passed_at = now()
        registering.verify_registration(session, challenge, browser=BROWSER)
        account.is_staff_role = staff
        return Person(account.id, username, person["name"], person["email"], phone, person["street"])


def make_sign_in(database: Database, person: Person, *, verified: bool = True, stay: bool = False) -> str:
    """The token of a new sign-in of this person; `verified` says whether a second step was passed just now."""
    token, moment = new_token(32), now()
    with database.apart() as session:
        session.add(
            SignIn(
                account_id=person.id,
                token_hash=signing_in.token_hash(token),
                family=BROWSER.family,
                system=BROWSER.system,
                stay=stay,
                last_seen_at=moment,
                expires_at=moment + (signing_in.STAY if stay else signing_in.IDLE),
                verified_at=moment if verified else None,
            )
        )
    return token


TYPED = {
    "title": "Hand block-printed cotton dupatta, indigo",
    "description": "Printed by hand with two teak blocks. 2.5 m, 140 g.",
    "category": "dupattas-stoles",
    "price": "1,150",
    "unit": "each",
    "pin": "302029",
}


def make_listing(database: Database, lister: Person, **typed: str) -> int:
    """A listing on show; gives its id."""
    with database.apart() as session:
        account = lister.account(session)
        listing = listings.begin(session, account, listings.new_key())
        listings.keep(session, listing, {**TYPED, **typed})
        listings.put_up(session, listing, by=account)
        return listing.id
