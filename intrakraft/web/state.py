"""What one running application holds: its settings, database and adapters, found through the current app.

Blueprints take them from here; the domain is handed them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from intrakraft.adapters.jobs import Jobs
    from intrakraft.adapters.limiter import Limiter
    from intrakraft.adapters.mail import Mail
    from intrakraft.adapters.seclog import SecurityLog
    from intrakraft.adapters.storage import Storage
    from intrakraft.config import Settings
    from intrakraft.db import Database


@dataclass(slots=True)
class State:
    """One application's own things."""

    settings: Settings
    database: Database
    storage: Storage
    mail: Mail
    jobs: Jobs
    limiter: Limiter
    security_log: SecurityLog


def state() -> State:
    """The state of the current application."""
    found: State = current_app.extensions["intrakraft"]
    return found


def database() -> Database:
    """The database of the current application."""
    return state().database


def settings() -> Settings:
    """The settings of the current application."""
    return state().settings


db: Any = LocalProxy(database)


def of(app: Flask) -> State:
    """The state of an application, outside of its context."""
    found: State = app.extensions["intrakraft"]
    return found


def init_app(app: Flask) -> None:
    """Open what the settings name. Nothing is connected yet; each connects when first used."""
    from intrakraft import domain
    from intrakraft.adapters.jobs import Jobs
    from intrakraft.adapters.limiter import Limiter
    from intrakraft.adapters.mail import Mail
    from intrakraft.adapters.seclog import SecurityLog
    from intrakraft.adapters.storage import Storage
    from intrakraft.db import Database
    from intrakraft.domain.keys import KeyRing

    domain.load()
    settings: Settings = app.config["INTRAKRAFT"]
    app.extensions["intrakraft"] = State(
        settings=settings,
        database=Database(settings.database_url, KeyRing.from_settings(settings)),
        storage=Storage.from_settings(settings),
        mail=Mail.from_settings(settings),
        jobs=Jobs.from_settings(settings),
        limiter=Limiter.from_settings(settings),
        security_log=SecurityLog.from_settings(settings),
    )
