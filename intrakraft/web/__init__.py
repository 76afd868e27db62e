"""What the blueprints share: answers, access, forms, headers. No rule of the trade lives here."""

from __future__ import annotations

from flask import Flask
from flask_compress import Compress
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter


class IdConverter(IntegerConverter):
    """An id in a URL: at most fifteen digits, so that no number is too big for a database."""

    regex = r"\d{1,15}"


def init_app(app: Flask) -> None:
    """Everything a request passes through, outermost first."""
    from intrakraft.web import (
        access,
        assets,
        choices,
        context,
        cookies,
        devices,
        filters,
        forms,
        headers,
        links,
        observed,
        packed,
        refusals,
        state,
        transaction,
        ui,
        work,
    )

    settings = app.config["INTRAKRAFT"]
    app.url_map.converters["id"] = IdConverter
    app.config.update(
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=5,
        COMPRESS_MIMETYPES=["text/html", "text/plain", "application/atom+xml", "application/xml"],
    )
    Htmx(app)
    Compress(app)
    for part in (state, observed, headers, cookies, devices, transaction, access, choices, forms, refusals):
        part.init_app(app)
    for part in (assets, filters, links, ui, context, work):
        part.init_app(app)
    shelf = packed.PackedPages(app.wsgi_app)
    state.of(app).database.after_commit = lambda session: _committed(app, shelf, session)
    app.wsgi_app = shelf  # type: ignore[method-assign]
    if settings.proxies:
        app.wsgi_app = ProxyFix(shelf, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]


def _committed(app: Flask, shelf: object, session: object) -> None:
    from intrakraft.web import state

    shelf.empty()  # type: ignore[attr-defined]
    ids = session.info.pop("enqueue", ())  # type: ignore[attr-defined]
    if ids:
        state.of(app).jobs.deliver(*ids)
