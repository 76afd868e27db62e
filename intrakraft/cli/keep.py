"""Setting up and keeping the installation: `flask setup`, `flask db check|upgrade|revise`.

Alembic is imported by the commands alone, since the web server needs none of it.
"""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from intrakraft.adapters.seclog import KeyNeeded
from intrakraft.domain.privacy import policy
from intrakraft.web.state import state


@click.command("setup")
@with_appcontext
def setup() -> None:
    """Prepare the instance: keys, database, migrations, policy versions. Safe to run at every start."""
    from intrakraft import migrations

    found = state()
    try:
        found.security_log.prepare()
    except KeyNeeded as needed:
        raise click.ClickException(str(needed)) from needed
    migrations.upgrade(found.database)
    with found.database.apart() as session:
        policy.record_versions(session)
    click.echo(f"ready: {found.settings.instance}")


database_group = AppGroup("db", help="The database's schema.")


@database_group.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the schema up to date."""
    from intrakraft import migrations

    migrations.upgrade(state().database, revision)


@database_group.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the schema back to an earlier revision."""
    from intrakraft import migrations

    migrations.downgrade(state().database, revision)


@database_group.command("revise")
@click.argument("message")
def revise(message: str) -> None:
    """Write a migration from the difference between models and schema."""
    from intrakraft import migrations

    migrations.revise(state().database, message)


@database_group.command("check")
def check() -> None:
    """Fail where the schema from migrations is not the schema of the models."""
    from intrakraft import migrations

    found = migrations.differences(state().database)
    for difference in found:
        click.echo(str(difference))
    if found:
        raise SystemExit(1)
    click.echo("schema and models agree")


def add_to(app: Flask) -> None:
    """Add these commands."""
    app.cli.add_command(setup)
    app.cli.add_command(database_group)
