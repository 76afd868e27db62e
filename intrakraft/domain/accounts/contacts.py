"""Contacts: how a person is reached, given out as frozen values for one purpose at a time.

Only the columns labelled for the purpose are read; rows never leave their own short session (P-058).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain.accounts.tables import Account, Contact
from intrakraft.domain.base import N_, now
from intrakraft.domain.errors import Refusal
from intrakraft.domain.keys import KeyDestroyed, KeyRing, keyring
from intrakraft.domain.labels import Label, Purpose, labelled, reading_for
from intrakraft.domain.notices import Recipient
from intrakraft.domain.places import Address

SHOWN = ("username", "place_of_business", "city", "district", "state", "pin")
SEALED = ("name", "street", "landmark", "email", "phone")
_ADDRESS_TAKEN = N_("This e-mail address has an account already. Sign in with it.")


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """A person's contact as registered. What the purpose does not cover, or was not given, is empty."""

    account_id: int
    username: str
    name: str
    place_of_business: str
    email: str
    phone: str
    street: str
    landmark: str
    city: str
    district: str
    state: str
    pin: str

    @property
    def address(self) -> str:
        """The postal address in one line; empty where the street is not known."""
        if not self.street:
            return ""
        return Address(
            street=self.street,
            landmark=self.landmark,
            town=self.city,
            district=self.district,
            state=self.state,
            pin=self.pin,
        ).one_line()

    @property
    def business(self) -> str:
        """The place of business, by the name the contact slip uses."""
        return self.place_of_business


# -- reading --


def contact_of(session: Session, account_id: int, purpose: Purpose) -> ContactDetails | None:
    """The contact of a person for this purpose; None where there is none, or its key is destroyed.

    Who may ask is for the caller to settle: to other people contact goes only through `disclose_contact`.
    """
    found = contacts_of(session, [account_id], purpose)
    return found.get(account_id)


def contacts_of(session: Session, account_ids: list[int], purpose: Purpose) -> dict[int, ContactDetails]:
    """Many people's contacts for one purpose, in one query."""
    names = _readable(purpose)
    account = Account.__table__.c
    shown = [account[name] for name in ("id", *SHOWN)]
    query = sa.select(*shown, *(Contact.__table__.c[name] for name in names))
    query = query.join_from(Account, Contact, Contact.subject_id == Account.id).where(Account.id.in_(account_ids))
    with _reader(session, purpose) as reader:
        rows = reader.execute(query).mappings().all()
    ring = keyring(session)
    if len(rows) > 1:
        ring.warm(int(row["id"]) for row in rows)
    opened = [(int(row["id"]), _opened(ring, row, names)) for row in rows]
    return {account_id: details for account_id, details in opened if details is not None}


def recipient_of(session: Session, account_id: int) -> Recipient | None:
    """Where a notice to this person goes, in which language and by which name; None if they are gone."""
    found = contact_of(session, account_id, Purpose.NOTICE)
    if found is None or not found.email:
        return None
    language = session.scalar(sa.select(Account.language).where(Account.id == account_id))
    return Recipient(found.email, language or "en", found.name)


def email_of(session: Session, account_id: int) -> str:
    """The registered address, to send a code to or to show shortened; empty if the person is gone."""
    found = contact_of(session, account_id, Purpose.AUTH)
    return found.email if found else ""


def find_by_email(session: Session, email: str) -> int | None:
    """Id of the account that has proved this address, or None."""
    index = keyring(session).blind("email", email)
    query = sa.select(Contact.subject_id).where(Contact.email_index == index, Contact.email_is_proved)
    with reading_for(session, Purpose.AUTH) as reader:
        return reader.scalar(query)


def shortened(email: str) -> str:
    """An address as it may stand on a page before anybody is signed in: `an••••@example.com`."""
    local, _, domain = email.lower().rpartition("@")
    return f"{local[: 2 if len(local) > 3 else 1]}••••@{domain}" if local else ""


def _reader(session: Session, purpose: Purpose) -> AbstractContextManager[Session]:
    """The session itself where it reads for this purpose already, as the worker's does."""
    return nullcontext(session) if session.info.get("purpose") is purpose else reading_for(session, purpose)


def _readable(purpose: Purpose) -> list[str]:
    return [column.name for column, label in labelled(Contact.metadata) if _is_for(column, label, purpose)]


def _is_for(column: sa.Column[Any], label: Label, purpose: Purpose) -> bool:
    return column.table is Contact.__table__ and column.name in SEALED and purpose in label.purposes


def _opened(ring: KeyRing, row: Mapping[Any, Any], names: list[str]) -> ContactDetails | None:
    account_id = int(row["id"])
    found = dict.fromkeys(SEALED, "") | {name: str(row[name]) for name in SHOWN}
    try:
        for name in names:
            if row[name] is not None:
                found[name] = ring.open(account_id, f"contact.{name}", row[name])
    except KeyDestroyed:
        return None
    return ContactDetails(account_id=account_id, **found)


# -- writing --


def add_contact(
    session: Session, account_id: int, *, name: str, street: str, email: str, landmark: str = "", phone: str = ""
) -> None:
    """Write the contact of a new account; the person's key must be there. The address counts as not proved."""
    values = _sealed(session, account_id, name=name, street=street, email=email, landmark=landmark, phone=phone)
    session.add(Contact(subject_id=account_id, **values))
    session.flush()


def change_contact(session: Session, account_id: int, **fields: str) -> None:
    """Change some of `name`, `street`, `landmark`, `phone`; an empty landmark or phone is taken away.

    The e-mail address has a door of its own, `set_email`. Raises KeyError for another field.
    """
    if unknown := fields.keys() - {"name", "street", "landmark", "phone"}:
        raise KeyError(", ".join(sorted(unknown)))
    values = {**_sealed(session, account_id, **fields), "changed_at": now()}
    session.execute(sa.update(Contact).where(Contact.subject_id == account_id).values(values))


def set_email(session: Session, account_id: int, email: str) -> None:
    """Make `email` the person's address, once a code sent there came back. Raises `Refusal` if it is somebody's."""
    values = {**_sealed(session, account_id, email=email), "email_is_proved": True, "changed_at": now()}
    _to_be_the_only_one(session, sa.update(Contact).where(Contact.subject_id == account_id).values(values))


def prove_email(session: Session, account_id: int) -> None:
    """Note that the code sent to the registered address came back. Raises `Refusal` if it is somebody's by now."""
    _to_be_the_only_one(
        session, sa.update(Contact).where(Contact.subject_id == account_id).values(email_is_proved=True)
    )


def _to_be_the_only_one(session: Session, change: sa.Update) -> None:
    try:
        session.execute(change, execution_options={"synchronize_session": False})
    except sa.exc.IntegrityError as error:
        raise Refusal(_ADDRESS_TAKEN) from error


def _sealed(session: Session, account_id: int, **fields: str) -> dict[str, object]:
    ring = keyring(session)
    values: dict[str, object] = {
        name: ring.seal(account_id, f"contact.{name}", text) if text or name not in ("landmark", "phone") else None
        for name, text in fields.items()
    }
    if "email" in fields:
        values["email_index"] = ring.blind("email", fields["email"])
    if "phone" in fields:
        values["phone_index"] = ring.blind("phone", fields["phone"]) if fields["phone"] else None
    return values
