"""What is noted of each request: a log line of labelled keys, counters for the operator, the address in the sealed log alone.

No line holds an address, a browser's name, an id or anything typed (P-011, P-032, P-034).
"""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from flask_login import current_user

from intrakraft import log
from intrakraft.adapters import metrics
from intrakraft.web.page import asked_by_htmx
from intrakraft.web.state import state


def start() -> None:
    """Begin to count the time."""
    g.started = time.perf_counter()


def note(response: Response) -> Response:
    """One line and one count for this answer."""
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.endpoint or "none"
    log.access(
        method=request.method,
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        bytes=response.content_length or 0,
        htmx=asked_by_htmx(),
    )
    metrics.observe(route, response.status_code, seconds)
    if request.method != "GET" or response.status_code >= 400:
        who = current_user.sign_in.account_id if current_user.is_authenticated else None
        state().security_log.write(
            "request",
            address=request.remote_addr,
            route=route,
            method=request.method,
            status=response.status_code,
            account=who,
        )
    return response


def init_app(app: Flask) -> None:
    """Note every request, outside everything else."""
    app.before_request(start)
    app.after_request(note)
