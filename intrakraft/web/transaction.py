"""The request's transaction: below 400 it is committed, from 400 on it is rolled back, and a GET that writes is an error."""

from __future__ import annotations

from flask import Flask, Response, request

from intrakraft.web.state import database


def end(response: Response) -> Response:
    """Commit or roll back; this and `go` are where a request's work becomes true."""
    session = database().session
    changed = session.new or session.dirty or session.deleted
    if changed and not session.info.get("writing"):
        database().undo()
        raise RuntimeError(f"{request.method} {request.endpoint} leaves changes that nobody asked to keep")
    if response.status_code < 400:
        database().settle()
    else:
        database().undo()
    return response


def init_app(app: Flask) -> None:
    """Settle after each request and close its session when the request is over."""
    app.after_request(end)
    app.teardown_appcontext(lambda error: database().close())
