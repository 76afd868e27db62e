"""Corrections: what was registered can be changed at any time, and counts at once.

A new e-mail address counts once a code mailed to it came back; until then the old one stays, and is told (P-086, P-120).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain import notices, places
from intrakraft.domain.accounts import codes
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.contacts import change_contact, contact_of, set_email
from intrakraft.domain.accounts.events import EventKind, note_event
from intrakraft.domain.accounts.registering import normal_phone
from intrakraft.domain.accounts.signing_in import end_attempts
from intrakraft.domain.accounts.tables import Account
from intrakraft.domain.base import N_, BigId, CreatedAt, Model, now
from intrakraft.domain.errors import Invalid, Message, Refusal
from intrakraft.domain.keys import keyring
from intrakraft.domain.labels import Category, Erase, Purpose, Retention, Visibility, personal, reading_for, subject
from intrakraft.domain.places import State

SEALED = "email_change.address"


class EmailChange(Model):
    """An address that waits for its code."""

    __tablename__ = "email_change"

    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False)
    address: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.CON,
        purposes={Purpose.ACCOUNT},
        retention=Retention.D30,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why="the new address, until the code mailed to it comes back",
        gated=True,
    )
    created_at: Mapped[CreatedAt]


# -- reading --


def waiting_address(session: Session, account: Account) -> str:
    """The address that waits for its code, or ""."""
    with reading_for(session, Purpose.ACCOUNT) as reader:
        sealed = reader.scalar(sa.select(EmailChange.address).where(EmailChange.subject_id == account.id))
    return keyring(session).open(account.id, SEALED, sealed) if sealed else ""


def checked_place_and_phone(*, pin: str, state: str, phone: str | None) -> tuple[str, State, str]:
    """PIN, state and phone in normal spelling. Raises `Invalid` with every field that cannot be used."""
    problems: dict[str, Message] = {}
    found: dict[str, str] = {}
    for field, check, typed in (("pin", places.normalise_pin, pin), ("phone", normal_phone, phone or "")):
        try:
            found[field] = check(typed)
        except Invalid as problem:
            problems.update(problem.problems)
    place = places.state_called(state)
    if place is None:
        problems["state"] = N_("Choose the state or union territory.")
    if problems or place is None:
        raise Invalid(problems)
    return found["pin"], place, found["phone"]


# -- writing --


def correct_contact(
    session: Session,
    account: Account,
    *,
    name: str,
    place_of_business: str,
    street: str,
    landmark: str | None,
    pin: str,
    city: str,
    district: str,
    state: str,
    phone: str | None,
) -> None:
    """Replace the registered contact at once; nothing of the old is kept. Raises `Invalid` with every bad field."""
    pin, place, phone = checked_place_and_phone(pin=pin, state=state, phone=phone)
    account.place_of_business, account.city, account.district = place_of_business, city, district
    account.state, account.state_code, account.pin = place.name, place.code, pin
    change_contact(session, account.id, name=name, street=street, landmark=landmark or "", phone=phone)


def choose_language(session: Session, account: Account, language: str) -> None:
    """Write to the person in this language from now on."""
    account.language = language
    session.flush()


def lock(session: Session, account_id: int) -> None:
    """Let nobody else begin or finish a change of address meanwhile."""
    session.get(Account, account_id, with_for_update=True, populate_existing=True)


def begin_email_change(session: Session, account: Account, address: str) -> None:
    """Mail a code to the new address; nothing else changes yet. A code mailed to another address stops working."""
    lock(session, account.id)
    waiting = codes.latest(session, account.id, CodeKind.EMAIL_CHANGE)
    if waiting is not None:
        codes.use(session, waiting)
    session.execute(sa.delete(EmailChange).where(EmailChange.subject_id == account.id))
    session.add(EmailChange(subject_id=account.id, address=keyring(session).seal(account.id, SEALED, address)))
    codes.send(session, account.id, CodeKind.EMAIL_CHANGE, address=address)


def finish_email_change(session: Session, account: Account, new: str, *, device: str) -> None:
    """Put the new address in force after its code came back, and tell the old one.

    Raises `Refusal` if nothing waits or the address became somebody else's.
    """
    before = contact_of(session, account.id, Purpose.ACCOUNT)
    if not new or before is None:
        raise Refusal(N_("No new address waits for a code."))
    set_email(session, account.id, new)
    session.execute(sa.delete(EmailChange).where(EmailChange.subject_id == account.id))
    end_attempts(session, account.id)
    note_event(session, account.id, EventKind.EMAIL_CHANGED, device)
    notices.queue(session, notices.Kind.EMAIL_CHANGED, to=account.id, address=before.email, device=device, when=now())
