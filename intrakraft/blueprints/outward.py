"""The page between us and other sites: it names the site and says whose policy applies there.

Only addresses signed by us are opened, so nobody can use it as a redirect (P-009).
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from intrakraft.web.access import public
from intrakraft.web.links import opened
from intrakraft.web.page import page

bp = Blueprint("outward", __name__)


@bp.get("/out")
@public
def show() -> Response:
    """Name the site; an address that we did not sign is refused."""
    target = opened(request.args.get("u", ""))
    if target is None:
        response = page("outward/refused.html", status=400)
    else:
        response = page("outward/show.html", target=target)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
