"""Tables of accounts: who may sign in, how to reach them, what proves it is them, and where they are signed in.

What reaches a person or lets somebody in as them stands in tables apart, sealed and behind the gate; the account itself
holds only what others may see (P-058, P-122).
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, relationship

from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model, UtcDateTime, now
from intrakraft.domain.labels import Basis, Category, Erase, Purpose, Retention, Visibility, personal, plain, subject

LATELY = timedelta(minutes=10)
"""How long a passed second step opens sensitive pages (P-120)."""


class Kind(StrEnum):
    """For whom a person trades (P-114)."""

    SELF = "self"
    REPRESENTATIVE = "representative"


class Status(StrEnum):
    """The state of an account."""

    REGISTERING = "registering"
    ACTIVE = "active"
    LIMITED = "limited"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    BLOCKED = "blocked"


STATUS_NAMES = {
    Status.REGISTERING: N_("not opened yet"),
    Status.ACTIVE: N_("open"),
    Status.LIMITED: N_("limited"),
    Status.SUSPENDED: N_("on hold"),
    Status.TERMINATED: N_("ended"),
    Status.BLOCKED: N_("blocked"),
}


def token_hash(token: str) -> str:
    """SHA-256 of a random token, as it stands in the tables."""
    return hashlib.sha256(token.encode()).hexdigest()


MAY_SIGN_IN = (Status.ACTIVE, Status.LIMITED, Status.SUSPENDED, Status.TERMINATED)
PASSING = (Status.LIMITED, Status.SUSPENDED)
_TAKEN = sa.text("status <> 'registering'")


def _shown(*args: Any, why: str, category: Category = Category.DEM, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=category,
        purposes={Purpose.ACCOUNT, Purpose.LIST, Purpose.POPULAR, Purpose.BILL},
        retention=Retention.ACCT,
        visibility=column.pop("visibility", Visibility.PUBLIC),
        erase=Erase.BLANK,
        why=why,
        **column,
    )


def _own(*args: Any, why: str, category: Category = Category.ID, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=category,
        purposes={Purpose.ACCOUNT, Purpose.SECURITY, Purpose.FRAUD},
        retention=column.pop("retention", Retention.ACCT),
        visibility=Visibility.ME,
        erase=Erase.BLANK,
        why=why,
        **column,
    )


class Account(Model):
    """One person, or one firm through its authorised representative.

    Ids are never given twice, so nothing left behind by one person can ever belong to another.
    """

    __tablename__ = "account"
    __table_args__ = (
        sa.Index("uq_account_username", "username", unique=True, sqlite_where=_TAKEN, postgresql_where=_TAKEN),
        sa.Index("ix_account_status", "status", "created_at"),
        sa.CheckConstraint("kind IN ('self', 'representative')", name="kind"),
        sa.CheckConstraint("kind = 'self' OR (entity_name <> '' AND entity_role <> '')", name="firm_is_named"),
        sa.CheckConstraint(
            "status IN ('registering', 'active', 'limited', 'suspended', 'terminated', 'blocked')", name="status"
        ),
        sa.CheckConstraint("status = 'registering' OR email_verified_at IS NOT NULL", name="email_is_verified"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    username: Mapped[str] = _shown(
        sa.String(30),
        category=Category.ID,
        at_registration=True,
        why=N_("the name you sign in with and others know you by"),
    )
    kind: Mapped[str] = _own(
        sa.String(16),
        default=Kind.SELF,
        at_registration=True,
        why=N_("says whether you trade for yourself or for a firm"),
    )
    entity_name: Mapped[str] = _own(
        sa.String(120), default="", at_registration=True, why=N_("the firm you act for, if you act for one")
    )
    entity_role: Mapped[str] = _own(
        sa.String(80), default="", at_registration=True, why=N_("on what ground you may act for the firm")
    )
    place_of_business: Mapped[str] = _shown(
        sa.String(120), category=Category.ID, at_registration=True, why=N_("the name your goods stand under")
    )
    city: Mapped[str] = _shown(sa.String(80), at_registration=True, why=N_("tells others roughly where you are"))
    district: Mapped[str] = _shown(sa.String(80), at_registration=True, why=N_("finds goods near a person"))
    state: Mapped[str] = _shown(
        sa.String(60), at_registration=True, why=N_("finds goods near a person; tax goes by it")
    )
    state_code: Mapped[str] = _shown(sa.String(2), why="the same state as two digits, as bills need it")
    pin: Mapped[str] = _shown(
        sa.String(6),
        visibility=Visibility.COUNTERPARTIES,
        at_registration=True,
        why=N_("finds goods near a person; parcels go by it"),
    )
    status: Mapped[str] = _own(sa.String(16), default=Status.REGISTERING, why="says what the account may do now")
    status_reason: Mapped[str] = _own(sa.String(600), default="", why="says why, in words for you")
    status_until: Mapped[datetime | None] = _own(UtcDateTime(), default=None, why="until when the state lasts")
    status_changed_at: Mapped[datetime | None] = _own(UtcDateTime(), default=None, why="when the state was decided")
    status_by: Mapped[str] = _own(sa.String(40), default="", why="who decided it, by role")
    frozen_at: Mapped[datetime | None] = _own(
        UtcDateTime(), default=None, why="stops everything after word that the account belongs to a child"
    )
    language: Mapped[str] = _own(sa.String(8), default="en", why="the language we write to you in")
    is_staff_role: Mapped[str] = _own(
        sa.String(20), default="", why="what you may do as staff; empty for everybody else"
    )
    email_verified_at: Mapped[datetime | None] = _own(UtcDateTime(), default=None, why="when the mailed code came back")
    created_at: Mapped[CreatedAt]
    last_seen_on: Mapped[date | None] = _own(
        sa.Date, default=None, why="the day you were last here, to close idle accounts"
    )

    @property
    def standing(self) -> Status:
        """The state as it is now: one that was to last until a day is over after it."""
        status = Status(self.status)
        over = status in PASSING and self.status_until is not None and self.status_until <= now()
        return Status.ACTIVE if over else status

    @property
    def is_open(self) -> bool:
        """Whether nothing holds the account back."""
        return self.standing is Status.ACTIVE and self.frozen_at is None and self.email_verified_at is not None

    @property
    def can_sign_in(self) -> bool:
        """Also people on hold: their own data stays theirs (P-147)."""
        return self.standing in MAY_SIGN_IN

    @property
    def can_list(self) -> bool:
        """Whether goods may be put up; only with a proved e-mail address (P-013)."""
        return self.is_open

    @property
    def can_express_interest(self) -> bool:
        """Whether new interests may be sent."""
        return self.is_open

    @property
    def can_see_contacts(self) -> bool:
        """Whether contacts that were opened before still show."""
        return self.standing in (Status.ACTIVE, Status.LIMITED) and self.frozen_at is None

    @property
    def is_held(self) -> bool:
        """Whether the person should be told first thing that the account is on hold, and why."""
        return self.frozen_at is not None or self.standing not in (Status.ACTIVE, Status.REGISTERING)

    @property
    def is_staff(self) -> bool:
        """Whether the person works for the operator."""
        return self.is_staff_role != ""


def _reaches(*args: Any, why: str, purposes: set[Purpose] | None = None, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=Category.CON,
        purposes=purposes or {Purpose.ACCOUNT, Purpose.EOI, Purpose.SHIP, Purpose.BILL, Purpose.SUPPORT, Purpose.LEGAL},
        retention=Retention.ACCT,
        visibility=Visibility.COUNTERPARTIES,
        erase=Erase.KEY,
        why=why,
        gated=True,
        **column,
    )


_MAIL = {Purpose.ACCOUNT, Purpose.AUTH, Purpose.EOI, Purpose.SUPPORT, Purpose.LEGAL, Purpose.NOTICE, Purpose.BILL}
_PROVED = sa.text("email_is_proved")


class Contact(Model):
    """How to reach a person: sealed under their key and read only for a purpose.

    E-mail and phone are found by keyed hash. An address that nobody has proved yet is nobody's, so that a registration
    never says whether an address is known.
    """

    __tablename__ = "contact"
    __table_args__ = (
        sa.Index("uq_contact_email_index", "email_index", unique=True, sqlite_where=_PROVED, postgresql_where=_PROVED),
    )

    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False)
    name: Mapped[bytes] = _reaches(
        sa.LargeBinary,
        at_registration=True,
        purposes={
            Purpose.ACCOUNT, Purpose.EOI, Purpose.SHIP, Purpose.BILL, Purpose.SUPPORT, Purpose.LEGAL, Purpose.NOTICE
        },
        why=N_("those you deal with know whom they talk to"),
    )  # fmt: skip
    street: Mapped[bytes] = _reaches(sa.LargeBinary, at_registration=True, why=N_("where you do business"))
    landmark: Mapped[bytes | None] = _reaches(
        sa.LargeBinary, default=None, at_registration=True, why=N_("helps a driver find you, if you give one")
    )
    email: Mapped[bytes] = _reaches(
        sa.LargeBinary,
        at_registration=True,
        purposes=_MAIL,
        why=N_("codes and notices go there; those you deal with can write"),
    )
    phone: Mapped[bytes | None] = _reaches(
        sa.LargeBinary, default=None, at_registration=True, why=N_("lets interested people call you, if you give one")
    )
    email_index: Mapped[bytes] = _reaches(
        sa.LargeBinary, purposes={Purpose.AUTH, Purpose.ACCOUNT}, why="finds your account by its e-mail; a keyed hash"
    )
    phone_index: Mapped[bytes | None] = _reaches(
        sa.LargeBinary,
        default=None,
        purposes={Purpose.AUTH, Purpose.ACCOUNT, Purpose.FRAUD},
        why="finds your account by its phone; a keyed hash",
    )
    email_is_proved: Mapped[bool] = plain(sa.Boolean, default=False, why="whether the mailed code came back")
    changed_at: Mapped[datetime] = plain(UtcDateTime(), default=now)


class Credential(Model):
    """What proves a password: its argon2id hash, sealed under the person's key (P-015)."""

    __tablename__ = "credential"

    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False)
    password_hash: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.AUTH,
        purposes={Purpose.AUTH},
        retention=Retention.ACCT,
        visibility=Visibility.NOBODY,
        erase=Erase.DELETE,
        why=N_("checks your password; the password itself is never kept"),
        gated=True,
        at_registration=True,
    )
    changed_at: Mapped[datetime] = plain(UtcDateTime(), default=now)


