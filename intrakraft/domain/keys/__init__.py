"""Keys: one random key for every person, under which what is private about them is sealed.

Destroying a person's key makes everything sealed under it unreadable, in live rows and in every backup; so a key is
kept in one place only, wrapped by the instance's master key, and only its latest wrapped copy stays.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from intrakraft.domain.base import now
from intrakraft.domain.keys.master import MasterKeys, MasterMissing
from intrakraft.domain.keys.store import KeyStore, WrappedKey, metadata

__all__ = [
    "KeyDestroyed",
    "KeyRing",
    "KeyStore",
    "MasterKeys",
    "MasterMissing",
    "Rotated",
    "SealBroken",
    "keyring",
    "metadata",
]

Progress = Callable[[int, int], object]

NONCE_BYTES = 12
FORMAT = b"\x01"
CACHE_SECONDS = 10.0
CACHE_KEYS = 1000


class Places(Protocol):
    """The settings that say where the keys are."""

    @property
    def instance(self) -> Path: ...

    @property
    def keyring_url(self) -> str: ...


class KeyDestroyed(Exception):
    """The person has no key: it was destroyed, or never made. What was sealed under it stays sealed for good."""


class SealBroken(Exception):
    """The sealed bytes were changed, or belong to another column or another person."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did; rows that no master key opens are counted as `unreadable` and left as they are."""

    version: int
    rewrapped: int
    unreadable: int


def keyring(session: Session) -> KeyRing:
    """The key ring of this installation, which the session carries."""
    ring: KeyRing = session.info["keyring"]
    return ring


