"""Notices: what the platform tells a person, by mail and on their notices page.

A notice is a row of the outbox, written in the transaction of the act it tells of and sent by the worker after the
commit; so nothing is said about work that was rolled back, and nothing is lost while the mail server is away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain.base import BigId, CreatedAt, Id, Model, UtcDateTime, now
from intrakraft.domain.keys import KeyDestroyed, SealBroken, keyring
from intrakraft.domain.labels import (
    MAIL_FIELDS,
    Category,
    Erase,
    Purpose,
    Retention,
    Visibility,
    personal,
    plain,
    reading_for,
    subject,
)

Value = str | int | datetime
Fields = Mapping[str, str | int | None]

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
LEASE = timedelta(minutes=10)
KEPT_IF_MAILED_ONLY = timedelta(days=30)
KEPT_ON_THE_PAGE = timedelta(days=90)
PAYLOAD = "notice.payload"


class Kind(StrEnum):
    """What a notice tells; the mail of each is `templates/mail/<kind>`."""

    REGISTRATION_CODE = "registration_code"
    REGISTRATION_KNOWN = "registration_known"
    SIGN_IN_CODE = "sign_in_code"
    STEP_UP_CODE = "step_up_code"
    RESET_LINK = "reset_link"
    RESET_CODE = "reset_code"
    PASSWORD_CHANGED = "password_changed"
    NEW_DEVICE = "new_device"
    SECOND_STEP_CHANGED = "second_step_changed"
    EMAIL_CHANGE_CODE = "email_change_code"
    EMAIL_CHANGED = "email_changed"
    INTEREST_RECEIVED = "interest_received"
    INTEREST_WITHDRAWN = "interest_withdrawn"
    ACCOUNT_STATE_CHANGED = "account_state_changed"


class Channel(StrEnum):
    """How a notice reaches the person: by mail (and on the page, for kinds that are shown), or on the page alone."""

    MAIL = "mail"
    SCREEN = "screen"


class State(StrEnum):
    """Where a notice stands. `dropped` means there was nobody or nothing left to tell."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Contents:
    """The fields a kind needs and those it may have; `shown` of them stay for the notices page once the mail is sent.

    `shown` None keeps the kind off the page: all that it carried is wiped.
    """

    needs: frozenset[str]
    may: frozenset[str]
    shown: frozenset[str] | None


def _contents(needs: str = "", may: str = "", shown: str | None = None) -> Contents:
    kept = None if shown is None else frozenset(shown.split())
    return Contents(frozenset(needs.split()), frozenset(("username", *may.split())), kept)


CONTENTS: Mapping[Kind, Contents] = MappingProxyType(
    {
        Kind.REGISTRATION_CODE: _contents("code minutes"),
        Kind.REGISTRATION_KNOWN: _contents("", "device when", shown="device when"),
        Kind.SIGN_IN_CODE: _contents("code minutes", "device when"),
        Kind.STEP_UP_CODE: _contents("code minutes", "device when"),
        Kind.RESET_LINK: _contents("link minutes", "device when"),
        Kind.RESET_CODE: _contents("code minutes", "device when"),
        Kind.PASSWORD_CHANGED: _contents("", "device when", shown="device when"),
        Kind.NEW_DEVICE: _contents("device", "when", shown="device when"),
        Kind.SECOND_STEP_CHANGED: _contents("what", "device when", shown="what device when"),
        Kind.EMAIL_CHANGE_CODE: _contents("code minutes address"),
        Kind.EMAIL_CHANGED: _contents("", "address device when", shown="device when"),
        Kind.INTEREST_RECEIVED: _contents(
            "listing_id listing_title other_username", "message when", shown="listing_id listing_title other_username"
        ),
        Kind.INTEREST_WITHDRAWN: _contents(
            "listing_id listing_title other_username", "when", shown="listing_id listing_title other_username"
        ),
        Kind.ACCOUNT_STATE_CHANGED: _contents("state", "reason when", shown="state reason when"),
    }
)
SHOWN = tuple(kind for kind, contents in CONTENTS.items() if contents.shown is not None)


class UnlabelledField(LookupError):
    """A field without a label in MAIL_FIELDS, or one that its kind does not know: it may not leave (P-076, P-080)."""


class TryLater(Exception):
    """The mail server cannot take the letter now; the worker tries again. Its words are of the machine, not of people."""


