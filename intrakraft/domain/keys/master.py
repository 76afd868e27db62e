"""The instance's own keys, as files beside the database.

Losing them loses everything sealed: the operator keeps a copy of the folder elsewhere, apart from the copies of the
data.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class MasterMissing(Exception):
    """The instance's master key is not where it should be; the sentence says what the operator can do."""


class MasterKeys:
    """The keys of the instance, as files that only its own user can read.

    `master-<n>.key` wrap the people's keys and `current` names the one in use. `blind.key` finds e-mail addresses and
    phone numbers by their keyed hash; rotation leaves it alone, because every index made with it would have to be made
    anew.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[int, AESGCM] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def exists(self) -> bool:
        """Whether this instance has a master key already."""
        return (self._folder / "current").exists()

    @property
    def current(self) -> int:
        """The number of the master key in use; the first call on a new instance makes it."""
        if not self.exists:
            _write_once(self._path(1), AESGCM.generate_key(256))
            _write_once(self._folder / "current", b"1")
        return int((self._folder / "current").read_text())

    def key(self, version: int) -> AESGCM:
        """The master key with this number; raises `MasterMissing`."""
        if version not in self._known:
            path = self._path(version)
            if not path.exists():
                raise MasterMissing(f"{path.name} is missing; put it back from the operator's copy of the keys folder.")
            self._known[version] = AESGCM(path.read_bytes())
        return self._known[version]

    def blind_key(self) -> bytes:
        """The key of the blind indexes; made once, then for good."""
        path = self._folder / "blind.key"
        if not path.exists():
            _write_once(path, secrets.token_bytes(32))
        return path.read_bytes()

    def next(self) -> int:
        """The number of the key a rotation works towards: the unfinished one, or a new one that becomes current."""
        marker = self._folder / "rotating"
        if marker.exists():
            version = int(marker.read_text())
        else:
            version = max(self._versions(), default=0) + 1
            _write_once(self._path(version), AESGCM.generate_key(256))
            _write_once(marker, str(version).encode())
        _write(self._folder / "current", str(version).encode())
        return version

    def finish(self, *, used: set[int]) -> None:
        """End a rotation: master keys that wrap no key any more are removed."""
        for version in self._versions() - used - {self.current}:
            self._known.pop(version, None)
            self._path(version).unlink(missing_ok=True)
        (self._folder / "rotating").unlink(missing_ok=True)

    @contextmanager
    def rotating(self) -> Iterator[None]:
        """Only one rotation at a time; the lock goes with the process that holds it. Raises `BlockingIOError`."""
        handle = os.open(self._folder / "rotate.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(handle)

    def _path(self, version: int) -> Path:
        return self._folder / f"master-{version}.key"

    def _versions(self) -> set[int]:
        return {int(path.stem.removeprefix("master-")) for path in self._folder.glob("master-*.key")}


def _write_once(path: Path, content: bytes) -> None:
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
        _sync_folder(path.parent)


def _write(path: Path, content: bytes) -> None:
    os.replace(_draft(path, content), path)
    _sync_folder(path.parent)


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
