"""Queries on users, API keys and the stores that they may see."""

from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access.errors import NameTakenError, UnknownScopeError
from engine.access.models import ApiKey, User
from engine.access.passwords import hash_password
from engine.access.roles import ANYWHERE, SCOPES, KeyHolder, Place, Role, Stores
from engine.access.tokens import digest
from engine.organisation.models import Region, Store

NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is known when a key was used last."""


def user_named(session: Session, name: str) -> User | None:
    """The user who signs in by this name."""
    return session.execute(select(User).where(col(User.name) == name)).scalar_one_or_none()


def add_user(
    session: Session,
    name: str,
    password: str,
    role: Role,
    *,
    now: datetime,
    title: str | None = None,
    place: Place = ANYWHERE,
) -> User:
    """A new user. People of a region or store need their place; without it they see no store at all."""
    if user_named(session, name):
        raise NameTakenError(name)
    user = User(
        name=name,
        title=title or name,
        password_hash=hash_password(password),
        role=role,
        region_id=place.region_id,
        store_id=place.store_id,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def add_key(
    session: Session,
    name: str,
    value: str,
    scopes: set[str],
    *,
    now: datetime,
    place: Place = ANYWHERE,
) -> ApiKey:
    """A new API key with the given value, of which only the digest is kept."""
    if unknown := scopes - SCOPES:
        raise UnknownScopeError(unknown, SCOPES)
    if session.execute(select(col(ApiKey.id)).where(col(ApiKey.name) == name)).first():
        raise NameTakenError(name)
    key = ApiKey(
        name=name,
        digest=digest(value),
        scopes=sorted(scopes),
        region_id=place.region_id,
        store_id=place.store_id,
        created_at=now,
    )
    session.add(key)
    session.flush()
    return key


def holder_of(session: Session, value: str, *, now: datetime) -> KeyHolder | None:
    """Whoever holds this key, unless it was revoked. Notes that the key is used, once a minute at most."""
    found = session.execute(
        select(ApiKey).where(col(ApiKey.digest) == digest(value), col(ApiKey.revoked_at).is_(None))
    ).scalar_one_or_none()
    if found is None:
        return None
    if found.used_at is None or found.used_at <= now - NOTED_EVERY:
        session.connection().execute(_USED, {"id": found.id, "now": now, "before": now - NOTED_EVERY})
    stores = stores_of(session, Place(found.region_id, found.store_id), everywhere=True)
    return KeyHolder(found.id, found.name, frozenset(found.scopes), stores)


def revoke_key(session: Session, key_id: int, *, now: datetime) -> bool:
    """Ends a key; false if there is none, or it had ended."""
    ended = session.execute(
        update(ApiKey)
        .where(col(ApiKey.id) == key_id, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=now)
        .returning(col(ApiKey.id))
    )
    return ended.first() is not None


def list_keys(session: Session) -> list[ApiKey]:
    """All keys that still work, oldest first."""
    return list(
        session.execute(select(ApiKey).where(col(ApiKey.revoked_at).is_(None)).order_by(col(ApiKey.id))).scalars()
    )


def stores_of(session: Session, place: Place, *, everywhere: bool) -> Stores:
    """The stores of a place: one store, a region with all regions below it, or `everywhere` for the whole chain."""
    if place.store_id is not None:
        return (place.store_id,)
    if place.region_id is None:
        return "*" if everywhere else ()
    below = select(col(Region.id)).where(col(Region.id) == place.region_id).cte("below", recursive=True)
    below = below.union_all(select(col(Region.id)).join(below, col(Region.parent_id) == below.c.id))
    found = session.execute(
        select(col(Store.id)).where(col(Store.region_id).in_(select(below.c.id))).order_by(col(Store.id))
    )
    return tuple(found.scalars())


def page_of_keys(session: Session, *, after: int, limit: int) -> list[ApiKey]:
    """Keys that still work, by id, those above `after`."""
    chosen = select(ApiKey).where(col(ApiKey.revoked_at).is_(None), col(ApiKey.id) > after)
    return list(session.execute(chosen.order_by(col(ApiKey.id)).limit(limit)).scalars())


def page_of_users(session: Session, *, after: str, limit: int) -> list[User]:
    """Users by name, those above `after`."""
    chosen = select(User).where(col(User.name) > after).order_by(col(User.name)).limit(limit)
    return list(session.execute(chosen).scalars())


def place_named(session: Session, region: str | None, store: str | None) -> Place | None:
    """The place of these keys; None if one of them does not exist."""
    region_id = session.execute(select(col(Region.id)).where(col(Region.key) == region)).scalar() if region else None
    store_id = session.execute(select(col(Store.id)).where(col(Store.key) == store)).scalar() if store else None
    if (region and region_id is None) or (store and store_id is None):
        return None
    return Place(region_id, store_id)


def names_of(session: Session, place: Place) -> tuple[str | None, str | None]:
    """The keys of a place's region and store."""
    region = session.get(Region, place.region_id) if place.region_id else None
    store = session.get(Store, place.store_id) if place.store_id else None
    return (region.key if region else None, store.key if store else None)


def other_admins(session: Session, user_id: int | None) -> bool:
    """Whether an active administrator is left beside this user. Locks them, so that two cannot go at once."""
    chosen = select(col(User.id)).where(col(User.role) == "admin", col(User.active).is_(True)).with_for_update()
    return any(found != user_id for found in session.execute(chosen).scalars())


# Whoever finds the row locked leaves the note to the one who holds it.
_USED = text("""
    UPDATE api_keys SET used_at = :now WHERE id = (
        SELECT id FROM api_keys WHERE id = :id AND (used_at IS NULL OR used_at <= :before) FOR UPDATE SKIP LOCKED)""")
