"""Who may do what: users, their sessions, API keys; what was done: the audit; and what protects the doors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, json_value, number, reference, texts


class User(SQLModel, table=True):
    """A person who signs in. `role` is admin, operator, region, store or auditor; the place bounds what they see."""

    __tablename__ = "users"

    id: int = identity()
    name: str = Field(unique=True)
    title: str
    password_hash: str
    role: str
    region_id: int | None = reference("regions.id", nullable=True)
    store_id: int | None = reference("stores.id", nullable=True)
    language: str = "zh"
    theme: str | None = None
    active: bool = True
    created_at: datetime = instant()


class UserSession(SQLModel, table=True):
    """A signed-in browser; the cookie holds the token, the table its digest."""

    __tablename__ = "user_sessions"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    user_id: int = reference("users.id", index=True)
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime = instant(index=True)


class ApiKey(SQLModel, table=True):
    """A key of a program, by its digest; `scopes` name what it may do, region or store where."""

    __tablename__ = "api_keys"

    id: int = identity()
    name: str = Field(unique=True)
    digest: bytes = Field(unique=True, sa_type=LargeBinary)
    scopes: list[str] = texts()
    region_id: int | None = reference("regions.id", nullable=True)
    store_id: int | None = reference("stores.id", nullable=True)
    created_at: datetime = instant()
    used_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)


class AuditEntry(SQLModel, table=True):
    """Who changed what, when, from what to what. Holds no secrets and no personal data."""

    __tablename__ = "audit"

    id: int = identity()
    at: datetime = instant(index=True)
    actor: str
    action: str
    object: str = Field(index=True)
    before: dict[str, Any] | None = json_value(nullable=True)
    after: dict[str, Any] | None = json_value(nullable=True)


class LoginAttempt(SQLModel, table=True):
    """A failed sign-in, by digest of what was tried; trimmed after a day."""

    __tablename__ = "login_attempts"

    id: int = identity()
    digest: bytes = Field(index=True, sa_type=LargeBinary)
    at: datetime = instant(index=True)


class IdempotencyRecord(SQLModel, table=True):
    """The answer to a write that carried an `Idempotency-Key`, kept 24 hours."""

    __tablename__ = "idempotency"

    api_key_id: int = number(primary_key=True)
    path: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body_hash: str
    status: int
    answer: dict[str, Any] = json_value()
    at: datetime = instant(index=True)
