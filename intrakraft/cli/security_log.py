"""The sealed security log at the command line: `flask security-log keygen|read|purge`.

The private key is printed once and kept nowhere; reading belongs on the operator's own machine, with a copy of the
files.
"""

from __future__ import annotations

from datetime import datetime

import click
from flask import Flask
from flask.cli import AppGroup

from intrakraft.web.state import state

group = AppGroup("security-log", help="The log that only the operator's private key can read.")
_DAY = click.DateTime(["%Y-%m-%d"])


@group.command("keygen")
@click.confirmation_option(prompt="Lines sealed so far stay readable with the earlier key only. Make a new one?")
def keygen() -> None:
    """Make a key pair: the public half stays here, the private half is printed and must leave this machine."""
    private = state().security_log.keygen()
    click.echo(private)
    click.echo(
        "Keep this private key away from this machine. It is not stored here and cannot be shown again.", err=True
    )


@group.command("read")
@click.option("--since", type=_DAY, help="First day, as 2026-11-24 (UTC).")
@click.option("--until", type=_DAY, help="Last day, inclusive.")
@click.option("--private-key", prompt=True, hide_input=True, help="As keygen printed it.")
def read(since: datetime | None, until: datetime | None, private_key: str) -> None:
    """Print the lines of some days."""
    days = {"since": since and since.date(), "until": until and until.date()}
    try:
        reading = state().security_log.read(private_key, **days)
    except ValueError as error:
        raise click.ClickException("That is no private key of this log.") from error
    for entry in reading.entries:
        parts = (
            entry.at.isoformat(),
            entry.event,
            entry.address,
            entry.method,
            entry.route,
            entry.status,
            entry.account,
        )
        click.echo("\t".join("-" if part is None else str(part) for part in parts))
    if reading.unreadable:
        click.echo(f"{reading.unreadable} lines are torn, changed or sealed to another key", err=True)


@group.command("purge")
def purge() -> None:
    """Delete the days that are more than a year old; the worker does this by itself."""
    click.echo(f"{state().security_log.purge()} days deleted")


def add_to(app: Flask) -> None:
    """Add these commands."""
    app.cli.add_command(group)
