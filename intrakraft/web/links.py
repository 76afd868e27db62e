"""Links that lead out: found in what people write, marked, and led through a page of ours that names the other site.

No address leads out unsigned, and none that carries an e-mail, a phone or a sign-in becomes a link (P-008 to P-010).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from flask import Flask, current_app, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from markupsafe import Markup

from intrakraft.web.state import settings

LONGEST = 2000

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"'`\\]+", re.IGNORECASE)
_TRAILING = ".,;:!?।…*_"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_HOST = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*")
_EMAIL = re.compile(r"[^\s@/?&=]+@[^\s@/?&=]+\.\w")
_PHONE = re.compile(r"(?<!\d)(?:\+?91[- ]?|0)?[6-9]\d{4}[- ]?\d{5}(?!\d)")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads: the whole address, the host as people read it, and as machines do."""

    url: str
    host: str
    ascii_host: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; with `href` it is a link, `outside` if it leaves this site."""

    text: str
    href: str | None = None
    outside: bool = False


# -- one address --


def outward_link(url: str) -> str:
    """The address of our page that names where `url` leads.

    Raises `ValueError` for anything but http and https to a proper host, and for an address that carries a person's
    details.
    """
    if target_of(url) is None:
        raise ValueError("no link may lead there")
    return url_for("outward.show", u=_signer().dumps(url))


def opened(signed: str) -> Target | None:
    """What we signed, or None where we did not or the address may no longer be a link."""
    try:
        url = _signer().loads(signed)
    except BadSignature:
        return None
    return target_of(url) if isinstance(url, str) else None


def target_of(url: str) -> Target | None:
    """The target of an outside address, or None where no link may lead."""
    parts = _parts(url)
    if parts is None or _carries_a_person(parts):
        return None
    host = (parts.hostname or "").rstrip(".")
    try:
        ascii_host = host.encode("idna").decode()
    except UnicodeError:
        return None
    return Target(url, host, ascii_host)


def _parts(url: str) -> SplitResult | None:
    if len(url) > LONGEST or any(ord(letter) < 33 or letter == "\\" for letter in url):
        return None
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if sound and _HOST.fullmatch((parts.hostname or "").rstrip(".")) else None


def _carries_a_person(parts: SplitResult) -> bool:
    if "@" in parts.netloc:
        return True
    rest = unquote(unquote(f"{parts.path}?{parts.query}#{parts.fragment}"))
    return bool(_EMAIL.search(rest) or _PHONE.search(rest))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="outward")


# -- text that people wrote --


def user_text(text: str) -> Markup:
    """What a person wrote, as paragraphs, with addresses turned into links and outside ones marked (P-008)."""
    paragraphs = [
        [pieces(line) for line in paragraph.split("\n")]
        for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    ]
    return Markup(current_app.jinja_env.get_template("outward/text.html").render(paragraphs=paragraphs))


def pieces(line: str) -> list[Piece]:
    """One line cut into plain text and links."""
    found: list[Piece] = []
    end = 0
    for match in _ADDRESS.finditer(line):
        address = _trimmed(match[0])
        piece = _link(address)
        if piece is None:
            continue
        found += [Piece(line[end : match.start()]), piece]
        end = match.start() + len(address)
    return [piece for piece in (*found, Piece(line[end:])) if piece.text]


def _trimmed(address: str) -> str:
    while address:
        last = address[-1]
        unpaired = last in _PAIRS and address.count(_PAIRS[last]) < address.count(last)
        if last not in _TRAILING and not unpaired:
            return address
        address = address[:-1]
    return address


def _link(address: str) -> Piece | None:
    url = address if "://" in address[:8] else f"https://{address}"
    own = _own_path(url)
    if own is not None:
        return Piece(address, own)
    return Piece(address, outward_link(url), outside=True) if target_of(url) else None


def _own_path(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if host not in settings().host_names:
        return None
    path = "/" + parts.path.lstrip("/")
    return path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def init_app(app: Flask) -> None:
    """Give templates the filter `user_text` and the global `outward_link`."""
    app.jinja_env.filters["user_text"] = user_text
    app.jinja_env.globals["outward_link"] = outward_link
