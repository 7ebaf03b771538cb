"""The few column types that all tables share, so that each is declared in one place."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticUndefined
from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field


def _absent(*, nullable: bool) -> Any:
    """The default of a column: null where that is allowed, else none at all."""
    return None if nullable else PydanticUndefined


def identity() -> Any:
    """A bigint primary key given out by the database."""
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))


def reference(to: str, *, index: bool = False, nullable: bool = False, primary_key: bool = False) -> Any:
    """A bigint foreign key to `table.column`."""
    return Field(
        default=_absent(nullable=nullable),
        sa_type=BigInteger,
        foreign_key=to,
        index=index,
        nullable=nullable,
        primary_key=primary_key,
    )


def number(*, nullable: bool = False, primary_key: bool = False, default: int | None = None) -> Any:
    """A bigint without a foreign key."""
    given = _absent(nullable=nullable) if default is None else default
    return Field(default=given, sa_type=BigInteger, nullable=nullable, primary_key=primary_key)


def instant(*, nullable: bool = False, index: bool = False) -> Any:
    """A timestamptz."""
    given = _absent(nullable=nullable)
    return Field(default=given, sa_type=DateTime(timezone=True), nullable=nullable, index=index)


def json_value(*, nullable: bool = False) -> Any:
    """A jsonb column that holds an object, empty by default, or null where that is allowed."""
    if nullable:
        return Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    return Field(default_factory=dict, sa_type=JSONB, nullable=False)


def json_list() -> Any:
    """A jsonb column that holds a list, empty by default."""
    return Field(default_factory=list, sa_type=JSONB, nullable=False)


def texts() -> Any:
    """A text[] column, empty by default."""
    return Field(default_factory=list, sa_type=ARRAY(SqlText), nullable=False)


def numbers(*, nullable: bool = False) -> Any:
    """A bigint[] column, empty by default, or null where that is allowed."""
    if nullable:
        return Field(default=None, sa_type=ARRAY(BigInteger), nullable=True)
    return Field(default_factory=list, sa_type=ARRAY(BigInteger), nullable=False)


def sealed(*, nullable: bool = True) -> Any:
    """Bytes sealed by the key ring (engine.secrets); the key's id stands inside the envelope."""
    return Field(default=_absent(nullable=nullable), sa_type=LargeBinary, nullable=nullable)


def long_text(*, nullable: bool = False) -> Any:
    """Text without a bound."""
    return Field(default=_absent(nullable=nullable), sa_type=SqlText, nullable=nullable)