class Undeliverable(Exception):
    """The letter is refused for good. Its words are of the machine, not of people."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom to write to, as known at the moment of sending."""

    email: str
    language: str
    name: str


@dataclass(frozen=True, slots=True)
class Written:
    """The words of a letter in the recipient's language."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to leave. `reference` is the same at every try, so that a copy can be recognised as one."""

    to: str
    name: str
    language: str
    words: Written
    reference: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one notice in a delivery run; `error` is the kind of failure, nothing personal."""

    notice_id: int
    kind: Kind
    state: State
    attempt: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a person's notices page."""

    id: int
    kind: Kind
    fields: Fields
    created_at: datetime
    read_at: datetime | None


class Transactions(Protocol):
    """What the worker hands in to reach the database: short write transactions, and reading for a purpose."""

    def apart(self) -> AbstractContextManager[Session]: ...

    def reading_for(self, purpose: Purpose) -> AbstractContextManager[Session]: ...


class Mailer(Protocol):
    """What the worker hands in to send: raises `TryLater` or `Undeliverable`."""

    def send(self, letter: Letter) -> None: ...


AddressOf = Callable[[int], Recipient | None]
Render = Callable[[Kind, str, Fields], Written]


_WAITING = sa.text("state = 'queued'")


class Notice(Model):
    """One thing to tell one person."""

    __tablename__ = "notice"
    __table_args__ = (
        sa.Index("ix_notice_due_at", "due_at", postgresql_where=_WAITING, sqlite_where=_WAITING),
        sa.Index("ix_notice_subject_id", "subject_id", "id"),
        sa.CheckConstraint("state in ('queued', 'sent', 'failed', 'dropped')", name="state"),
        sa.CheckConstraint("channel in ('mail', 'screen')", name="channel"),
    )

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), why="says whom to tell")
    kind: Mapped[Kind] = personal(
        sa.String(40),
        category=Category.LOG,
        purposes={Purpose.NOTICE, Purpose.SECURITY},
        retention=Retention.D90,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why="what we told you",
    )
    channel: Mapped[Channel] = plain(sa.String(8), default=Channel.MAIL)
    payload: Mapped[bytes | None] = personal(
        sa.LargeBinary,
        category=Category.MSG,
        purposes={Purpose.NOTICE},
        retention=Retention.D90,
        visibility=Visibility.ME,
        erase=Erase.KEY,
        why="the words of the notice, sealed under your key; codes and links are wiped once sent",
        gated=True,
        default=None,
        deferred=True,
        deferred_raiseload=True,
    )
    state: Mapped[State] = plain(sa.String(8), default=State.QUEUED)
    attempts: Mapped[int] = plain(default=0)
    due_at: Mapped[datetime] = plain(UtcDateTime(), default=now)
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None)
    read_at: Mapped[datetime | None] = personal(
        UtcDateTime(),
        category=Category.BEH,
        purposes={Purpose.NOTICE},
        retention=Retention.D90,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why="marks a notice as read",
        default=None,
    )


# -- reading --


def lines(session: Session, account_id: int, *, before: int | None = None, limit: int = 20) -> list[Line]:
    """A person's notices page, newest first; `before` is the id of the last line of the page above."""
    query = sa.select(Notice.id, Notice.kind, Notice.payload, Notice.created_at, Notice.read_at)
    query = query.where(*_shown_to(account_id))
    if before is not None:
        query = query.where(Notice.id < before)
    with reading_for(session, Purpose.NOTICE) as reader:
        rows = reader.execute(query.order_by(Notice.id.desc()).limit(limit)).all()
    return [
        Line(id_, Kind(kind), _for_the_page(Kind(kind), _opened(session, account_id, payload)), created_at, read_at)
        for id_, kind, payload, created_at, read_at in rows
    ]


def unread_count(session: Session, account_id: int) -> int:
    """How many notices the person has not read, counted from the page's own rows."""
    return session.execute(_UNREAD, {"account": account_id}).scalar_one()


_UNREAD = sa.select(sa.func.count(Notice.id)).where(
    Notice.subject_id == sa.bindparam("account"), Notice.kind.in_(SHOWN), Notice.read_at.is_(None)
)


def backlog(session: Session) -> dict[State, int]:
    """How many notices stand in each state, for the operator's gauges."""
    rows = session.execute(sa.select(Notice.state, sa.func.count()).group_by(Notice.state)).all()
    counts = {State(state): count for state, count in rows}
    return {state: counts.get(state, 0) for state in State}


