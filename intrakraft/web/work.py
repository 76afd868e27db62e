"""What the worker of this application does: sends the outbox in the words of its letters, and clears away what is over.

The domain is handed its mailer, its words and its addresses here; it imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy.orm import Session

from intrakraft.adapters.jobs import Work
from intrakraft.adapters.letters import Letters
from intrakraft.db import Database
from intrakraft.domain import accounts, erasing, notices
from intrakraft.domain.accounts import codes, events, registering, signing_in, states
from intrakraft.domain.notices import Outcome, Recipient
from intrakraft.web import state

T = TypeVar("T")


def init_app(app: Flask) -> None:
    """Tell the jobs of this application what their work is; nothing runs before a worker starts."""
    found = state.of(app)
    letters = Letters(found.settings, address_maker(app, found.settings.public_url))
    address_of = addresses(found.database)

    def deliver(only: Sequence[int] | None) -> list[Outcome]:
        return notices.deliver(found.database, found.mail, address_of=address_of, render=letters, only=only)

    def erase_children() -> None:
        for place in apart(found.database, erasing.erase_children)():
            found.storage.delete_prefix(place.folder)

    sweeps: dict[str, Callable[[], object]] = {
        "accounts of children": erase_children,
        "old notices": apart(found.database, notices.forget_old),
        "unfinished registrations": apart(found.database, registering.forget_unfinished),
        "old codes": apart(found.database, codes.forget_old),
        "old sign-ins": apart(found.database, signing_in.forget_old),
        "old security events": apart(found.database, events.forget_old),
        "states that are over": apart(found.database, states.lift_past),
        "old security log": found.security_log.purge,
    }
    found.jobs.do(Work(deliver=deliver, sweeps=sweeps))


def apart(database: Database, act: Callable[[Session], T]) -> Callable[[], T]:
    """`act` in a short write transaction of its own."""

    def run() -> T:
        with database.apart() as session:
            return act(session)

    return run


def addresses(database: Database) -> notices.AddressOf:
    """Finds whom to write to at the moment of sending; reads the contact for the purpose of notices only."""

    def address_of(account_id: int) -> Recipient | None:
        with database.apart() as session:
            return accounts.recipient_of(session, account_id)

    return address_of


def address_maker(app: Flask, public_url: str) -> Callable[..., str]:
    """Makes full addresses of pages outside of a request: `address("listings.show", listing_id=7)`."""
    public = urlsplit(public_url)
    bound = app.url_map.bind(public.netloc, public.path or "/", url_scheme=public.scheme)
    return lambda endpoint, **values: bound.build(endpoint, values, force_external=True)
