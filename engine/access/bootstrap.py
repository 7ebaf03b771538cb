"""The first user and the first key of a new service (`WAYSTATION_BOOTSTRAP_PASSWORD`, `WAYSTATION_BOOTSTRAP_API_KEY`).

Both may be called at every start: they mend what is missing and change nothing else.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit, passwords, store
from engine.access.models import ApiKey
from engine.access.sessions import close_all_sessions
from engine.access.tokens import digest

ADMIN = "admin"


def ensure_admin(session: Session, password: str, *, now: datetime) -> None:
    """Makes the user `admin`, or gives them this password; a new password ends their sessions."""
    user = store.user_named(session, ADMIN)
    if user is None:
        store.add_user(session, ADMIN, password, "admin", now=now, title="Admin")
        audit.record(session, "service", "user.created", f"user/{ADMIN}", now=now)
    elif not passwords.verify(user.password_hash, password):
        user.password_hash = passwords.hash_password(password)
        close_all_sessions(session, user.id)
        audit.record(session, "service", "user.password-set", f"user/{ADMIN}", now=now)


def ensure_key(session: Session, name: str, value: str, scopes: set[str], *, now: datetime) -> None:
    """Makes a key of this name with this value and these scopes, in place of an older one of the same name."""
    found = session.execute(select(ApiKey).where(col(ApiKey.name) == name)).scalar_one_or_none()
    if found is None:
        store.add_key(session, name, value, scopes, now=now)
        audit.record(session, "service", "key.created", f"key/{name}", now=now, after={"scopes": sorted(scopes)})
        return
    if (found.digest, found.scopes, found.revoked_at) != (digest(value), sorted(scopes), None):
        found.digest, found.scopes, found.revoked_at = digest(value), sorted(scopes), None
        audit.record(session, "service", "key.replaced", f"key/{name}", now=now, after={"scopes": sorted(scopes)})