def _shown_to(account_id: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return Notice.subject_id == account_id, Notice.kind.in_(SHOWN)


def _opened(session: Session, account_id: int, payload: bytes | None) -> dict[str, str | int | None]:
    if payload is None:
        return {}
    found: dict[str, str | int | None] = json.loads(keyring(session).open(account_id, PAYLOAD, payload))
    return found


def _for_the_page(kind: Kind, found: Fields) -> Fields:
    return {name: found.get(name) for name in CONTENTS[kind].shown or ()}


# -- writing --


def queue(session: Session, kind: Kind, /, *, to: int, channel: Channel = Channel.MAIL, **fields: Value) -> Notice:
    """Put a notice for account `to` into the outbox; it leaves after this transaction commits.

    Times are aware and are kept as ISO 8601. Raises `UnlabelledField` for a field without a label, for one that the
    kind does not know and for a missing one; `KeyDestroyed` if the person is gone.
    """
    checked = _checked(Kind(kind), fields)
    notice = Notice(subject_id=to, kind=Kind(kind), channel=channel, payload=_sealed(session, to, checked))
    if channel is Channel.SCREEN:
        notice.state, notice.sent_at = State.SENT, now()
    session.add(notice)
    session.flush()
    if channel is Channel.MAIL:
        session.info.setdefault("enqueue", []).append(notice.id)
    return notice


def mark_read(session: Session, account_id: int, notice_ids: Sequence[int] | None = None) -> int:
    """Mark these notices of the person as read, or all of them; gives how many were unread."""
    query = sa.update(Notice).where(*_shown_to(account_id), Notice.read_at.is_(None))
    if notice_ids is not None:
        query = query.where(Notice.id.in_(notice_ids))
    return _count(session, query.values(read_at=now()))


def forget_mentions(session: Session, account_ids: Iterable[int], username: str) -> int:
    """Delete what these people were told of somebody by this username, when that person is erased; gives how many."""
    query = sa.select(Notice.id, Notice.subject_id, Notice.payload).where(Notice.subject_id.in_(list(account_ids)))
    with reading_for(session, Purpose.NOTICE) as reader:
        rows = reader.execute(query).all()
    named = [id_ for id_, to, payload in rows if _opened(session, to, payload).get("other_username") == username]
    return _count(session, sa.delete(Notice).where(Notice.id.in_(named)))


def forget_old(session: Session, *, limit: int = 500) -> int:
    """Delete up to `limit` notices past their time: 90 days on the page, 30 days for what was only mailed."""
    shown = Notice.kind.in_(SHOWN)
    past = sa.or_(
        Notice.created_at < now() - KEPT_ON_THE_PAGE, sa.and_(~shown, Notice.created_at < now() - KEPT_IF_MAILED_ONLY)
    )
    old = sa.select(Notice.id).where(past).limit(limit)
    return _count(session, sa.delete(Notice).where(Notice.id.in_(old)))


def _count(session: Session, statement: sa.Update | sa.Delete) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, sa.CursorResult)
    return result.rowcount


def _checked(kind: Kind, fields: Mapping[str, Value]) -> dict[str, str | int]:
    contents = CONTENTS[kind]
    for name in fields:
        if name not in MAIL_FIELDS or name not in contents.needs | contents.may:
            raise UnlabelledField(f"{name} is not a field of {kind}")
    if missing := contents.needs - fields.keys():
        raise UnlabelledField(f"{kind} needs {', '.join(sorted(missing))}")
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}


def _sealed(session: Session, account_id: int, fields: Mapping[str, str | int | None]) -> bytes:
    return keyring(session).seal(account_id, PAYLOAD, json.dumps(fields, ensure_ascii=False))


# -- sending, by the worker --


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    subject_id: int
    kind: Kind
    attempts: int
    created_at: datetime

    @property
    def reference(self) -> str:
        return hashlib.sha256(f"notice:{self.id}:{self.created_at.isoformat()}".encode()).hexdigest()[:32]


