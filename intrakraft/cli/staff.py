"""Staff and what they decide: `flask staff add|suspend|limit|terminate|block|reinstate|confirm-child|dismiss-child`.

The same domain verbs as everywhere; each writes who did it and why, and tells the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import AppGroup

from intrakraft.domain import accounts
from intrakraft.domain.accounts import states
from intrakraft.domain.errors import DomainError
from intrakraft.domain.privacy import minors
from intrakraft.web.state import database

group = AppGroup("staff", help="People who work for the operator, and what they may do to accounts.")


@group.command("add")
@click.argument("username")
@click.option("--role", default="operator", show_default=True)
def add(username: str, role: str) -> None:
    """Make the person who registered as USERNAME a member of the staff; they sign in with a second step each time."""
    with _said(), database().apart() as session:
        account = accounts.named(session, username)
        states.appoint(session, account, role)
    click.echo(f"{username} is staff now, as {role}")


def _state_command(name: str, words: str) -> None:
    @group.command(name, help=f"{words} the account USERNAME, for a reason it is told.")
    @click.argument("username")
    @click.option("--reason", required=True)
    def change(username: str, reason: str) -> None:
        with _said(), database().apart() as session:
            account = accounts.named(session, username)
            getattr(states, name)(session, account, reason=reason, by="operator")
        click.echo(f"{username}: {name}")


for _name, _words in {
    "limit": "Limit",
    "suspend": "Suspend",
    "terminate": "Terminate",
    "block": "Block",
    "reinstate": "Reinstate",
}.items():
    _state_command(_name, _words)


@group.command("confirm-child")
@click.argument("username")
def confirm_child(username: str) -> None:
    """The reported account USERNAME is a child's: the worker's next sweep erases it, with its files and its key."""
    with _said(), database().apart() as session:
        minors.confirm_child(session, accounts.named(session, username), by="operator")
    click.echo(f"{username}: will be erased by the next sweep")


@group.command("dismiss-child")
@click.argument("username")
def dismiss_child(username: str) -> None:
    """The reported account USERNAME is not a child's: it is thawed, and told so."""
    with _said(), database().apart() as session:
        minors.dismiss_child(session, accounts.named(session, username), by="operator")
    click.echo(f"{username}: thawed")


@contextmanager
def _said() -> Iterator[None]:
    """A refusal of the domain in plain words, and exit code 1."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.message % error.params) from error


def add_to(app: Flask) -> None:
    """Add these commands."""
    app.cli.add_command(group)
