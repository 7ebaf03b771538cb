"""Secrets with which webhooks are signed, one for each receiver, made of the key ring and kept nowhere.

A receiver that knows its own secret cannot sign for another. Every key of the ring makes one, the newest first; a
webhook carries a signature of each, so that a key is replaced without a gap: add the new one, let receivers take over
the first secret, then take the old one away. Form and header: https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import urlsplit

from engine.secrets.keyring import KeyRing

_PREFIX = "whsec_"
_USUAL_PORTS = {"http": 80, "https": 443}


def receiver_of(url: str) -> str:
    """Who receives at an address: its host, and its port where that is no usual one. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise ValueError("write an address that begins with https:// or http:// and names a host")
    port = parts.port
    return parts.hostname if port in (None, _USUAL_PORTS[parts.scheme]) else f"{parts.hostname}:{port}"


def signing_secrets(keys: KeyRing, receiver: str) -> list[str]:
    """The secrets of a receiver, as the libraries of Standard Webhooks take them, the newest first."""
    about = f"webhook\0{receiver}".encode()
    made = (hmac.digest(key, about, "sha256") for _, key in keys.keys)
    return [_PREFIX + base64.b64encode(secret).decode() for secret in made]
