"""Privacy at the command line: `flask privacy check|rotate-keys`, `flask promises`.

The check is part of the build: a thing without a label fails it (promises, rule zero).
"""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from intrakraft.domain.privacy import checking, promises
from intrakraft.web.state import database

group = AppGroup("privacy", help="Labels, keys and promises.")


@group.command("check")
def check() -> None:
    """Fail where a column, cookie, log key, mail field or outbound field has no label."""
    problems = checking.problems()
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(1)
    click.echo(checking.summary())


@group.command("rotate-keys")
def rotate_keys() -> None:
    """Wrap every person's key anew under a new instance key. Stop it with Ctrl-C; running it again goes on."""
    from rich.progress import Progress

    with Progress() as progress:
        task = progress.add_task("keys", total=None)
        done = database().keyring.rotate(progress=lambda done, of: progress.update(task, completed=done, total=of))
    click.echo(f"{done.rewrapped} keys wrapped anew")
    if done.unreadable:
        raise click.ClickException(f"{done.unreadable} keys could not be opened and stay as they are")


@click.command("promises")
@click.option("--tests", default="tests", show_default=True, help="Folder of the tests to read the marks from.")
@with_appcontext
def promise_table(tests: str) -> None:
    """Which promises and criteria have a test, read from the marks of the tests."""
    for line in promises.report(tests):
        click.echo(line)


def add_to(app: Flask) -> None:
    """Add these commands."""
    app.cli.add_command(group)
    app.cli.add_command(promise_table)
