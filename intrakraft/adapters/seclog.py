"""The sealed security log: who came from which address, kept for a year because the law asks for it.

Every line is encrypted to a public key whose private half is not on this machine; whoever takes the machine over
cannot read what was written before (P-011, P-034; CERT-In directions of 28 April 2022, clause iv; DPDP Rules 2025, rule
6(1)(e)).

A line is `v1.<key>.<ephemeral>.<sealed>` in base64url: an X25519 key made for a few minutes of lines, whose private
half is thrown away at once, gives with the operator's public key a ChaCha20-Poly1305 key (HKDF-SHA-256, RFC 5869);
the day is bound in. Each line is one unbuffered write, so that a crash of the process loses none and a torn line
hurts no other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from intrakraft import log
from intrakraft.domain.base import now

KEPT = timedelta(days=365)
EPHEMERAL_SECONDS = 300.0
NONCE_BYTES = 12
VERSION = "v1"
NO_KEY = "The security log has no key to seal to: run `flask security-log keygen` and take away what it prints."
KEY_IS_HERE = (
    "development: the private key is beside the log, in instance/keys/security-log.private, and protects nothing here; "
    "in production `flask security-log keygen` prints it and it leaves this machine"
)


class Places(Protocol):
    """The settings that the security log reads."""

    @property
    def instance(self) -> Path: ...

    @property
    def production(self) -> bool: ...


class KeyNeeded(Exception):
    """Production has no public key to seal to; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, as the operator reads it; its fields are labelled in SECURITY_KEYS."""

    at: datetime
    event: str
    address: str | None
    route: str | None
    method: str | None
    status: int | None
    account: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Entries of a period, and how many lines were torn, changed or sealed to another key."""

    entries: list[Entry]
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Sealer:
    prefix: str
    cipher: ChaCha20Poly1305
    until: float


