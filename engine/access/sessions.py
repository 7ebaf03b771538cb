"""Signed-in browsers. The cookie holds a random token, the table its digest, so a session can be ended from here."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access.models import User, UserSession
from engine.access.roles import Place, Role, Viewer
from engine.access.store import stores_of
from engine.access.tokens import digest, new_token

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
_NOTICED_EVERY = timedelta(minutes=1)


def open_session(session: Session, user: User, *, now: datetime) -> str:
    """Signs the user in; returns the token for the cookie."""
    token = new_token()
    session.execute(delete(UserSession).where(col(UserSession.user_id) == user.id, col(UserSession.expires_at) < now))
    session.add(
        UserSession(digest=digest(token), user_id=user.id, created_at=now, seen_at=now, expires_at=now + LONGEST)
    )
    return token


def viewer_of(session: Session, token: str, *, now: datetime) -> Viewer | None:
    """Whoever is signed in with this token, unless the session ended, grew old or lay idle."""
    row = session.execute(
        select(UserSession, User)
        .join(User, col(User.id) == col(UserSession.user_id))
        .where(col(UserSession.digest) == digest(token), col(User.active).is_(True))
    ).first()
    if row is None:
        return None
    opened, user = row
    if opened.expires_at <= now or opened.seen_at + IDLE <= now:
        return None
    if opened.seen_at + _NOTICED_EVERY <= now:
        session.execute(update(UserSession).where(col(UserSession.digest) == opened.digest).values(seen_at=now))
    return _viewer(session, user)


def _viewer(session: Session, user: User) -> Viewer:
    role = cast("Role", user.role)
    everywhere = role in ("admin", "operator", "auditor")
    stores = stores_of(session, Place(user.region_id, user.store_id), everywhere=everywhere)
    return Viewer(user.id, user.name, user.title, role, stores, user.language, user.theme)


def close_session(session: Session, token: str) -> None:
    """Signs this browser out."""
    session.execute(delete(UserSession).where(col(UserSession.digest) == digest(token)))


def close_all_sessions(session: Session, user_id: int) -> None:
    """Signs the user out everywhere."""
    session.execute(delete(UserSession).where(col(UserSession.user_id) == user_id))


def remember(session: Session, user_id: int, *, language: str, theme: str | None) -> None:
    """Keeps the user's language and theme for their next browser."""
    session.execute(update(User).where(col(User.id) == user_id).values(language=language, theme=theme))
