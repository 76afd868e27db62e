"""Commands for the operator, a module for each group: `flask setup`, `flask staff add`, `flask privacy check`."""

from __future__ import annotations

from flask import Flask

from intrakraft.cli import demo, keep, privacy, security_log, staff, work


def init_app(app: Flask) -> None:
    """Add every group to `flask`."""
    for group in (keep, demo, work, staff, privacy, security_log):
        group.add_to(app)
