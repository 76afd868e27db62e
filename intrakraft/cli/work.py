"""The background worker: `flask worker` sends what waits in the outbox and sweeps what is over."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from intrakraft.web.state import state


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Work through the queue until told to stop (Ctrl-C or TERM)."""
    state().jobs.run_worker()


def add_to(app: Flask) -> None:
    """Add this command."""
    app.cli.add_command(worker)
