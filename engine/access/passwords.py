"""Passwords by argon2id, with the library's current parameters; older hashes are renewed at sign-in."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """The text to store."""
    return _HASHER.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether the password fits. Takes as long for an unknown user (`None`) as for a wrong password."""
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return hash_password("nobody has this password")
