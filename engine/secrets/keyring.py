"""The key ring: personal data sealed at rest, and keyed hashes by which it can still be found.

A ring is written as text: `id:base64` of 32 bytes, several with commas between; the first seals, all of them open.
A single value without an id is one key with the id `1`. Look-ups always use the last key, so that adding a new first
key changes no look-up.

A sealed value is: 1 byte format, 1 byte length of the key's id, the id, 12 bytes nonce, AES-256-GCM ciphertext.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = 1


class KeyRingError(ValueError):
    """The text of the ring cannot be used; the message says how to mend it."""


class SealError(ValueError):
    """A sealed value was altered, or was sealed by a key that is not in the ring."""


def new_key() -> str:
    """A fresh ring with one key, as text."""
    return "1:" + base64.urlsafe_b64encode(os.urandom(32)).decode()


@dataclass(frozen=True)
class KeyRing:
    """Keys by id, the sealing one first."""

    keys: tuple[tuple[str, bytes], ...]

    @classmethod
    def from_text(cls, text: str) -> KeyRing:
        """Read a ring. Raises KeyRingError."""
        keys = tuple(_read_key(item) for item in text.split(",") if item.strip())
        if not keys:
            raise KeyRingError("WAYSTATION_SECRET_KEY is empty: give at least one key, as id:base64 of 32 bytes")
        if len({name for name, _ in keys}) != len(keys):
            raise KeyRingError("WAYSTATION_SECRET_KEY names one key id twice")
        return cls(keys)

    def seal(self, plain: bytes) -> bytes:
        """Encrypt with the first key."""
        name, key = self.keys[0]
        nonce = os.urandom(12)
        head = bytes([_FORMAT, len(name)]) + name.encode()
        return head + nonce + AESGCM(key).encrypt(nonce, plain, head)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt with whichever key sealed it. Raises SealError."""
        end = 2 + sealed[1]
        head, nonce, cipher = sealed[:end], sealed[end : end + 12], sealed[end + 12 :]
        key = dict(self.keys).get(head[2:].decode())
        if key is None or head[0] != _FORMAT:
            raise SealError("this value was sealed by a key that is not in WAYSTATION_SECRET_KEY")
        try:
            return AESGCM(key).decrypt(nonce, cipher, head)
        except InvalidTag as error:
            raise SealError("this sealed value was altered") from error

    def seal_json(self, value: Any) -> bytes:
        """Seal a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        """Open what `seal_json` sealed. Raises SealError."""
        return json.loads(self.open(sealed))

    def lookup(self, kind: str, value: str) -> bytes:
        """A keyed hash of (kind, value): the same for the same value, telling nothing without the key."""
        return hmac.digest(self.keys[-1][1], f"{kind}\0{value}".encode(), "sha256")


def _read_key(item: str) -> tuple[str, bytes]:
    name, _, value = item.strip().rpartition(":")
    try:
        key = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError) as error:
        raise KeyRingError("WAYSTATION_SECRET_KEY holds a key that is not base64") from error
    if len(key) != 32:
        raise KeyRingError(f"WAYSTATION_SECRET_KEY holds a key of {len(key)} bytes: 32 are needed")
    if len(name) > 64:
        raise KeyRingError("WAYSTATION_SECRET_KEY holds a key id of more than 64 characters")
    return name or "1", key
