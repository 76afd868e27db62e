"""Files of people: put, read, list and deleted by key, in a local folder or in any S3 object store.

A key is always ours, of small letters, digits and a few marks; nothing a person typed or named ever becomes a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from intrakraft.adapters.offload import offload
from intrakraft.domain.base import N_
from intrakraft.domain.errors import DomainError, NotFound

if TYPE_CHECKING:
    from obstore import BytesStream, GetOptions, ObjectMeta
    from obstore.store import S3Config

    from intrakraft.config import Settings

P = ParamSpec("P")
T = TypeVar("T")

CHUNK_BYTES: Final = 64 * 1024
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*(?:/[a-z0-9][a-z0-9_.-]*)*")
_LONGEST_KEY: Final = 200


class Missing(NotFound):
    """No file has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(N_("This file is no longer here."))
        self.key = key


class Unavailable(DomainError):
    """The store does not answer or refuses us; the cause is chained."""

    status = 503

    def __init__(self) -> None:
        super().__init__(N_("Pictures can neither be kept nor shown just now. Try again in a few minutes."))


class OutOfRange(ValueError):
    """The first byte asked for lies behind the end of the file (RFC 9110, 416)."""


class BadKey(ValueError):
    """A key with more than small letters, digits, `_ . -` and `/` between parts, or over 200 letters: a bug of ours."""


@dataclass(frozen=True, slots=True)
class Storage:
    """One store of files. Every write is whole or not at all: a reader never sees half a file.

    Make it in the process that uses it, after any fork. Raises `Missing`, `Unavailable`, `BadKey`.
    """

    _store: LocalStore | S3Store
    remote: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> Storage:
        """The store that `storage_url`, `storage_key` and `storage_secret` name."""
        return cls.from_url(settings.storage_url, key=settings.storage_key, secret=settings.storage_secret)

    @classmethod
    def from_url(cls, url: str, *, key: str = "", secret: str = "") -> Storage:
        """A store from a folder's path, `file:///folder` or `s3://bucket/prefix?endpoint=https://host&region=name`.

        An endpoint of plain http is accepted, for a store on the same machine. Raises ValueError for anything else.
        """
        parts = urlsplit(url)
        if parts.scheme in ("", "file"):
            return cls(_folder(Path(unquote(parts.path) if parts.scheme else url)), remote=False)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"storage_url is “{url}”; it is a folder, file:///folder or s3://bucket")
        return cls(_bucket(parts.netloc, parts.path, dict(parse_qsl(parts.query)), key, secret), remote=True)

    # -- reading --

    def get(self, key: str, *, start: int = 0, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to but not including `end`; an end behind the last is cut.

        Raises `OutOfRange` if `start` lies behind the last byte.
        """
        return b"".join(self.stream(key, start=start, end=end))

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The same in pieces of about 64 KiB. A missing file is reported at once, not at the first piece."""
        _checked(key)
        with _named(key, self._is_behind_the_end(key, start)):
            return self._pieces(key, self._run(self._opened, key, start, end))

    def size(self, key: str) -> int:
        """The bytes a file has."""
        _checked(key)
        with _named(key):
            return self._run(obstore.head, self._store, key)["size"]

    def exists(self, key: str) -> bool:
        """Whether a file has this key."""
        try:
            self.size(key)
        except Missing:
            return False
        return True

    def list(self, prefix: str = "") -> Iterator[str]:
        """The keys under a prefix of whole parts (`a/b` holds `a/b/c`, not `a/bc`), in no promised order."""
        if prefix:
            _checked(prefix.rstrip("/"))
        found = iter(obstore.list(self._store, prefix or None, chunk_size=1000))
        while batch := self._next(found, prefix):
            yield from (entry["path"] for entry in batch)

    # -- writing --

    def put(self, key: str, data: bytes, mime: str) -> None:
        """Keep `data` under `key`, in place of what was there. `mime` is told to stores that serve files themselves."""
        _checked(key)
        with _named(key):
            if isinstance(self._store, LocalStore):
                obstore.put(self._store, key, data, use_multipart=False)
            else:
                self._run(obstore.put, self._store, key, data, attributes={"Content-Type": mime})

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is removed already."""
        _checked(key)
        try:
            with _named(key):
                self._run(obstore.delete, self._store, key)
        except Missing:
            return

    def delete_prefix(self, prefix: str) -> int:
        """Remove every file under a prefix of whole parts; how many there were."""
        _checked(prefix.rstrip("/"))
        keys = list(self.list(prefix))
        for key in keys:
            self.delete(key)
        return len(keys)

    # -- how --

    def _run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return offload(function, *args, **kwargs) if self.remote else function(*args, **kwargs)

    def _opened(self, key: str, start: int, end: int | None) -> BytesStream:
        options: GetOptions = {}
        if end is not None:
            options["range"] = (start, end)
        elif start:
            options["range"] = {"offset": start}
        return obstore.get(self._store, key, options=options).stream(min_chunk_size=CHUNK_BYTES)

    def _pieces(self, key: str, pieces: BytesStream) -> Iterator[bytes]:
        while True:
            with _named(key):
                piece = self._run(next, pieces, None)
            if piece is None:
                return
            yield bytes(piece)

    def _next(self, found: Iterator[Sequence[ObjectMeta]], prefix: str) -> Sequence[ObjectMeta] | None:
        with _named(prefix):
            return self._run(next, found, None)

    def _is_behind_the_end(self, key: str, start: int) -> Callable[[], bool]:
        return lambda: start > 0 and start >= self.size(key)


def _folder(path: Path) -> LocalStore:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(path.resolve(), automatic_cleanup=True)


def _bucket(name: str, prefix: str, options: dict[str, str], key: str, secret: str) -> S3Store:
    endpoint = options.pop("endpoint", "")
    region = options.pop("region", "ap-south-1")
    if options:
        raise ValueError(f"storage_url knows endpoint and region, not {', '.join(sorted(options))}")
    config: S3Config = {"region": region}
    if endpoint:
        config["endpoint"] = endpoint
    if key:
        config |= {"access_key_id": key, "secret_access_key": secret}
    return S3Store(
        name,
        prefix=prefix.strip("/") or None,
        config=config,
        client_options={"timeout": timedelta(seconds=30), "allow_http": endpoint.startswith("http://")},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
    )


def _checked(key: str) -> None:
    if len(key) > _LONGEST_KEY or ".." in key or not _KEY.fullmatch(key):
        raise BadKey(key)


@contextmanager
def _named(key: str, is_behind_the_end: Callable[[], bool] = lambda: False) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Missing(key) from error
    except (BaseError, OSError) as error:
        if is_behind_the_end():
            raise OutOfRange(key) from error
        raise Unavailable from error
