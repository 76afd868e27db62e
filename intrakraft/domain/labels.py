"""Labels: what each piece of data is, why it is held, for how long and who may see it.

A column, cookie, log key, mail field or outbound field without a label fails the build (promises P-002, P-057, P-076).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import MappedColumn, Session, mapped_column


class Purpose(StrEnum):
    """Why data may be used. A closed list: `Purpose("other")` raises (P-073)."""

    ACCOUNT = "account"
    AUTH = "auth"
    LIST = "list"
    EOI = "eoi"
    TRADE = "trade"
    SHIP = "ship"
    BILL = "bill"
    CHAT = "chat"
    SUPPORT = "support"
    SECURITY = "security"
    FRAUD = "fraud"
    PREFS = "prefs"
    PERSONALISE = "personalise"
    POPULAR = "popular"
    TRAFFIC = "traffic"
    ADS = "ads"
    MARKET = "market"
    FOLLOW_UP = "follow_up"
    LOCATION = "location"
    RESEARCH = "research"
    LEGAL = "legal"
    NOTICE = "notice"


class Category(StrEnum):
    """Kinds of data, by the keys of the policy's data map."""

    ID = "account id and username"
    CON = "contact as registered"
    DEM = "coarse place"
    AUTH = "sign-in secrets"
    UGC = "listings and media"
    MSG = "messages"
    BIZ = "merchandise and sales"
    SHP = "shipping"
    TRK = "tracking events"
    BIL = "billing and payment metadata"
    SUP = "support and grievances"
    BEH = "behaviour"
    DEV = "device"
    LOG = "request log"
    LOC = "position"
    CK = "cookies"
    CNS = "consent and acceptance"
    STF = "staff access and disclosure"
    KYC = "GSTIN and PAN of sellers"
    AGG = "aggregates without a person"
    NONE = "not personal"


class Retention(StrEnum):
    """How long a piece of data is held; the clocks are in the policy's retention table."""

    MEM = "R.mem"
    SES = "R.ses"
    ACCT = "R.acct"
    VAULT = "R.vault"
    LOG = "R.log"
    TAX = "R.tax"
    MSG = "R.msg"
    SUP = "R.sup"
    TRK = "R.trk"
    CNS = "R.cns"
    D30 = "R.30"
    D90 = "R.90"
    AGG = "R.agg"
    PERM = "R.perm"


class Basis(StrEnum):
    """On what the use stands under Indian law (DPDP Act s.6, s.7; IT Rules; CERT-In)."""

    CONSENT = "consent"
    VOLUNTARY = "given for this purpose"
    LAW = "legal duty"
    NONE = "not personal"


class Visibility(StrEnum):
    """Who may see it without a further act."""

    PUBLIC = "everybody"
    MEMBERS = "signed-in people"
    COUNTERPARTIES = "people you deal with"
    ME = "you"
    STAFF = "staff with a case"
    NOBODY = "nobody, only the machine"


class Erase(StrEnum):
    """What erasure does to it."""

    DELETE = "row goes"
    BLANK = "value goes"
    KEY = "unreadable once your key is destroyed"
    KEEP = "kept for law until its date"
    NONE = "nothing personal to erase"


@dataclass(frozen=True, slots=True)
class Label:
    """One label; `why` says in plain words what the data is needed for and may not be empty (P-076)."""

    category: Category
    purposes: frozenset[Purpose]
    retention: Retention
    basis: Basis
    visibility: Visibility
    erase: Erase
    why: str
    gated: bool = False
    at_registration: bool = False
    subject: bool = False

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise ValueError("a label must say why")
        if self.category is not Category.NONE and not self.purposes:
            raise ValueError("personal data needs a purpose")


NOT_PERSONAL = Label(
    Category.NONE,
    frozenset(),
    Retention.PERM,
    Basis.NONE,
    Visibility.NOBODY,
    Erase.NONE,
    "keeps the machine in order, says nothing of a person",
)


def personal(
    *args: Any,
    category: Category,
    purposes: Iterable[Purpose],
    retention: Retention,
    visibility: Visibility,
    erase: Erase,
    why: str,
    basis: Basis = Basis.VOLUNTARY,
    gated: bool = False,
    at_registration: bool = False,
    **column: Any,
) -> MappedColumn[Any]:
    """A column that holds personal data, with its label.

    A `gated` column can be read only inside `reading_for(purpose)` with one of its purposes; the engine itself
    refuses it elsewhere (P-058). `at_registration` puts it into the registration form's notice (P-012).
    """
    label = Label(category, frozenset(purposes), retention, basis, visibility, erase, why, gated, at_registration)
    return mapped_column(*args, info={"label": label}, **column)


def plain(*args: Any, why: str = NOT_PERSONAL.why, **column: Any) -> MappedColumn[Any]:
    """A column that says nothing of a person, declared so on purpose."""
    label = NOT_PERSONAL if why == NOT_PERSONAL.why else _not_personal(why)
    return mapped_column(*args, info={"label": label}, **column)


def subject(*args: Any, why: str = "says whose row this is", **column: Any) -> MappedColumn[Any]:
    """The column that names the account a row belongs to; export and erasure find rows by it."""
    label = Label(
        Category.ID,
        frozenset({Purpose.ACCOUNT}),
        Retention.ACCT,
        Basis.VOLUNTARY,
        Visibility.ME,
        Erase.DELETE,
        why,
        subject=True,
    )
    return mapped_column(*args, info={"label": label}, **column)


def _not_personal(why: str) -> Label:
    base = NOT_PERSONAL
    return Label(base.category, base.purposes, base.retention, base.basis, base.visibility, base.erase, why)


# -- reading --


