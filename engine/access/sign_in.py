"""Signing in, with a limit on failures that holds over all processes.

An attempt is counted before the password is looked at and forgiven when it was right, so that attempts at the same
moment cannot pass the limit together.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import passwords
from engine.access.errors import TooManyAttemptsError, WrongCredentialsError
from engine.access.models import LoginAttempt, User
from engine.access.store import user_named

WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)
PER_NAME_AND_ADDRESS = 5
PER_NAME = 50
PER_ADDRESS = 100


def count_attempt(session: Session, name: str, address: str, *, now: datetime) -> None:
    """Counts an attempt, or raises TooManyAttemptsError. Commit before looking at the password."""
    limits = _limits(name, address)
    for key in sorted(limits):
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(key[:8], signed=True))))
    for key, limit in limits.items():
        _refuse_above(session, key, limit, now)
    session.add_all(LoginAttempt(digest=key, at=now) for key in limits)
    session.execute(delete(LoginAttempt).where(col(LoginAttempt.at) < now - KEPT))


def check_password(session: Session, name: str, password: str) -> User:
    """The user, or WrongCredentialsError. Takes the same time whether or not the name exists."""
    user = user_named(session, name)
    if not passwords.verify(user.password_hash if user else None, password) or user is None or not user.active:
        raise WrongCredentialsError
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    return user


def forgive(session: Session, name: str, address: str) -> None:
    """Forgets the attempts of this name from this address: the password was right."""
    both, *_ = _limits(name, address)
    session.execute(delete(LoginAttempt).where(col(LoginAttempt.digest) == both))


def _limits(name: str, address: str) -> dict[bytes, int]:
    return {
        _key("both", name.casefold(), address): PER_NAME_AND_ADDRESS,
        _key("name", name.casefold()): PER_NAME,
        _key("address", address): PER_ADDRESS,
    }


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _refuse_above(session: Session, key: bytes, limit: int, now: datetime) -> None:
    recent = select(col(LoginAttempt.at)).where(col(LoginAttempt.digest) == key, col(LoginAttempt.at) > now - WINDOW)
    times = session.execute(recent.order_by(col(LoginAttempt.at).desc()).limit(limit)).scalars().all()
    if len(times) >= limit:
        raise TooManyAttemptsError(times[-1] + WINDOW - now)
