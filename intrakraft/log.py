"""The log: one line for each thing that happened to the machine, on standard error, as JSON or for the eye.

Keys are a closed, labelled list: an unknown one raises in development and is dropped in production; values that look
like an address, a phone or a number of a person are masked (P-032, P-034, P-035).
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import structlog

from intrakraft.domain.base import now
from intrakraft.domain.labels import LOG_KEYS

Entry = MutableMapping[str, Any]

MASKED = "[masked]"
FRAMES = 8
LONGEST = 1000
_OURS = frozenset(("at", "level", "method", "route", "where"))
_PERSONAL = re.compile(
    r"""(?<![^\s@<>"'])[^\s@<>"']+@[^\s@<>"',;:()]+"""  # e-mail, UPI address
    r"|\b(?:\d{2})?[A-Za-z]{5}\d{4}[A-Za-z]\w*"  # PAN, GSTIN
    r"|(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f:]+|[0-9A-Fa-f]*::[0-9A-Fa-f:.]+"  # IPv6
    r"|\d{1,3}(?:\.\d{1,3}){3}"  # IPv4
    r"|\+?\d(?:[\s().-]{0,2}\d){8,}"  # phone, card, Aadhaar: nine digits and more
)
_PACKAGE = Path(__file__).resolve().parent


class UnlabelledKey(LookupError):
    """A log key that is not in LOG_KEYS."""


def configure(*, production: bool = False, stream: TextIO | None = None) -> None:
    """Set the log up for this process, lines of libraries included; `stream` is standard error by default."""
    _configure(production, stream)
    library = logging.getLogger()
    library.handlers = [handler for handler in library.handlers if not isinstance(handler, _FromLibraries)]
    library.addHandler(_FromLibraries(logging.WARNING))


def _configure(production: bool, stream: TextIO | None) -> None:
    plain = production or stream is not None or not sys.stderr.isatty()
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False) if plain else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, _closed(strict=not production), _mask_all, renderer],
        logger_factory=lambda *_: _Out(stream),
        cache_logger_on_first_use=False,
    )


def info(event: str, /, **keys: Any) -> None:
    """Note that something happened."""
    structlog.get_logger().info(event, **keys)


def warning(event: str, /, **keys: Any) -> None:
    """Note something the operator should look at."""
    structlog.get_logger().warning(event, **keys)


def access(*, method: str, route: str, status: int, ms: float, bytes: int, htmx: bool) -> None:
    """The line of one request: the route's name instead of the address, the time to the minute."""
    minute = now().replace(second=0, microsecond=0).isoformat()
    line = {"method": method, "route": route, "status": status, "ms": ms, "bytes": bytes, "htmx": htmx}
    structlog.get_logger().info("request", at=minute, **line)


def failure(error: BaseException, /, **keys: Any) -> None:
    """Note a fault of the program: its kinds and places, never its words, which may hold what somebody typed."""
    structlog.get_logger().error("failure", error=_kinds(error), where=_places(error), **keys)


def mask(text: str) -> str:
    """`text` without what looks like an e-mail, a phone, a PAN, an address of the net or a long number."""
    return _PERSONAL.sub(MASKED, text[:LONGEST])


def _kinds(error: BaseException) -> str:
    names, seen = [], error
    while True:
        names.append(type(seen).__name__)
        cause = seen.__cause__ or seen.__context__
        if cause is None or len(names) == FRAMES:
            return f"{' < '.join(names)}: {MASKED}"
        seen = cause


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " > ".join(f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames)


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_PACKAGE.parent)) if path.is_relative_to(_PACKAGE) else path.name


# -- the steps of a line --


def _stamp(logger: Any, name: str, entry: Entry) -> Entry:
    entry.setdefault("at", now().replace(microsecond=0).isoformat())
    return entry


def _closed(*, strict: bool) -> Callable[[Any, str, Entry], Entry]:
    def close(logger: Any, name: str, entry: Entry) -> Entry:
        unknown = entry.keys() - LOG_KEYS.keys()
        if unknown and strict:
            raise UnlabelledKey(f"log keys without a label: {', '.join(sorted(unknown))}")
        for key in unknown:
            del entry[key]
        return entry

    return close


def _mask_all(logger: Any, name: str, entry: Entry) -> Entry:
    for key, value in entry.items():
        if key not in _OURS:
            entry[key] = _masked(value, is_size=key == "bytes")
    return entry


def _masked(value: Any, *, is_size: bool) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if is_size or abs(value) < 100_000_000 else MASKED
    return mask(value) if isinstance(value, str) else type(value).__name__


class _Out:
    """Writes finished lines; a closed or broken stream loses the line, not the request."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def _write(self, line: str) -> None:
        stream = self._stream or sys.stderr
        with suppress(OSError, ValueError):
            stream.write(line + "\n")
            stream.flush()

    info = warning = error = _write


class _FromLibraries(logging.Handler):
    """Lines of libraries, masked like our own; their tracebacks are cut down to kinds and places."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            words = record.getMessage()
        except (TypeError, ValueError):
            words = MASKED
        keys: dict[str, Any] = {"detail": f"{record.name}: {words}"}
        if record.exc_info and record.exc_info[1]:
            keys |= {"error": _kinds(record.exc_info[1]), "where": _places(record.exc_info[1])}
        structlog.get_logger().warning("library", **keys)


_configure(production=False, stream=None)