def label_of(column: sa.Column[Any]) -> Label | None:
    """The label of a column, or None where somebody forgot it."""
    found = column.info.get("label")
    return found if isinstance(found, Label) else None


def unlabelled(metadata: sa.MetaData) -> list[str]:
    """Names of columns without a label, as `table.column`; the build fails unless it is empty."""
    return [f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns if label_of(c) is None]


def labelled(metadata: sa.MetaData) -> list[tuple[sa.Column[Any], Label]]:
    """Every personal column with its label, in the order of the tables."""
    pairs = [(column, label_of(column)) for table in metadata.sorted_tables for column in table.columns]
    return [(column, label) for column, label in pairs if label and label.category is not Category.NONE]


def gated_columns(metadata: sa.MetaData) -> dict[str, dict[str, frozenset[Purpose]]]:
    """For each table with gated columns: column name -> the purposes for which it may be read."""
    found: dict[str, dict[str, frozenset[Purpose]]] = {}
    for column, label in labelled(metadata):
        if label.gated:
            found.setdefault(column.table.name, {})[column.name] = label.purposes
    return found


def registration_labels(metadata: sa.MetaData) -> list[tuple[str, Label]]:
    """What registration asks for, as (`table.column`, label): the form and its notice come from this one list (P-012)."""
    return [(f"{c.table.name}.{c.name}", label) for c, label in labelled(metadata) if label.at_registration]


def reading_for(session: Session, purpose: Purpose) -> AbstractContextManager[Session]:
    """A short read session of its own in which the columns labelled for `purpose` may be read.

    Return plain frozen values from it: rows that outlive the block would carry the data past its purpose (P-058).
    """
    opener: Callable[[Purpose], AbstractContextManager[Session]] = session.info["reading_for"]
    return opener(Purpose(purpose))


# -- registers of what is not a column --


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie we may set: what it is for, how long it lives; `max_age` None means until the browser closes (P-038)."""

    name: str
    purpose: Purpose
    max_age: int | None
    why: str


DAY = 86_400
COOKIES: dict[str, Cookie] = {
    cookie.name: cookie
    for cookie in (
        Cookie(
            "session", Purpose.AUTH, None, "knows that it is you while you are signed in; 30 days if you ask to stay"
        ),
        Cookie("attempt", Purpose.AUTH, None, "carries a sign-in or a registration from its first step to its second"),
        Cookie("reset", Purpose.AUTH, None, "carries a password reset from one page to the next"),
        Cookie(
            "device", Purpose.AUTH, 90 * DAY, "remembers that this device passed the second step, if you asked for it"
        ),
        Cookie("choices", Purpose.PREFS, 180 * DAY, "your language, data saver and theme, once you choose them"),
    )
}


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a log line, a mail or an outbound call: what it holds, for which purpose, and why (P-032)."""

    category: Category
    purpose: Purpose
    retention: Retention
    why: str


def _log(why: str) -> Field:
    return Field(Category.LOG, Purpose.SECURITY, Retention.LOG, why)


LOG_KEYS: dict[str, Field] = {
    "event": _log("what happened"),
    "level": _log("how grave it is"),
    "at": _log("when, to the minute for requests"),
    "method": _log("GET or POST"),
    "route": _log("which page, never with its ids or query"),
    "status": _log("how it ended"),
    "ms": _log("how long it took"),
    "bytes": _log("how heavy the answer was"),
    "htmx": _log("whether a part or a page was asked for"),
    "error": _log("kind of failure, values masked"),
    "where": _log("file and line of a failure"),
    "job": _log("which background job"),
    "kind": _log("kind of notice or event"),
    "count": _log("how many"),
    "attempt": _log("which try"),
    "row": _log("number of a row, never its content"),
    "detail": _log("plain words about the machine, values masked"),
}


SECURITY_KEYS: dict[str, Field] = {
    "at": _log("when it happened"),
    "event": _log("what happened"),
    "address": _log("the full address it came from, which the law asks for; in this sealed log and nowhere else"),
    "route": _log("which page, never with its ids or query"),
    "method": _log("GET or POST"),
    "status": _log("how it ended"),
    "account": _log("whose account, if somebody was signed in"),
}


def _mail(category: Category, why: str) -> Field:
    return Field(category, Purpose.NOTICE, Retention.D30, why)


MAIL_FIELDS: dict[str, Field] = {
    "name": _mail(Category.CON, "greets the person by the name they gave"),
    "username": _mail(Category.ID, "says which account"),
    "address": _mail(Category.CON, "where to write, if not to the registered address; wiped once sent"),
    "code": _mail(Category.AUTH, "the code asked for; wiped once sent"),
    "minutes": _mail(Category.NONE, "how long a code works"),
    "link": _mail(Category.AUTH, "a signed link; wiped once sent"),
    "listing_id": _mail(Category.UGC, "which listing"),
    "listing_title": _mail(Category.UGC, "which listing, in words"),
    "other_username": _mail(Category.ID, "who acted, by username only"),
    "message": _mail(Category.MSG, "the message they wrote"),
    "when": _mail(Category.LOG, "when it happened"),
    "device": _mail(Category.DEV, "browser family and system, no more"),
    "what": _mail(Category.AUTH, "what changed, in words"),
    "state": _mail(Category.ID, "the new state of the account"),
    "reason": _mail(Category.STF, "why it changed"),
}

OUTBOUND: dict[str, dict[str, Field]] = {
    "mail server": {
        "to": Field(Category.CON, Purpose.NOTICE, Retention.MEM, "the address the mail goes to"),
        "subject": Field(Category.MSG, Purpose.NOTICE, Retention.MEM, "the subject line"),
        "body": Field(Category.MSG, Purpose.NOTICE, Retention.MEM, "made from labelled mail fields only"),
    },
}
