"""Registering: an account is asked for with the promised fields, and is opened by the code mailed to its address.

Before that code came back nobody is signed in, nothing is public, and neither the page nor its time says whether an
address is known (P-012, P-013, P-128).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from intrakraft.domain import notices, places
from intrakraft.domain.accounts import codes
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.contacts import add_contact, email_of, find_by_email, prove_email
from intrakraft.domain.accounts.events import EventKind, note_event
from intrakraft.domain.accounts.passwords import add_credential
from intrakraft.domain.accounts.signing_in import Browser, find_by_username, folded
from intrakraft.domain.accounts.tables import Account, BlockedIdentifier, Challenge, Kind, Status
from intrakraft.domain.base import N_, Model, now
from intrakraft.domain.errors import Invalid, Message, NotAllowed, NotFound, Refusal
from intrakraft.domain.keys import keyring
from intrakraft.domain.labels import Purpose, label_of, reading_for
from intrakraft.domain.notices import Kind as Told

UNFINISHED_FOR = timedelta(hours=24)
USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9]|[._-](?=[a-z0-9])){2,29}")
RESERVED = frozenset(
    {
        "account", "accounts", "admin", "administrator", "api", "help", "intrakraft", "legal", "moderator", "official",
        "operator", "owner", "privacy", "root", "security", "staff", "support", "system", "team"
    }
)  # fmt: skip
TAKEN = N_("Somebody has this username. Free are: %(others)s.")
NOT_THESE = N_("We cannot open an account with these details. If you think that is wrong, write to us.")


@dataclass(frozen=True, slots=True)
class Registration:
    """What the registration form asks for, and nothing else (P-012); the password comes as a hash beside it."""

    name: str
    place_of_business: str
    street: str
    city: str
    district: str
    state: str
    pin: str
    email: str
    username: str
    landmark: str = ""
    phone: str = ""
    kind: Kind = Kind.SELF
    entity_name: str = ""
    entity_role: str = ""
    language: str = "en"


# -- checking --


def checked(session: Session, registration: Registration) -> Registration:
    """The registration in normal spelling. Raises `Invalid` with every field that cannot be used."""
    problems: dict[str, Message] = {}
    found: dict[str, str] = {}
    for field, check in (
        ("username", lambda text: free_username(session, text)),
        ("email", normal_email),
        ("phone", normal_phone),
        ("pin", places.normalise_pin),
    ):
        try:
            found[field] = check(getattr(registration, field))
        except Invalid as problem:
            problems.update(problem.problems)
    state = places.state_called(registration.state)
    if state is None:
        problems["state"] = N_("Choose the state or union territory.")
    if registration.kind is Kind.REPRESENTATIVE:
        problems |= {} if registration.entity_name else {"entity_name": N_("Write the name of the firm.")}
        problems |= {} if registration.entity_role else {"entity_role": N_("Write what you are in the firm.")}
    if problems or state is None:
        raise Invalid(problems)
    return _with(registration, state=state.name, **found)


def _with(registration: Registration, **changes: str) -> Registration:
    from dataclasses import replace

    own = {} if registration.kind is Kind.REPRESENTATIVE else {"entity_name": "", "entity_role": ""}
    return replace(registration, **changes, **own)  # type: ignore[arg-type]


def normal_email(text: str) -> str:
    """An e-mail address as we keep it. Raises `Invalid` for the field `email`."""
    try:
        return validate_email(text.strip(), check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError:
        raise Invalid({"email": N_("This is no e-mail address. It looks like name@example.in.")}) from None


def normal_phone(text: str) -> str:
    """A phone number as we keep it, +91 assumed; empty stays empty. Raises `Invalid` for the field `phone`."""
    import phonenumbers

    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, "IN")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise Invalid({"phone": N_("This is no phone number. An Indian one has 10 digits.")})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def free_username(session: Session, text: str) -> str:
    """A username that nobody has. Raises `Invalid` for the field `username`, with names that are free."""
    username = folded(text)
    if not USERNAME.fullmatch(username):
        raise Invalid(
            {
                "username": N_(
                    "3 to 30 letters a to z, digits, dots or hyphens; it begins and ends with a letter or digit."
                )
            }
        )
    if username in RESERVED or find_by_username(session, username) is not None:
        others = ", ".join(suggestions(session, username))
        raise Invalid({"username": (TAKEN, {"others": others})})
    return username


def suggestions(session: Session, username: str, count: int = 3) -> list[str]:
    """A few usernames like this one that are free."""
    stem = folded(username)[:24]
    wished = [f"{stem}{end}" for end in ("-shop", "-store", "-trade", *range(2, 40))]
    taken = set(session.scalars(sa.select(Account.username).where(Account.username.in_(wished))))
    return [name for name in wished if name not in taken and USERNAME.fullmatch(name)][:count]


def is_blocked(session: Session, email: str, phone: str = "") -> bool:
    """Whether this address or phone belongs to somebody who was blocked for good (P-145)."""
    ring = keyring(session)
    marks = [ring.blind("email", email)] + ([ring.blind("phone", phone)] if phone else [])
    with reading_for(session, Purpose.FRAUD) as reader:
        query = sa.select(BlockedIdentifier.id).where(BlockedIdentifier.identifier.in_(marks))
        return reader.scalar(query.limit(1)) is not None


# -- writing --


def register(session: Session, registration: Registration, password_hash: str) -> Account:
    """Write an account that is not opened yet; `registration` comes from `checked`.

    Raises `NotAllowed` for people who were blocked, in words that say no more.
    """
    if is_blocked(session, registration.email, registration.phone):
        raise NotAllowed(NOT_THESE)
    state = places.state_called(registration.state)
    assert state is not None, "an unchecked registration"
    account = Account(
        username=registration.username,
        kind=registration.kind,
        entity_name=registration.entity_name,
        entity_role=registration.entity_role,
        place_of_business=registration.place_of_business,
        city=registration.city,
        district=registration.district,
        state=state.name,
        state_code=state.code,
        pin=registration.pin,
        language=registration.language,
    )
    session.add(account)
    session.flush()
    keyring(session).create(account.id)
    add_contact(
        session,
        account.id,
        name=registration.name,
        street=registration.street,
        landmark=registration.landmark,
        email=registration.email,
        phone=registration.phone,
    )
    add_credential(session, account.id, password_hash)
    return account


def ask_code(session: Session, account: Account, email: str, *, browser: Browser) -> str:
    """Mail the code that opens the account, and return the token that its browser carries.

    Where the address has an account already, its owner is told instead, and the code that is asked for does not exist;
    everything else is the same.
    """
    owner = find_by_email(session, email)
    challenge, token = codes.begin(session, CodeKind.REGISTRATION, account.id)
    codes.mail(session, challenge, reaches=owner is None)
    if owner is not None:
        notices.queue(session, Told.REGISTRATION_KNOWN, to=owner, device=str(browser), when=now())
    return token


def mail_again(session: Session, challenge: Challenge) -> None:
    """Mail a further code for a registration; for an address that is somebody's, go through the motions."""
    assert challenge.account_id is not None
    owner = find_by_email(session, email_of(session, challenge.account_id))
    codes.mail(session, challenge, reaches=owner is None)


