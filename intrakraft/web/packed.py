"""Anonymous pages, kept as the bytes that go over the wire.

Only answers that are the same for everybody are kept, for seconds, and every commit of this process empties the shelf
(performance budget 8).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Environ = dict[str, Any]
Start = Callable[..., Any]

KEPT_SECONDS = 5.0
MOST_PAGES = 400
MOST_BYTES = 200_000
_ONLY_CHOICES = re.compile(r"(?:__Host-)?choices=[\w.]*")


@dataclass(slots=True)
class Kept:
    """One answer as sent, and until when it may be sent again."""

    until: float
    headers: list[tuple[str, str]]
    body: bytes
    etag: str


class PackedPages:
    """WSGI layer in front of the application; `empty()` is called after every commit."""

    def __init__(self, wsgi: Callable[[Environ, Start], Iterable[bytes]]) -> None:
        self.wsgi = wsgi
        self.shelf: OrderedDict[tuple[str, ...], Kept] = OrderedDict()
        self.hits = 0

    def empty(self) -> None:
        """Nothing kept is shown again."""
        self.shelf.clear()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        key = _key(environ)
        if key is None:
            return self.wsgi(environ, start_response)
        kept = self.shelf.get(key)
        if kept is None or kept.until < time.monotonic():
            return self._fetch(key, environ, start_response)
        self.hits += 1
        return _send(kept, environ, start_response)

    def _fetch(self, key: tuple[str, ...], environ: Environ, start_response: Start) -> Iterable[bytes]:
        said: list[Any] = []
        result = self.wsgi(environ, lambda *args: said.append(args) or (lambda data: None))
        status, headers = said[0][0], said[0][1]
        if not status.startswith("200") or not _same_for_everybody(headers):
            start_response(*said[0])
            return result
        body = b"".join(result)
        if hasattr(result, "close"):
            result.close()
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        kept = Kept(time.monotonic() + KEPT_SECONDS, [*_without_etag(headers), ("ETag", etag)], body, etag)
        if len(body) <= MOST_BYTES:
            self.shelf[key] = kept
            if len(self.shelf) > MOST_PAGES:
                self.shelf.popitem(last=False)
        return _send(kept, environ, start_response)


def _key(environ: Environ) -> tuple[str, ...] | None:
    """What may make the answer differ, or None where the request is not for everybody."""
    if environ["REQUEST_METHOD"] != "GET" or "HTTP_RANGE" in environ or "HTTP_AUTHORIZATION" in environ:
        return None
    get = environ.get
    cookie = get("HTTP_COOKIE", "")
    if cookie and not _ONLY_CHOICES.fullmatch(cookie):
        return None
    accepted = get("HTTP_ACCEPT_ENCODING", "")
    packing = "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""
    return (
        environ["PATH_INFO"],
        get("QUERY_STRING", ""),
        get("HTTP_HOST", ""),
        get("HTTP_X_FORWARDED_PROTO", environ["wsgi.url_scheme"]),
        packing,
        cookie,
        get("HTTP_ACCEPT_LANGUAGE", "")[:60],
        get("HTTP_SAVE_DATA", ""),
        get("HTTP_HX_REQUEST", "") and f"htmx {get('HTTP_HX_TARGET', '')}",
        get("HTTP_HX_HISTORY_RESTORE_REQUEST", "") + get("HTTP_HX_BOOSTED", "") + get("HTTP_HX_REQUEST_TYPE", ""),
    )


def _same_for_everybody(headers: list[tuple[str, str]]) -> bool:
    found = {name.lower(): value for name, value in headers}
    html = found.get("content-type", "").startswith("text/html")
    return html and found.get("cache-control") == "no-cache" and "set-cookie" not in found


def _without_etag(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() != "etag"]


def _send(kept: Kept, environ: Environ, start_response: Start) -> Iterable[bytes]:
    if kept.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        short = [
            (n, v) for n, v in kept.headers if n.lower() not in ("content-length", "content-type", "content-encoding")
        ]
        start_response("304 Not Modified", short)
        return []
    start_response("200 OK", kept.headers)
    return [kept.body]
