"""The demo bazaar: `flask seed` and `flask demo-people`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from intrakraft.domain.errors import DomainError
from intrakraft.web.state import state


@click.command("seed")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are accounts already.")
@with_appcontext
def seed(if_empty: bool) -> None:
    """Load a believable bazaar: shops, listings, people, interests. Running it again adds nothing."""
    from rich.progress import Progress

    from intrakraft.demo import load
    from intrakraft.domain import accounts

    found = state()
    if if_empty and found.settings.production:
        click.echo("this is production, no demo people were loaded")
        return
    if if_empty and accounts.any_account(found.database.session) and not load.is_unfinished(found):
        click.echo("there are people here already, nothing was loaded")
        return
    try:
        with Progress(transient=True) as progress:
            task = progress.add_task("demo bazaar", total=None)
            counts = load.load(found, progress=lambda done, of: progress.update(task, completed=done, total=of))
    except DomainError as error:
        raise click.ClickException(error.message % error.params) from error
    click.echo(", ".join(f"{number} {what}" for what, number in counts.items()))


@click.command("demo-people")
@with_appcontext
def demo_people() -> None:
    """Say how to sign in as the people of the demo bazaar."""
    from intrakraft.demo import load

    for line in load.people_lines():
        click.echo(line)


def add_to(app: Flask) -> None:
    """Add these commands."""
    app.cli.add_command(seed)
    app.cli.add_command(demo_people)
