"""The limiter: how often a thing may be tried, by account, network or address, in one process or for many.

It never holds what it counts by: each counter is named by a keyed hash, and the key of a day is gone soon after the day
(P-034). Addresses are cut to their network before they come here.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import threading
import time
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from intrakraft import log
from intrakraft.domain.base import N_, now
from intrakraft.domain.errors import TooMany

GRACE = timedelta(hours=1)
PREFIX = "intrakraft"
TOO_MANY = N_("Too many tries. Try again in %(minutes)s min.")


class Places(Protocol):
    """The settings that the limiter reads."""

    @property
    def limiter_url(self) -> str: ...

    @property
    def throttle(self) -> bool: ...


def network_of(address: str | None) -> str:
    """The network of an address: its first 24 bits in IPv4, 48 in IPv6; what is none is one network of its own."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "none"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


class Limiter:
    """Counts tries in a moving window. `memory://` counts in this process, `redis://` or `valkey://` for all of them.

    While a shared store is away, each process counts for itself, so that a limit grows but never ends.
    """

    def __init__(self, url: str = "memory://", *, active: bool = True) -> None:
        self._active = active
        self._own = _Counters(MemoryStorage(), _KeysInMemory())
        self._shared = None if url.startswith("memory:") else _shared_counters(url)

    @classmethod
    def from_settings(cls, settings: Places) -> Limiter:
        """The limiter that the settings name."""
        return cls(settings.limiter_url, active=settings.throttle)

    def hit(self, name: str, key: str | int, *, limit: str) -> None:
        """Count one try of `name` by `key`; raises `TooMany` once `limit` (as `10/hour`) is used up.

        A refused try does not count, so that whoever waits gets in.
        """
        self._ask("hit", name, key, limit)

    def check(self, name: str, key: str | int, *, limit: str) -> None:
        """Raise `TooMany` if the next try would be refused; counts nothing."""
        self._ask("check", name, key, limit)

    def reset(self, name: str, key: str | int, *, limit: str) -> None:
        """Forget the tries so far, as after a success."""
        self._ask("reset", name, key, limit)

    def _ask(self, act: str, name: str, key: str | int, limit: str) -> None:
        if not self._active:
            return
        item, what = _parsed(limit), f"{name}\0{key}"
        counters = self._shared or self._own
        try:
            wait = getattr(counters, act)(item, what)
        except StorageError as error:
            log.warning("limiter store away", error=type(error.storage_error).__name__)
            wait = getattr(self._own, act)(item, what)
        if wait is not None:
            raise TooMany(TOO_MANY, retry_after=wait, minutes=math.ceil(wait / 60))


@lru_cache(maxsize=256)
def _parsed(limit: str) -> RateLimitItem:
    return parse(limit)


class _DayKeys(Protocol):
    """Where the key of a day is kept until it is deleted."""

    def key(self, day: date, until: datetime) -> bytes:
        """The key of `day`, made when first asked for and deleted at `until`."""

    def old_key(self, day: date) -> bytes | None:
        """The key of an earlier day, if it still is there."""


class _KeysInMemory:
    def __init__(self) -> None:
        self._keys: dict[date, tuple[bytes, datetime]] = {}
        self._lock = threading.Lock()

    def key(self, day: date, until: datetime) -> bytes:
        with self._lock:
            self._keys = {kept: pair for kept, pair in self._keys.items() if pair[1] > now()}
            return self._keys.setdefault(day, (secrets.token_bytes(32), until))[0]

    def old_key(self, day: date) -> bytes | None:
        pair = self._keys.get(day)
        return pair[0] if pair and pair[1] > now() else None


class _KeysInStore:
    def __init__(self, storage: Any) -> None:
        self._client = storage.storage
        self._errors = storage.base_exceptions
        self._known: tuple[date, bytes] | None = None

    def key(self, day: date, until: datetime) -> bytes:
        if self._known is None or self._known[0] != day:
            self._known = (day, self._made(day, until))
        return self._known[1]

    def old_key(self, day: date) -> bytes | None:
        try:
            found = self._client.get(self._name(day))
        except self._errors as error:
            raise StorageError(error) from error
        return bytes(found) if found else None

    def _made(self, day: date, until: datetime) -> bytes:
        seconds = math.ceil((until - now()).total_seconds())
        try:
            self._client.set(self._name(day), secrets.token_hex(32), nx=True, ex=seconds)
            return bytes(self._client.get(self._name(day)))
        except self._errors as error:
            raise StorageError(error) from error

    def _name(self, day: date) -> str:
        return f"{PREFIX}:day-key:{day.isoformat()}"


class _Counters:
    """Moving windows over one store; each answer is the seconds to wait, or None."""

    def __init__(self, storage: Any, keys: _DayKeys) -> None:
        self._windows = MovingWindowRateLimiter(storage)
        self._keys = keys

    def hit(self, item: RateLimitItem, what: str) -> int | None:
        names = self._names(what)
        full = len(names) > 1 and self._used(item, names) >= item.amount
        return self._wait(item, names) if full or not self._windows.hit(item, names[0]) else None

    def check(self, item: RateLimitItem, what: str) -> int | None:
        names = self._names(what)
        return self._wait(item, names) if self._used(item, names) >= item.amount else None

    def reset(self, item: RateLimitItem, what: str) -> None:
        for name in self._names(what):
            self._windows.clear(item, name)

    def _names(self, what: str) -> list[str]:
        """The counter's name by the key of today and, in the first hour of a day, also by the key of yesterday."""
        moment = now()
        start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        keys = [self._keys.key(moment.date(), start + timedelta(days=1) + GRACE)]
        if moment - start < GRACE and (old := self._keys.old_key(moment.date() - timedelta(days=1))):
            keys.append(old)
        return [hmac.new(key, what.encode(), hashlib.sha256).hexdigest()[:32] for key in keys]

    def _used(self, item: RateLimitItem, names: list[str]) -> int:
        return sum(item.amount - self._windows.get_window_stats(item, name).remaining for name in names)

    def _wait(self, item: RateLimitItem, names: list[str]) -> int:
        oldest = next(name for name in reversed(names) if self._used(item, [name]))
        seconds = self._windows.get_window_stats(item, oldest).reset_time - time.time()
        return min(max(1, math.ceil(seconds)), item.get_expiry())


def _shared_counters(url: str) -> _Counters:
    storage: Any = storage_from_string(url, wrap_exceptions=True, socket_timeout=1, socket_connect_timeout=1)
    return _Counters(storage, _KeysInStore(storage))
