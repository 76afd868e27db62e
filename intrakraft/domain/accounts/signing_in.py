"""Signing in: from a name and a password to one sign-in in one browser, which can be seen and ended.

The token is known to the browser alone; here stands its hash. Every sign-in on a browser that is not trusted passes a
second step, staff pass one always (P-044, P-126).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from intrakraft.domain import notices
from intrakraft.domain.accounts.contacts import find_by_email
from intrakraft.domain.accounts.events import EventKind, note_event
from intrakraft.domain.accounts.second_steps import SecondStepProof, Way
from intrakraft.domain.accounts.tables import MAY_SIGN_IN, Account, Challenge, Device, SignIn, Status, token_hash
from intrakraft.domain.base import N_, UtcDateTime, new_token, now
from intrakraft.domain.errors import NotFound
from intrakraft.domain.labels import Purpose
from intrakraft.domain.notices import Channel
from intrakraft.domain.notices import Kind as Told

IDLE = timedelta(hours=12)
STAY = timedelta(days=30)
TRUSTED_FOR = timedelta(days=90)
KEPT = timedelta(days=90)
STAFF_ROLES: dict[str, frozenset[Purpose]] = {
    "operator": frozenset(
        {
            Purpose.SUPPORT,
            Purpose.SECURITY,
            Purpose.FRAUD,
            Purpose.LEGAL,
            Purpose.TRAFFIC,
            Purpose.ACCOUNT,
            Purpose.NOTICE,
        }
    ),
    "support": frozenset({Purpose.SUPPORT}),
}


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser in hand, by family and system only (P-031)."""

    family: str = ""
    system: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.family, self.system) if part)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the browser is to keep: the token of the sign-in, and that of the device where it is trusted anew."""

    token: str
    device_token: str | None = None


# -- reading --


def find_sign_in(session: Session, token: str) -> SignIn | None:
    """The sign-in of this token, with its account, if it has not ended and its account may sign in. One query."""
    return session.scalar(_SIGN_IN, {"token": token_hash(token), "now": now()})


_SIGN_IN = (
    sa.select(SignIn)
    .join(SignIn.account)
    .options(joinedload(SignIn.account))
    .where(
        SignIn.token_hash == sa.bindparam("token"),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > sa.bindparam("now", type_=UtcDateTime()),
        Account.status.in_(MAY_SIGN_IN),
    )
)


def find_account(session: Session, name: str) -> Account | None:
    """The account with this username or proved e-mail address, unless it is not opened yet."""
    if "@" not in name:
        return find_by_username(session, name)
    account_id = find_by_email(session, name)
    return session.get(Account, account_id) if account_id is not None else None


def find_by_username(session: Session, username: str) -> Account | None:
    """The account with this username, in whatever letters it is typed, unless it is not opened yet."""
    query = sa.select(Account).where(Account.username == folded(username), Account.status != Status.REGISTERING)
    return session.scalar(query)


def named(session: Session, username: str) -> Account:
    """The account with this username. Raises `NotFound`."""
    account = find_by_username(session, username)
    if account is None:
        raise NotFound(N_("There is no account named %(username)s."), username=username)
    return account


def any_account(session: Session) -> bool:
    """Whether anybody has registered here."""
    return session.scalar(sa.select(Account.id).limit(1)) is not None


def is_staff_for(account: Account, purpose: Purpose) -> bool:
    """Whether the person's role covers this purpose."""
    return account.standing is Status.ACTIVE and purpose in STAFF_ROLES.get(account.is_staff_role, frozenset())


def trusted_device(session: Session, account_id: int, token: str | None) -> Device | None:
    """This browser, if the person asked us to trust it and the time is not over."""
    if not token:
        return None
    query = sa.select(Device).where(
        Device.token_hash == token_hash(token), Device.account_id == account_id, Device.trusted_until > now()
    )
    return session.scalar(query)


def sign_ins_of(session: Session, account: Account) -> list[SignIn]:
    """Where the person is signed in now, last used first."""
    live = (SignIn.account_id == account.id, SignIn.ended_at.is_(None), SignIn.expires_at > now())
    return list(session.scalars(sa.select(SignIn).where(*live).order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())))


def devices_of(session: Session, account: Account) -> list[Device]:
    """Browsers on which no code is asked, last used first."""
    trusted = (Device.account_id == account.id, Device.trusted_until > now())
    return list(session.scalars(sa.select(Device).where(*trusted).order_by(Device.last_used_at.desc())))


def folded(username: str) -> str:
    """A username as it is kept and compared."""
    return username.strip().lower()


# -- writing --


def sign_in(
    session: Session,
    account: Account,
    *,
    browser: Browser,
    stay: bool = False,
    proof: SecondStepProof | None = None,
    device: Device | None = None,
    trusts: bool = False,
    is_registration: bool = False,
) -> SignedIn:
    """Begin a sign-in and return its new token, which nobody but the browser keeps.

    Either `proof` of a second step or the trusted `device` lets the person in; staff need the proof. With `trusts` this
    browser is trusted from now on. One that the account has not seen is told to its owner. Raises `AssertionError` for a
    sign-in without its second step: that is a fault of ours.
    """
    assert proof is not None or (device is not None and not account.is_staff), "a sign-in without its second step"
    assert proof is None or proof.account_id == account.id, "a proof of somebody else"
    moment, token, device_token = now(), new_token(32), None
    if device is None and not is_registration:
        _tell_of_new_browser(session, account, browser, proof)
    if device is None and trusts and not account.is_staff:
        device, device_token = trust_device(session, account, browser)
    if device is not None:
        device.last_used_at = moment
    session.add(
        SignIn(
            account_id=account.id,
            token_hash=token_hash(token),
            device_id=device.id if device else None,
            family=browser.family,
            system=browser.system,
            stay=stay,
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + (STAY if stay else IDLE),
            verified_at=moment if proof else None,
        )
    )
    account.last_seen_on = moment.date()
    note_event(session, account.id, EventKind.SIGNED_IN, str(browser))
    return SignedIn(token, device_token)


