"""For the operator: is it healthy, how is it doing, and in development the mail that would have been sent."""

from __future__ import annotations

import hmac

import sqlalchemy as sa
from flask import Blueprint, Response, abort, jsonify, request

from intrakraft.adapters import metrics
from intrakraft.domain import notices
from intrakraft.web.access import public
from intrakraft.web.page import page
from intrakraft.web.state import db, settings, state

bp = Blueprint("operator", __name__)


@bp.get("/healthz")
@public
def health() -> Response:
    """200 while the database answers; says nothing else."""
    db.session.execute(sa.text("SELECT 1"))
    response = jsonify(status="ok")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/metrics")
@public
def measures() -> Response:
    """Counters for the operator's monitor, behind its own token; for anybody else there is nothing here."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings().metrics_token.encode()):
        abort(404)
    return Response(metrics.exposition(notices.backlog(db.session), state().jobs.worker_age()), mimetype="text/plain")


@bp.get("/outbox")
@public
def outbox() -> Response:
    """The mail that this installation would have sent; only where the settings put mail into a folder."""
    if not settings().outbox_page:
        abort(404)
    response = page("operator/outbox.html", letters=state().mail.latest(40))
    response.headers["Cache-Control"] = "no-store"
    return response
