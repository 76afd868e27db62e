"""Answers: one view and one template for the page, for the part htmx replaces and for the plain form.

Block name = element id = hx-target; only this module reads what htmx says about itself.
"""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from jinja2_fragments.flask import render_block
from werkzeug.urls import iri_to_uri

from intrakraft.web.state import database


def asked_by_htmx() -> bool:
    """Whether htmx wants a part; a boosted link and a restored history want the page."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def wanted_part(parts: tuple[str, ...]) -> str | None:
    """The block that the browser is about to replace: htmx 4 says `section#interest`, htmx 2 `interest`."""
    if not asked_by_htmx():
        return None
    part = (request.htmx.target or "").rpartition("#")[2]
    return part if part in parts else None


def page(
    template: str, *, parts: tuple[str, ...] = (), only: str | None = None, status: int = 200, **context: Any
) -> Response:
    """The whole page, or just the named part of it when that is what was asked for.

    `only` names the block that answers htmx whatever it meant to replace (a refusal goes to `#status`). A page is never
    put inside a page: htmx is told to replace the whole body instead.
    """
    part = wanted_part(parts)
    headers = {}
    if part is None and asked_by_htmx() and only:
        part, headers = only, {"HX-Retarget": f"#{only}", "HX-Reswap": "innerHTML"}
    elif part is None and asked_by_htmx():
        headers = {"HX-Retarget": "body", "HX-Reswap": "innerHTML"}
    body = render_template(template, **context) if part is None else render_block(template, part, **context)
    response = make_response(body, status)
    response.headers.update(headers)
    response.vary.update(["HX-Request", "HX-Target"])
    return response


def go(endpoint: str, *, elsewhere: bool = False, anchor: str | None = None, **values: Any) -> Response:
    """After a write: commit, then 303 for a plain form, or the very same page's part at once for htmx.

    `elsewhere` says that the answer is another page than the one the form stood on.
    """
    database().settle()
    target = url_for(endpoint, _anchor=anchor, **values)
    if not asked_by_htmx():
        return redirect(target, 303)
    if elsewhere:
        return make_response("", 204, {"HX-Redirect": target})
    view = current_app.view_functions[endpoint]
    return make_response(view(**{k: v for k, v in values.items() if k in _arguments(endpoint)}))


def go_to(path: str) -> Response:
    """After a write: commit, and go to a path of this site that was checked before (`local_path`)."""
    database().settle()
    path = iri_to_uri(path)
    return make_response("", 204, {"HX-Redirect": path}) if asked_by_htmx() else redirect(path, 303)


def _arguments(endpoint: str) -> frozenset[str]:
    rules = current_app.url_map.iter_rules(endpoint)
    return frozenset(name for rule in rules for name in rule.arguments)