def _tell_of_new_browser(session: Session, account: Account, browser: Browser, proof: SecondStepProof | None) -> None:
    """Mail the owner; where a code was just mailed that names this browser, and it is an old acquaintance, a line will do."""
    seen = sa.select(SignIn.id).where(
        SignIn.account_id == account.id, SignIn.family == browser.family, SignIn.system == browser.system
    )
    known = session.scalar(seen.limit(1)) is not None
    quiet = known and proof is not None and proof.way is Way.MAIL
    channel = Channel.SCREEN if quiet else Channel.MAIL
    notices.queue(session, Told.NEW_DEVICE, to=account.id, channel=channel, device=str(browser), when=now())


def trust_device(session: Session, account: Account, browser: Browser) -> tuple[Device, str]:
    """Remember this browser for 90 days; returns it and its new token. Staff browsers are never trusted."""
    token = new_token(32)
    device = Device(
        account_id=account.id,
        token_hash=token_hash(token),
        family=browser.family,
        system=browser.system,
        trusted_until=now() + TRUSTED_FOR,
    )
    session.add(device)
    session.flush()
    note_event(session, account.id, EventKind.DEVICE_TRUSTED, str(browser))
    return device, token


def mark_verified(session: Session, sign_in_id: int, proof: SecondStepProof) -> None:
    """Note that a second step was just passed in this sign-in: sensitive pages open for 10 minutes (P-120)."""
    found = session.get_one(SignIn, sign_in_id)
    assert found.account_id == proof.account_id, "a proof of somebody else"
    found.verified_at = now()
    note_event(session, found.account_id, EventKind.VERIFIED, ", ".join(filter(None, (found.family, found.system))))


def touch(session: Session, sign_in_id: int) -> None:
    """Note that the sign-in is in use; one that was not to stay lives 12 hours from now."""
    found = session.get(SignIn, sign_in_id, options=[joinedload(SignIn.account)])
    if found is None or found.ended_at is not None:
        return
    found.last_seen_at = now()
    found.account.last_seen_on = found.last_seen_at.date()
    if not found.stay:
        found.expires_at = found.last_seen_at + IDLE


def end_sign_in(session: Session, account: Account, sign_in_id: int) -> None:
    """End one sign-in of this person, and forget the trust in its browser. Raises `NotFound` for anybody else's."""
    found = session.get(SignIn, sign_in_id)
    if found is None or found.account_id != account.id or found.ended_at is not None:
        raise NotFound(N_("There is no such sign-in."))
    found.ended_at = now()
    if found.device_id is not None:
        session.execute(sa.delete(Device).where(Device.id == found.device_id))
    note_event(session, account.id, EventKind.SIGN_IN_ENDED, ", ".join(filter(None, (found.family, found.system))))


def sign_out(session: Session, sign_in_id: int) -> None:
    """End this very sign-in; a trusted browser stays trusted."""
    found = session.get(SignIn, sign_in_id)
    if found is not None and found.ended_at is None:
        found.ended_at = now()
        note_event(
            session, found.account_id, EventKind.SIGNED_OUT, ", ".join(filter(None, (found.family, found.system)))
        )


def end_other_sign_ins(session: Session, account: Account, keep: SignIn | None = None) -> int:
    """End every sign-in of this person but `keep`, and the trust in every other browser; says how many ended."""
    kept_device = (keep.device_id if keep else None) or 0
    session.execute(
        sa.delete(Device).where(Device.account_id == account.id, Device.id != kept_device),
        execution_options={"synchronize_session": False},
    )
    kept = keep.id if keep else 0
    end_attempts(session, account.id)
    live = sa.update(SignIn).where(SignIn.account_id == account.id, SignIn.ended_at.is_(None), SignIn.id != kept)
    done = session.execute(live.values(ended_at=now()), execution_options={"synchronize_session": False})
    assert isinstance(done, sa.CursorResult)
    return done.rowcount


def end_attempts(session: Session, account_id: int) -> None:
    """End every sign-in and reset of this person that waits for its second step: it began before something changed."""
    waiting = sa.update(Challenge).where(
        Challenge.account_id == account_id, Challenge.kind.in_(("sign_in", "reset")), Challenge.used_at.is_(None)
    )
    session.execute(waiting.values(used_at=now()), execution_options={"synchronize_session": False})


def forget_device(session: Session, account: Account, device_id: int) -> None:
    """Ask for the code on this browser again. Raises `NotFound` for anybody else's."""
    found = session.get(Device, device_id)
    if found is None or found.account_id != account.id:
        raise NotFound(N_("There is no such device."))
    session.delete(found)


def forget_old(session: Session, *, limit: int = 500) -> int:
    """Delete sign-ins that are over and browsers not used for 90 days (P-031); says how many rows went."""
    past = now() - KEPT
    over = sa.select(SignIn.id).where(SignIn.last_seen_at < past, SignIn.expires_at < now()).limit(limit)
    unused = sa.select(Device.id).where(sa.or_(Device.last_used_at < past, Device.trusted_until < now())).limit(limit)
    gone = 0
    for statement in (sa.delete(SignIn).where(SignIn.id.in_(over)), sa.delete(Device).where(Device.id.in_(unused))):
        done = session.execute(statement, execution_options={"synchronize_session": False})
        assert isinstance(done, sa.CursorResult)
        gone += done.rowcount
    return gone