class SecurityLog:
    """Writes sealed lines to a file a day under `folder`; the public key is a file under `keys`."""

    def __init__(self, folder: Path, keys: Path, *, production: bool) -> None:
        self._folder = folder
        self._public = keys / "security-log.public"
        self._private = keys / "security-log.private"
        self._production = production
        self._lock = threading.Lock()
        self._sealer: _Sealer | None = None
        self._file: tuple[date, int] | None = None

    @classmethod
    def from_settings(cls, settings: Places) -> SecurityLog:
        """The log of this instance."""
        return cls(settings.instance / "security", settings.instance / "keys", production=settings.production)

    # -- keys --

    def prepare(self) -> None:
        """Make ready to write: development gets a key pair and a loud note, production without a key `KeyNeeded`."""
        if self._public.exists():
            return
        if self._production:
            raise KeyNeeded(NO_KEY)
        private = self.keygen()
        _create(self._private, private)
        log.warning("security log key", detail=KEY_IS_HERE)

    def keygen(self) -> str:
        """Make a new key pair: the public half is sealed to from now on, the private one is returned, kept nowhere.

        Lines sealed to an earlier key need the private half of that one.
        """
        private = X25519PrivateKey.generate()
        with self._lock:
            self._public.unlink(missing_ok=True)
            _create(self._public, _text(private.public_key().public_bytes_raw()))
            self._sealer = None
        return _text(private.private_bytes_raw())

    # -- writing --

    def write(
        self,
        event: str,
        *,
        address: str | None,
        route: str | None = None,
        method: str | None = None,
        status: int | None = None,
        account: int | None = None,
    ) -> None:
        """Seal and keep one line. Never raises into a request: what cannot be kept is told to the operator's log."""
        try:
            moment = now()
            entry = [moment.isoformat(), event, address, route, method, status, account]
            self._append(moment.date(), json.dumps(entry, ensure_ascii=False).encode())
        except Exception as error:
            log.failure(error, detail="a line of the security log is lost")

    def purge(self) -> int:
        """Delete the files of days more than 365 days ago (R.log); gives how many."""
        last = (now() - KEPT).date()
        old = [path for day, path in _days(self._folder) if day < last]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def close(self) -> None:
        """Let go of the file of today."""
        with self._lock:
            self._close()

    def _append(self, day: date, plain: bytes) -> None:
        with self._lock:
            sealer, nonce = self._sealer_now(), os.urandom(NONCE_BYTES)
            sealed = nonce + sealer.cipher.encrypt(nonce, plain, _bound(day))
            line = f"{sealer.prefix}.{_text(sealed)}\n".encode()
            if os.write(self._handle(day), line) < len(line):
                self._close()
                raise OSError("the disk took only part of a line")

    def _sealer_now(self) -> _Sealer:
        if self._sealer is None or self._sealer.until < time.monotonic():
            self._sealer = self._new_sealer()
        return self._sealer

    def _new_sealer(self) -> _Sealer:
        public = X25519PublicKey.from_public_bytes(_bytes(self._public.read_text()))
        ephemeral = X25519PrivateKey.generate()
        own = ephemeral.public_key().public_bytes_raw()
        cipher = _cipher(ephemeral.exchange(public), own, public)
        return _Sealer(f"{VERSION}.{_name(public)}.{_text(own)}", cipher, time.monotonic() + EPHEMERAL_SECONDS)

    def _handle(self, day: date) -> int:
        if self._file is None or self._file[0] != day:
            self._close()
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / f"{day.isoformat()}.log"
            self._file = (day, os.open(path, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o600))
            _end_torn_line(self._file[1])
        return self._file[1]

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file[1])
            self._file = None

    # -- reading, on the operator's machine --

    def read(self, private: str, *, since: date | None = None, until: date | None = None) -> Reading:
        """Entries of the days `since` to `until`, both inclusive, opened with the private key as `keygen` gave it.

        Raises ValueError for what is no private key.
        """
        key = X25519PrivateKey.from_private_bytes(_bytes(private))
        opener = _Opener(key)
        days = [(day, path) for day, path in _days(self._folder) if (since or day) <= day <= (until or day)]
        lines = [(day, line) for day, path in days for line in path.read_text("ascii", "replace").splitlines() if line]
        entries = [entry for day, line in lines if (entry := opener.open(line, day)) is not None]
        return Reading(entries, len(lines) - len(entries))


def _days(folder: Path) -> Iterable[tuple[date, Path]]:
    for path in sorted(folder.glob("????-??-??.log")):
        yield date.fromisoformat(path.stem), path


def _end_torn_line(handle: int) -> None:
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        os.write(handle, b"\n")


class _Opener:
    """Opens lines with one private key; lines of the same few minutes share their key agreement."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private
        self._public = private.public_key()
        self._name = _name(self._public)
        self._cipher = lru_cache(maxsize=64)(self._agreed)

    def open(self, line: str, day: date) -> Entry | None:
        """The entry, or None for a line that was torn, changed or sealed to another key."""
        try:
            version, name, ephemeral, body = line.split(".")
            if version != VERSION or name != self._name:
                return None
            sealed = _bytes(body)
            plain = self._cipher(ephemeral).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(day))
            at, *rest = json.loads(plain)
        except (ValueError, InvalidTag):
            return None
        return Entry(datetime.fromisoformat(at), *rest)

    def _agreed(self, ephemeral: str) -> ChaCha20Poly1305:
        own = _bytes(ephemeral)
        return _cipher(self._private.exchange(X25519PublicKey.from_public_bytes(own)), own, self._public)


def _cipher(shared: bytes, ephemeral: bytes, public: X25519PublicKey) -> ChaCha20Poly1305:
    salt = ephemeral + public.public_bytes_raw()
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt, b"intrakraft security log v1").derive(shared))


def _bound(day: date) -> bytes:
    return day.isoformat().encode()


def _name(public: X25519PublicKey) -> str:
    return _text(hashlib.sha256(public.public_bytes_raw()).digest()[:6])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    text = text.strip()
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _create(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text + "\n")