def _of_device(*args: Any, why: str, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=Category.DEV,
        purposes={Purpose.AUTH, Purpose.SECURITY},
        retention=Retention.D90,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why=why,
        **column,
    )


class Device(Model):
    """A browser that its owner asked us to know: no code is asked there for 90 days.

    It is known by a random token alone; of its make only family and system are kept (P-031).
    """

    __tablename__ = "device"

    id: Mapped[Id]
    account_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), index=True, why="says whose device it is")
    token_hash: Mapped[str] = plain(sa.String(64), unique=True, why="finds the device; a hash of a random token")
    family: Mapped[str] = _of_device(sa.String(40), default="", why="the browser, so that you recognise it")
    system: Mapped[str] = _of_device(sa.String(40), default="", why="the system, so that you recognise it")
    trusted_until: Mapped[datetime] = _of_device(UtcDateTime(), why="until when no code is asked on it")
    last_used_at: Mapped[datetime] = _of_device(UtcDateTime(), default=now, why="shows when it was last used")
    created_at: Mapped[CreatedAt]


class SignIn(Model):
    """One sign-in of one person in one browser; it can be listed and ended by itself."""

    __tablename__ = "sign_in_session"
    __table_args__ = (sa.Index("ix_sign_in_session_account_id", "account_id", "id"),)

    id: Mapped[Id]
    account_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), why="says whose sign-in it is")
    token_hash: Mapped[str] = plain(sa.String(64), unique=True, why="finds the sign-in; a hash of a random token")
    device_id: Mapped[int | None] = plain(
        BigId, sa.ForeignKey("device.id", ondelete="SET NULL"), index=True, default=None
    )
    family: Mapped[str] = _of_device(sa.String(40), default="", why="the browser, so that you recognise it")
    system: Mapped[str] = _of_device(sa.String(40), default="", why="the system, so that you recognise it")
    stay: Mapped[bool] = plain(sa.Boolean, default=False, why="whether you asked to stay signed in")
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[datetime] = _of_device(UtcDateTime(), default=now, why="shows when it was last used")
    expires_at: Mapped[datetime] = plain(UtcDateTime())
    verified_at: Mapped[datetime | None] = _of_device(
        UtcDateTime(), default=None, why="when a second step was last passed there"
    )
    ended_at: Mapped[datetime | None] = _of_device(UtcDateTime(), default=None, why="when it ended")

    account: Mapped[Account] = relationship(lazy="raise_on_sql")

    @property
    def is_lately_verified(self) -> bool:
        """Whether a second step was passed here within the last 10 minutes (P-120)."""
        return self.verified_at is not None and now() - self.verified_at < LATELY


