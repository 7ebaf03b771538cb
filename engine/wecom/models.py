"""What came from WeCom and is kept: callbacks as they arrived, tokens and group codes that all processes share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, long_text, sealed


class Callback(SQLModel, table=True):
    """One accepted callback. Those that need a call to be understood wait here for the router, in order per chat.

    `digest` is of the event itself, which is the same in every delivery. `body_enc` holds it with the corp's id.
    `error` says why a mapped callback had no effect, or not its full one.
    """

    __tablename__ = "callbacks"
    __table_args__ = (Index("ix_callbacks_waiting", "chat_id", "id", postgresql_where=text("mapped_at IS NULL")),)

    id: int = identity()
    app: str
    digest: bytes = Field(unique=True, sa_type=LargeBinary)
    kind: str
    chat_id: str | None = None
    received_at: datetime = instant()
    body_enc: bytes = sealed(nullable=False)
    mapped_at: datetime | None = instant(nullable=True)
    not_before: datetime | None = instant(nullable=True)
    failures: int = 0
    error: str | None = long_text(nullable=True)


class WeComToken(SQLModel, table=True):
    """The access token of one app (`corp id/agent id`), for all processes."""

    __tablename__ = "wecom_tokens"

    app: str = Field(primary_key=True)
    value_enc: bytes = sealed(nullable=False)
    expires_at: datetime = instant()


class GroupCode(SQLModel, table=True):
    """The code by which customers join a group, made once by an app (`corp id/agent id`)."""

    __tablename__ = "group_codes"

    app: str = Field(primary_key=True)
    chat_id: str = Field(primary_key=True)
    config_id: str
    picture: str = long_text()
