"""What the administration's part of the API takes and answers."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from engine.access.roles import SCOPES, Role
from engine.organisation.views import Key
from rules.types import Json

SHORTEST_PASSWORD = 12


def _known(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError(f"scopes are {', '.join(sorted(SCOPES))}")
    return scope


class PlaceBody(BaseModel):
    """What is bound to a region, to a store, or to neither."""

    model_config = ConfigDict(extra="forbid")

    region: Key | None = None
    store: Key | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "PlaceBody":
        if self.region is not None and self.store is not None:
            raise ValueError("name a region or a store, not both")
        return self


class KeyBody(PlaceBody):
    """A new key: what it may do, and the region or store that bounds what it sees."""

    name: str = Field(min_length=1, max_length=100)
    scopes: set[Annotated[str, AfterValidator(_known)]] = Field(min_length=1)


class KeyAnswer(BaseModel):
    """A key without its value. When it was used last is known to the minute."""

    id: str
    name: str
    scopes: list[str]
    region: str | None
    store: str | None
    created_at: datetime
    used_at: datetime | None


class NewKeyAnswer(KeyAnswer):
    """A key that was just made. Its value is told this once."""

    key: str


class KeyList(BaseModel):
    """A page of keys."""

    items: list[KeyAnswer]
    next: str | None


class UserBody(PlaceBody):
    """A user. A new one needs a password; without one, an existing one keeps theirs."""

    role: Role
    title: str | None = Field(default=None, max_length=100)
    active: bool = True
    password: SecretStr | None = Field(default=None, min_length=SHORTEST_PASSWORD, max_length=200)


class UserAnswer(BaseModel):
    """A user as everybody with the scope may see them."""

    name: str
    title: str
    role: str
    region: str | None
    store: str | None
    active: bool
    created_at: datetime


class UserList(BaseModel):
    """A page of users."""

    items: list[UserAnswer]
    next: str | None


class AuditLine(BaseModel):
    """Who did what to what, and when."""

    id: str
    at: datetime
    actor: str
    action: str
    object: str
    before: dict[str, Json] | None
    after: dict[str, Json] | None


class AuditList(BaseModel):
    """A page of the audit, newest first."""

    items: list[AuditLine]
    next: str | None