class Challenge(Model):
    """An attempt that waits for its second step: what was asked, how often it was tried, until when it may be."""

    __tablename__ = "challenge"
    __table_args__ = (
        sa.Index("ix_challenge_account_id", "account_id", "kind", "id"),
        sa.Index("ix_challenge_expires_at", "expires_at"),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name="five_tries"),
    )

    id: Mapped[Id]
    account_id: Mapped[int | None] = subject(
        BigId, sa.ForeignKey("account.id"), default=None, why="whose attempt; empty where nobody is meant"
    )
    kind: Mapped[str] = plain(sa.String(16), why="what the attempt is for")
    token_hash: Mapped[str | None] = plain(
        sa.String(64), unique=True, default=None, why="finds the attempt; a hash of a random token"
    )
    code: Mapped[bytes | None] = personal(
        sa.LargeBinary,
        category=Category.AUTH,
        purposes={Purpose.AUTH},
        retention=Retention.SES,
        visibility=Visibility.NOBODY,
        erase=Erase.KEY,
        why="compares the code you type with the one we mailed",
        gated=True,
        default=None,
        deferred=True,
        deferred_raiseload=True,
    )
    code_sent_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None)
    code_until: Mapped[datetime | None] = plain(UtcDateTime(), default=None)
    sends: Mapped[int] = plain(default=0)
    tries: Mapped[int] = plain(default=0)
    stay: Mapped[bool] = plain(sa.Boolean, default=False, why="whether you asked to stay signed in")
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = plain(UtcDateTime())
    passed_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None)
    used_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None)

    @property
    def tries_left(self) -> int:
        """How often the code may still be typed."""
        return max(0, 5 - self.tries)

    @property
    def has_live_code(self) -> bool:
        """Whether a mailed code waits to be typed."""
        return self.code_until is not None and self.code_until > now() and self.passed_at is None


