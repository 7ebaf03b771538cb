"""Secrets that we hand out and recognise again: only their digests are stored.

A digest without a slow hash is enough here, because the tokens are random: 256 bits cannot be guessed.
"""

import hashlib
import secrets


def new_token() -> str:
    """A fresh random token for a cookie."""
    return secrets.token_urlsafe(32)


def new_key() -> str:
    """A fresh API key; the prefix lets scanners of leaked secrets recognise it."""
    return "wsk_" + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token or key."""
    return hashlib.sha256(token.encode()).digest()
