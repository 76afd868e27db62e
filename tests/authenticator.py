"""A passkey device in software: makes keys, signs challenges, and can be made to lie (W3C WebAuthn Level 3)."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def text_of(value: bytes) -> str:
    """Bytes as they stand in the JSON of a browser."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """The bytes behind such a text."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One device with one key, answering pages of `origin`; `like` gives it the key of another."""

    def __init__(self, origin: str, like: Authenticator | None = None) -> None:
        self.origin = origin
        self.key = like.key if like else ec.generate_private_key(ec.SECP256R1())
        self.credential_id = like.credential_id if like else secrets.token_bytes(32)
        self.counter = like.counter if like else 0

    def create(self, options: str) -> str:
        """What a browser answers to the options of a new passkey."""
        asked = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        held = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cbor2.dumps(public)
        data = self._about(HAS_KEY) + held
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": text_of(client), "attestationObject": text_of(attested)})

    def sign(self, options: str, *, challenge: bytes | None = None, counter: int | None = None) -> str:
        """What a browser answers to the options of a sign-in."""
        asked = json.loads(options)
        self.counter += 1
        data = self._about(0, counter)
        client = self._client("webauthn.get", text_of(challenge) if challenge else asked["challenge"])
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signed}
        return self._answer({name: text_of(value) for name, value in parts.items()})

    def _about(self, flags: int, counter: int | None = None) -> bytes:
        host = hashlib.sha256((urlsplit(self.origin).hostname or "").encode()).digest()
        count = self.counter if counter is None else counter
        return host + bytes([USER_PRESENT | USER_VERIFIED | flags]) + count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = text_of(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