class SecurityEvent(Model):
    """One thing that touched the safety of an account. It names browser and system, never an address (P-034)."""

    __tablename__ = "security_event"
    __table_args__ = (sa.Index("ix_security_event_account_id", "account_id", "id"),)

    id: Mapped[Id]
    account_id: Mapped[int | None] = subject(
        BigId, sa.ForeignKey("account.id"), default=None, why="whose account; empty where the name was nobody's"
    )
    kind: Mapped[str] = personal(
        sa.String(32),
        category=Category.LOG,
        purposes={Purpose.SECURITY},
        retention=Retention.LOG,
        visibility=Visibility.ME,
        erase=Erase.KEEP,
        basis=Basis.LAW,
        why="shows you what happened to your account",
    )
    device: Mapped[str] = personal(
        sa.String(90),
        category=Category.DEV,
        purposes={Purpose.SECURITY},
        retention=Retention.LOG,
        visibility=Visibility.ME,
        erase=Erase.BLANK,
        basis=Basis.LAW,
        why="shows you from which browser and system",
        default="",
    )
    happened_at: Mapped[CreatedAt]


class BlockedIdentifier(Model):
    """A proved e-mail or phone that may not register again, as a keyed hash only (P-145)."""

    __tablename__ = "blocked_identifier"

    id: Mapped[Id]
    kind: Mapped[str] = plain(sa.String(8), why="e-mail or phone")
    identifier: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.ID,
        purposes={Purpose.FRAUD},
        retention=Retention.CNS,
        visibility=Visibility.NOBODY,
        erase=Erase.KEEP,
        basis=Basis.LAW,
        why="keeps a blocked person from registering again; the address itself is not kept",
        gated=True,
        unique=True,
    )
    reason: Mapped[str] = plain(sa.String(600), why="which rule was broken")
    review_on: Mapped[date] = plain(sa.Date, why="the day the block is looked at again")
    created_at: Mapped[CreatedAt]
