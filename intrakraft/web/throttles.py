"""Throttles: how often a person or a network may try a password, a code or a mail.

Several windows at once make the wait grow with the tries; what is counted is the name typed, known or not, so that a
limit tells nothing either (A5, P-126).
"""

from __future__ import annotations

from intrakraft.domain.accounts import Account
from intrakraft.domain.accounts.registering import normal_email
from intrakraft.domain.base import normal_text
from intrakraft.domain.errors import Invalid
from intrakraft.web.devices import network
from intrakraft.web.state import state

PASSWORD = ("5/minute", "10/15 minutes", "20/hour", "60/day")
PASSWORD_NETWORK = ("60/5 minutes", "300/hour")
CODE = ("10/15 minutes", "30/hour", "60/day")
CODE_MAIL = ("6/15 minutes", "12/hour", "30/day")
REGISTRATION = ("4/hour", "8/day")
REGISTRATION_NETWORK = ("60/hour",)
RESET = ("3/hour", "6/day")
RESET_NETWORK = ("60/hour",)
CHILD_REPORT_NETWORK = ("3/hour", "8/day")


def before_password(name: str, account: Account | None, *, on_trusted_device: bool = False) -> None:
    """Count one try of a password. Raises `TooMany`; a browser the owner trusts has a count of its own.

    So nobody can shut the owner out of their own phone by typing wrong passwords elsewhere.
    """
    for limit in PASSWORD_NETWORK:
        state().limiter.check("password network", network(), limit=limit)
    _count("password trusted" if on_trusted_device else "password", _key(name), PASSWORD)


def wrong_password() -> None:
    """Count a wrong password against the network it came from."""
    for limit in PASSWORD_NETWORK:
        state().limiter.hit("password network", network(), limit=limit)


def right_password(name: str, account: Account, *, on_trusted_device: bool = False) -> None:
    """The password was right: earlier wrong ones no longer count."""
    for limit in PASSWORD:
        kind = "password trusted" if on_trusted_device else "password"
        state().limiter.reset(kind, _key(name), limit=limit)


def before_code(account_id: int) -> None:
    """Count one try of a second step. Raises `TooMany`."""
    _count("code", account_id, CODE)


def before_code_mail(account_id: int) -> None:
    """Count one code that is mailed. Raises `TooMany`."""
    _count("code mail", account_id, CODE_MAIL)


def before_registration(email: str) -> None:
    """Count one registration for an address and from a network. Raises `TooMany`."""
    _count("registration network", network(), REGISTRATION_NETWORK)
    _count("registration", email.lower(), REGISTRATION)


def before_reset(name: str) -> None:
    """Count one mail to choose a new password, for a name and from a network. Raises `TooMany`."""
    _count("reset network", network(), RESET_NETWORK)
    _count("reset", _key(name), RESET)


def before_child_report() -> None:
    """Count one report about a child from a network: each freezes an account at once. Raises `TooMany`."""
    _count("child report network", network(), CHILD_REPORT_NETWORK)


def _key(name: str) -> str:
    """One spelling of what was typed, whether or not anybody is called so: a limit tells nothing."""
    try:
        return normal_email(name).lower() if "@" in name else normal_text(name[:200], "NFKC").strip().lower()
    except Invalid:
        return name[:200].strip().lower()


def _count(name: str, key: str | int, limits: tuple[str, ...]) -> None:
    for limit in limits:
        state().limiter.check(name, key, limit=limit)
    for limit in limits:
        state().limiter.hit(name, key, limit=limit)