def rename(session: Session, account: Account, username: str) -> None:
    """Another username for an account that is not opened yet, where the first was taken meanwhile. Raises `Invalid`."""
    account.username = free_username(session, username)
    session.flush()


def is_name_taken(session: Session, account: Account) -> bool:
    """Whether somebody else has opened an account under this username since it was asked for."""
    return find_by_username(session, account.username) is not None


def verify_registration(session: Session, challenge: Challenge, *, browser: Browser) -> Account:
    """Open the account whose mailed code came back. Raises `NotFound` where it did not, or the account is open."""
    account = None
    if challenge.passed_at:  # read anew under its lock: another browser may have opened it meanwhile
        account = session.get(Account, challenge.account_id, with_for_update=True, populate_existing=True)
    if account is None or account.status != Status.REGISTERING:
        raise NotFound(N_("There is no registration to finish. Begin again."))
    account.status, account.email_verified_at = Status.ACTIVE, now()
    prove_email(session, account.id)
    try:
        session.flush()
    except sa.exc.IntegrityError as error:
        raise Refusal(N_("Somebody has just taken this username. Begin again with another.")) from error
    codes.use(session, challenge)
    note_event(session, account.id, EventKind.REGISTERED, str(browser))
    return account


def forget_unfinished(session: Session, *, limit: int = 100) -> int:
    """Delete registrations that were not finished within 24 hours, with their keys; says how many."""
    past = sa.select(Account.id).where(
        Account.status == Status.REGISTERING, Account.created_at < now() - UNFINISHED_FOR
    )
    gone = list(session.scalars(past.limit(limit)))
    for account_id in gone:
        discard(session, account_id)
    return len(gone)


def discard(session: Session, account_id: int) -> None:
    """Delete an account that was never opened: every row labelled as its own, and after the commit its key. An open one stays.

    The session lets go of every row it holds, since the numbers of deleted ones may come again.
    """
    account = session.get(Account, account_id, with_for_update=True, populate_existing=True)
    if account is None or account.status != Status.REGISTERING:
        return
    for table in reversed(Model.metadata.sorted_tables):
        for column in table.columns:
            label = label_of(column)
            if label is not None and label.subject:
                session.execute(sa.delete(table).where(column == account_id))
    session.delete(account)
    session.flush()
    session.expunge_all()
    session.info.setdefault("destroy_keys", []).append(account_id)
