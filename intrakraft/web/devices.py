"""The browser in hand: what it is in words, the sign-in it carries, and what is noted when it knocks.

Of its make only family and system are read, never model or fingerprint; its address goes to the sealed log alone
(P-031, P-034, P-044).
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from flask import Flask, Response, g, request, session

from intrakraft.adapters.limiter import network_of
from intrakraft.domain.accounts import Browser, EventKind, note_event, signing_in
from intrakraft.domain.base import now
from intrakraft.web.cookies import keep, read_cookie
from intrakraft.web.state import database, state

LONGEST = 400
NOTED_EVERY = timedelta(minutes=10)


def browser() -> Browser:
    """Family and system of the browser that sent this request."""
    return _known((request.user_agent.string or "")[:LONGEST])


def device_words() -> str:
    """The same in words for people: `Chrome, Android 14`."""
    return str(browser())


@lru_cache(maxsize=512)
def _known(agent: str) -> Browser:
    from ua_parser import parse

    found = parse(agent)
    system = found.os
    named = f"{system.family} {system.major}" if system and system.major else system.family if system else ""
    return Browser(found.user_agent.family[:40] if found.user_agent else "", named[:40])


def network() -> str:
    """The network this request came from, for the limiter, which keeps a keyed hash of it for a day at most."""
    return network_of(request.remote_addr)


def admit(token: str, *, stay: bool) -> None:
    """Let this browser in with a new token; whatever it carried before sign-in is dropped (no fixation, P-044)."""
    session.clear()
    session["_user_id"] = token
    session["_fresh"] = True
    session.permanent = stay


def dismiss() -> None:
    """Forget the sign-in in this browser."""
    session.clear()


def trust(token: str) -> None:
    """Let this browser carry its device token for 90 days."""
    keep("device", token)


def device_token() -> str | None:
    """The token of a trusted device, if this browser carries one."""
    return read_cookie("device")


def note_failure(kind: EventKind, account_id: int | None) -> None:
    """Write a failed try where its owner sees it, in a transaction apart, and where the law wants it, sealed.

    Takes the same time whether the name is somebody's or not.
    """
    with database().apart() as apart:
        note_event(apart, account_id, kind, device_words())
    note_sealed(kind, account_id)


def note_sealed(kind: EventKind, account_id: int | None) -> None:
    """A line of the sealed log, the only place that holds the address."""
    state().security_log.write(
        kind, address=request.remote_addr, route=request.endpoint, method=request.method, account=account_id
    )


def _still_here(response: Response) -> Response:
    """Every ten minutes at most, note that the sign-in is in use; it lives 12 hours from then."""
    loaded = g.get("_login_user")
    if loaded is None or not loaded.is_authenticated or response.status_code >= 400:
        return response
    if loaded.sign_in.ended_at is None and now() - loaded.sign_in.last_seen_at > NOTED_EVERY:
        with database().apart() as apart:
            signing_in.touch(apart, loaded.sign_in.id)
    return response


def init_app(app: Flask) -> None:
    """Note after each answer, once its own work is settled, that the person is still here."""
    app.after_request(_still_here)