class KeyRing:
    """Seals and opens what is private about a person, and finds people by what nobody may read.

    Sealed bytes: a format byte, a random nonce of 12 bytes, then AES-256-GCM's ciphertext with its tag (NIST SP
    800-38D), bound to `table.column:subject` so that nothing can be moved to another column or another person. They are
    29 bytes longer than the text.
    """

    def __init__(self, store: KeyStore, master: MasterKeys) -> None:
        if not master.exists and store.count():
            raise MasterMissing(
                "The key store holds people's keys, but the keys folder is empty; put it back from the operator's copy."
            )
        self._store = store
        self._master = master
        self._blind_key = master.blind_key()
        self._cache: dict[int, tuple[AESGCM, float]] = {}
        self._cache_lock = threading.Lock()
        self._destroyed = 0
        master.key(master.current)

    @classmethod
    def from_settings(cls, settings: Places) -> KeyRing:
        """The ring of this installation."""
        return cls.at(settings.keyring_url, settings.instance / "keys")

    @classmethod
    def at(cls, url: str, folder: Path) -> KeyRing:
        """The ring whose wrapped keys are at `url` and whose master keys are files in `folder`."""
        return cls(KeyStore(url), MasterKeys(folder))

    # -- reading --

    def has(self, subject_id: int) -> bool:
        """Whether the person has a key, asked of the store itself."""
        return self._store.find(subject_id) is not None

    def open(self, subject_id: int, column: str, blob: bytes) -> str:
        """The text that `seal` was given. Raises `KeyDestroyed` or `SealBroken`."""
        key = self._key(subject_id)
        if blob[:1] != FORMAT:
            raise SealBroken(column)
        try:
            text = key.decrypt(blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :], _bound(subject_id, column))
        except (InvalidTag, ValueError):
            raise SealBroken(column) from None
        return text.decode()

    def warm(self, subject_ids: Iterable[int]) -> None:
        """Fetch many people's keys in one query, before a list of them is opened."""
        missing = [subject_id for subject_id in set(subject_ids) if self._cached(subject_id) is None]
        seen = self._destroyed
        for row in self._store.find_many(missing) if missing else ():
            self._remember(row.subject_id, self._unwrap(row), seen)

    def blind(self, kind: str, value: str) -> bytes:
        """The keyed hash by which an `email`, a `phone` or a `recovery code` is found: HMAC-SHA256 of its one spelling.

        E-mail is compared without case and in Unicode NFC, phone as E.164 with +91 assumed; what is neither still
        hashes, and finds nothing. Raises KeyError for another kind.
        """
        text = f"intrakraft.blind.{kind}\0{_NORMAL[kind](value)}"
        return hmac.new(self._blind_key, text.encode(), hashlib.sha256).digest()

    # -- writing --

    def create(self, subject_id: int) -> None:
        """Make the person's key unless there is one; many at once make one key."""
        raw = AESGCM.generate_key(256)
        kept = self._wrapped_now(subject_id, raw)
        if not self._store.add(kept, at=now()):
            return
        while self._master.current != kept.wrapped_by:
            newer = self._wrapped_now(subject_id, raw)
            self._store.replace([(kept, newer)])
            kept = newer

    def seal(self, subject_id: int, column: str, text: str) -> bytes:
        """`text` sealed for `column` (as `table.column`) of this person. Raises `KeyDestroyed`.

        Takes about as long as one AES-GCM call and 12 random bytes while the key is at hand.
        """
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + nonce + self._key(subject_id).encrypt(nonce, text.encode(), _bound(subject_id, column))

    def destroy(self, subject_id: int) -> bool:
        """Destroy the person's key for good (P-124); False if there was none.

        Other processes may still hold it in memory for at most `CACHE_SECONDS`.
        """
        removed = self._store.remove(subject_id)
        with self._cache_lock:
            self._destroyed += 1
            self._cache.pop(subject_id, None)
        return removed

    def rotate(self, progress: Progress | None = None, *, batch: int = 200) -> Rotated:
        """Wrap everybody's key anew under a new master key, `batch` rows at a time; nothing else is touched.

        May be stopped at any moment: the next call goes on where this one ended. `progress(done, total)` is called
        after each batch. The old master key is removed once no row needs it. Raises `BlockingIOError` while another
        rotation runs.
        """
        with self._master.rotating():
            version = self._master.next()
            total, done, unreadable, after = self._store.count(not_by=version), 0, 0, -1
            while rows := self._store.stale(version, after=after, limit=batch):
                pairs = [(row, new) for row in rows if (new := self._rewrapped(row, version))]
                self._store.replace(pairs)
                done, unreadable, after = done + len(pairs), unreadable + len(rows) - len(pairs), rows[-1].subject_id
                if progress:
                    progress(done, total)
            self._master.finish(used=self._store.versions())
        return Rotated(version, done, unreadable)

    # -- inside --

    def _key(self, subject_id: int) -> AESGCM:
        cached = self._cached(subject_id)
        if cached is not None:
            return cached
        seen = self._destroyed
        return self._remember(subject_id, self._unwrap(self._row(subject_id)), seen)

    def _row(self, subject_id: int) -> WrappedKey:
        row = self._store.find(subject_id)
        if row is None:
            raise KeyDestroyed(f"account {subject_id} has no key")
        return row

    def _cached(self, subject_id: int) -> AESGCM | None:
        found = self._cache.get(subject_id)
        return found[0] if found and found[1] > time.monotonic() else None

    def _remember(self, subject_id: int, raw: bytes, seen: int) -> AESGCM:
        key = AESGCM(raw)
        with self._cache_lock:
            if seen == self._destroyed:
                self._cache.pop(subject_id, None)
                while len(self._cache) >= CACHE_KEYS:
                    del self._cache[next(iter(self._cache))]
                self._cache[subject_id] = (key, time.monotonic() + CACHE_SECONDS)
        return key

    def _wrapped_now(self, subject_id: int, raw: bytes) -> WrappedKey:
        version = self._master.current
        try:
            return self._wrap(subject_id, raw, version)
        except MasterMissing:
            if self._master.current == version:
                raise
        return self._wrapped_now(subject_id, raw)

    def _wrap(self, subject_id: int, raw: bytes, version: int) -> WrappedKey:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._master.key(version).encrypt(nonce, raw, _wrapping(subject_id, version))
        return WrappedKey(subject_id, nonce + sealed, version)

    def _unwrap(self, row: WrappedKey) -> bytes:
        try:
            key = self._master.key(row.wrapped_by)
        except MasterMissing:
            latest = self._row(row.subject_id)
            if latest.wrapped_by == row.wrapped_by:
                raise
            return self._unwrap(latest)
        bound = _wrapping(row.subject_id, row.wrapped_by)
        try:
            return key.decrypt(row.wrapped[:NONCE_BYTES], row.wrapped[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise SealBroken("account_key.wrapped") from None

    def _rewrapped(self, row: WrappedKey, version: int) -> WrappedKey | None:
        try:
            return self._wrap(row.subject_id, self._unwrap(row), version)
        except (SealBroken, MasterMissing, KeyDestroyed):
            return None


def _bound(subject_id: int, column: str) -> bytes:
    return f"{column}:{subject_id}".encode()


def _wrapping(subject_id: int, version: int) -> bytes:
    return f"intrakraft.key:{subject_id}:{version}".encode()


def _normal_email(value: str) -> str:
    try:
        value = validate_email(value.strip(), check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError:
        value = value.strip()
    return unicodedata.normalize("NFC", value.lower())


def _normal_phone(value: str) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(value, "IN"), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return value.strip().lower()


_NORMAL: dict[str, Callable[[str], str]] = {"email": _normal_email, "phone": _normal_phone, "recovery code": str}
