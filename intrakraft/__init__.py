"""Intrakraft: a trading platform for small Indian businesses.

`create_app` puts the house together: settings, database, adapters, web, blueprints, commands.
"""

from __future__ import annotations

from typing import Any

from flask import Flask


def create_app(settings: Any = None, /, **given: Any) -> Flask:
    """The application for `settings`, or for those found in the environment and the instance folder."""
    from intrakraft import blueprints, cli, config, log, web

    settings = settings or config.load(**given)
    log.configure(production=settings.production)
    app = Flask("intrakraft", instance_path=str(settings.instance), static_folder=None)
    app.jinja_options = {"cache_size": -1}
    app.config["INTRAKRAFT"] = settings
    app.secret_key = settings.secret_key
    app.config["MAX_CONTENT_LENGTH"] = settings.request_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = 2_000_000
    web.init_app(app)
    blueprints.init_app(app)
    cli.init_app(app)
    return app
