"""Cookies: set only through the register, with one set of attributes, and stripped where nobody registered them.

No cookie exists before a person signs in or makes a choice (P-038, P-044, P-051).
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request

from intrakraft.domain.labels import COOKIES


def real_name(name: str) -> str:
    """The name as sent: `__Host-` in production, bare on loopback, where browsers return no Secure cookie."""
    return f"__Host-{name}" if current_app.config["INTRAKRAFT"].production else name


def read_cookie(name: str) -> str | None:
    """The value of a registered cookie, or None."""
    return request.cookies.get(real_name(COOKIES[name].name))


def keep(name: str, value: str) -> None:
    """Set a registered cookie with the answer to this request; its life comes from the register."""
    _later()[name] = (value, COOKIES[name].max_age)


def forget(name: str) -> None:
    """Remove a registered cookie with the answer to this request."""
    _later()[name] = ("", 0)


def _later() -> dict[str, tuple[str, int | None]]:
    return g.setdefault("cookies", {})


def send_cookies(response: Response) -> Response:
    """Put what `keep` and `forget` asked for into the answer."""
    for name, (value, max_age) in g.pop("cookies", {}).items():
        secure = current_app.config["INTRAKRAFT"].production
        response.set_cookie(
            real_name(name), value, max_age=max_age, secure=secure, httponly=True, samesite="Lax", path="/"
        )
    return response


def strip_unregistered(response: Response) -> Response:
    """Take out any Set-Cookie that is not in the register; under test it is a fault (P-038)."""
    kept = []
    for header in response.headers.getlist("Set-Cookie"):
        name = header.partition("=")[0].strip().removeprefix("__Host-")
        if name in COOKIES:
            kept.append(header)
        elif current_app.testing:
            raise AssertionError(f"cookie {name} is not in the register")
    if response.headers.getlist("Set-Cookie") != kept:
        response.headers.setlist("Set-Cookie", kept)
    return response


def init_app(app: Flask) -> None:
    """Give Flask's own session cookie the registered name and strict attributes."""
    production = app.config["INTRAKRAFT"].production
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if production else "session",
        SESSION_COOKIE_SECURE=production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=30 * 86_400,
    )
    app.after_request(strip_unregistered)
    app.after_request(send_cookies)
