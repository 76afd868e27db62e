"""Who may come in: one rule on every route, stated by a decorator beside it.

A view without a rule is a fault that a test finds; unknown and forbidden look the same from outside (P-122).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, overload
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, make_response, redirect, request, url_for
from flask_login import LoginManager, current_user

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Account, SignIn
from intrakraft.domain.base import N_
from intrakraft.domain.errors import NotFound
from intrakraft.domain.labels import Purpose
from intrakraft.web.page import asked_by_htmx, page
from intrakraft.web.state import database

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Visitor:
    """The signed-in person as Flask-Login sees them: the account and this sign-in of theirs."""

    sign_in: SignIn
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def account(self) -> Account:
        return self.sign_in.account

    def get_id(self) -> str:
        """The opaque token of the sign-in, never the account's id."""
        raise RuntimeError("the token is known only at the moment of signing in")


def visitor() -> Visitor | None:
    """This request's signed-in person with the sign-in itself, or None."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def viewer() -> Account | None:
    """The account of the signed-in person, or None."""
    found = visitor()
    return found.account if found else None


def _rule(view: View, name: str, check: Callable[[], Any], **facts: Any) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        refused = check()
        return refused if refused is not None else view(*args, **kwargs)

    guarded.access = name  # type: ignore[attr-defined]
    guarded.access_facts = facts  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def public(view: View) -> View:
    """Everybody may come in."""
    return _rule(view, "public", lambda: None)


@overload
def signed_in(view: View) -> View: ...
@overload
def signed_in(*, keep: tuple[str, ...] = (), back: str | None = None, hold: bool = False) -> Callable[[View], View]: ...
def signed_in(view: Any = None, *, keep: tuple[str, ...] = (), back: str | None = None, hold: bool = False) -> Any:
    """Only signed-in people. Others are sent to sign in and come back to where they were.

    `back` names the page a form stood on and `keep` the typed fields that come back with the person. With `hold` all
    that was typed is shown again in a form of one button, to be sent once the person has signed in beside it: for
    forms with more in them than an address can carry.
    """
    if view is not None:
        return _rule(view, "signed_in", _need_sign_in)
    return lambda decorated: _rule(decorated, "signed_in", _hold if hold else lambda: _need_sign_in(keep, back))


def recently_verified(view: View) -> View:
    """Only people who passed a second step within the last 10 minutes (P-120)."""
    return _rule(view, "recently_verified", _need_verification)


def staff_for(purpose: Purpose) -> Callable[[View], View]:
    """Only staff whose role covers `purpose`, recently verified; for everybody else there is nothing here."""

    def check() -> Any:
        account = viewer()
        if account is None or not accounts.is_staff_for(account, purpose):
            raise NotFound(N_("There is nothing here."))
        return _need_verification()

    return lambda view: _rule(view, "staff_for", check, purpose=purpose)


def _need_sign_in(keep: tuple[str, ...] = (), back: str | None = None) -> Response | None:
    if viewer() is not None:
        return None
    return _elsewhere(url_for("sign_in.new", next=_return_to(keep, back)))


def _hold() -> Response | None:
    if viewer() is not None:
        return None
    kept = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return page("errors/signed_out.html", only="refusal", status=401, kept=kept, action=request.path)


def _need_verification() -> Response | None:
    found = visitor()
    if found is None:
        return _need_sign_in()
    if found.sign_in.is_lately_verified:
        return None
    return _elsewhere(url_for("verification.new", next=_return_to((), None)))


def _elsewhere(target: str) -> Response:
    if asked_by_htmx():
        return make_response("", 204, {"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]


def _return_to(keep: tuple[str, ...], back: str | None) -> str:
    """Where to go afterwards: this page, or for a POST the page the form stood on with the kept fields."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    if back is not None:
        arguments = request.view_args or {}
        kept = {name: request.form[name][:2000] for name in keep if request.form.get(name)}
        return url_for(back, **arguments) + (f"?{urlencode(kept)}" if kept else "")
    try:
        came_from = urlsplit(request.referrer or "")
    except ValueError:
        return "/"
    return came_from.path or "/" if came_from.netloc == request.host else "/"


def local_path(target: str | None) -> str:
    """`target` if it is a path of this site, else the home page: no open redirect."""
    try:
        parts = urlsplit(target or "")
    except ValueError:
        return "/"
    fine = target and target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if fine and target and not any(ord(c) < 32 or c == "\\" for c in target) else "/"


def init_app(app: Flask) -> None:
    """Teach Flask-Login to find people by the token of one sign-in, so that each device can be listed and revoked."""
    login = LoginManager()
    login.session_protection = None
    app.login_manager = login  # type: ignore[attr-defined]  # its own start would read the session on every answer

    @login.user_loader
    def load(token: str) -> Visitor | None:
        found = accounts.find_sign_in(database().session, token)
        return Visitor(found) if found else None