def deliver(
    database: Transactions,
    mail: Mailer,
    *,
    address_of: AddressOf,
    render: Render,
    only: Iterable[int] | None = None,
    limit: int = 20,
) -> list[Outcome]:
    """Send up to `limit` due notices, or those of `only` that are due; many workers may run it at once.

    A row is claimed by pushing its due time ahead in a conditional update, so each is sent by one worker; should that
    worker die, the row is due again after `LEASE`, and the copy bears the same Message-ID. A failure waits 1 and 5
    minutes, half an hour, 2 and 12 hours before the next try, and is then final. Nothing is sent while a write
    transaction is open.
    """
    with database.apart() as session:
        claimed = _claim(session, None if only is None else list(only), limit)
    return [_deliver_one(database, mail, notice, address_of, render) for notice in claimed]


def _claim(session: Session, only: list[int] | None, limit: int) -> list[_Claimed]:
    query = sa.select(Notice.id, Notice.subject_id, Notice.kind, Notice.attempts, Notice.created_at)
    query = query.where(Notice.state == State.QUEUED, Notice.due_at <= now())
    if only is not None:
        query = query.where(Notice.id.in_(only))
    due = session.execute(query.order_by(Notice.due_at, Notice.id).limit(limit)).all()
    return [
        _Claimed(id_, subject_id, Kind(kind), attempts + 1, created_at)
        for id_, subject_id, kind, attempts, created_at in due
        if _take(session, id_, attempts)
    ]


def _take(session: Session, notice_id: int, attempts: int) -> bool:
    mine = sa.update(Notice).where(Notice.id == notice_id, Notice.state == State.QUEUED, Notice.attempts == attempts)
    return _count(session, mine.values(attempts=attempts + 1, due_at=now() + LEASE)) == 1


def _deliver_one(
    database: Transactions, mail: Mailer, notice: _Claimed, address_of: AddressOf, render: Render
) -> Outcome:
    fields: dict[str, str | int | None] | None = None
    try:
        with database.reading_for(Purpose.NOTICE) as reader:
            payload = reader.execute(sa.select(Notice.payload).where(Notice.id == notice.id)).scalar_one_or_none()
            fields = _opened(reader, notice.subject_id, payload)
        recipient = address_of(notice.subject_id)
        if recipient is None or _is_too_late(notice, fields):
            state, error = State.DROPPED, None
        else:
            mail.send(_letter(notice, recipient, fields, render))
            state, error = State.SENT, None
    except KeyDestroyed:
        state, error = State.DROPPED, None
    except (Undeliverable, SealBroken) as problem:
        state, error = State.FAILED, _named(problem)
    except Exception as problem:  # whatever went wrong, the row must learn of it and the next notice must go out
        state, error = (State.QUEUED if notice.attempts <= len(BACKOFF) else State.FAILED), _named(problem)
    with database.apart() as session:
        _record(session, notice, state, fields)
    return Outcome(notice.id, notice.kind, state, notice.attempts, error)


def _named(problem: Exception) -> str:
    kind = type(problem).__name__
    return f"{kind}: {problem}" if isinstance(problem, TryLater | Undeliverable) else kind


def _is_too_late(notice: _Claimed, fields: Fields) -> bool:
    minutes = fields.get("minutes")
    return minutes is not None and notice.created_at + timedelta(minutes=int(minutes)) < now()


def _letter(notice: _Claimed, recipient: Recipient, fields: Fields, render: Render) -> Letter:
    contents = CONTENTS[notice.kind]
    known = {name: fields.get(name) for name in contents.needs | contents.may}
    words = render(notice.kind, recipient.language, {**known, "name": recipient.name})
    to = str(known.get("address") or recipient.email)
    return Letter(to, recipient.name, recipient.language, words, notice.reference)


def _record(session: Session, notice: _Claimed, state: State, fields: Fields | None) -> None:
    values: dict[str, object] = {"state": state}
    if state is State.QUEUED:
        values["due_at"] = now() + BACKOFF[notice.attempts - 1]
    else:
        values["payload"] = _what_stays(session, notice, fields)
        values["sent_at"] = now() if state is State.SENT else None
    mine = sa.update(Notice).where(
        Notice.id == notice.id, Notice.state == State.QUEUED, Notice.attempts == notice.attempts
    )
    _count(session, mine.values(**values))


def _what_stays(session: Session, notice: _Claimed, fields: Fields | None) -> bytes | None:
    if fields is None or CONTENTS[notice.kind].shown is None:
        return None
    try:
        return _sealed(session, notice.subject_id, _for_the_page(notice.kind, fields))
    except KeyDestroyed:
        return None
