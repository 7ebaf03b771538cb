"""Who may do what: the roles of people, the scopes of programs, and the stores that either may see."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.database.connection import Scope

Role = Literal["admin", "operator", "region", "store", "auditor"]
Stores: TypeAlias = Scope
"""The stores whose rows may be seen: all of them, or those with these ids."""

ROLES: tuple[Role, ...] = ("admin", "operator", "region", "store", "auditor")
SCOPES = frozenset(
    {
        "full",
        "events",
        "definitions",
        "runs",
        "decisions",
        "chain",
        "coupons",
        "members",
        "phone-tokens",
        "phone-tokens.resolve",
        "tasks",
        "metrics",
        "access",
    }
)
"""What an API key may be allowed; `full` stands for all of them."""

Permission = Literal["read", "operate", "administer", "read-audit"]

_GRANTED: dict[Role, frozenset[Permission]] = {
    "admin": frozenset({"read", "operate", "administer", "read-audit"}),
    "operator": frozenset({"read", "operate"}),
    "region": frozenset({"read"}),
    "store": frozenset({"read"}),
    "auditor": frozenset({"read", "read-audit"}),
}


@dataclass(frozen=True)
class Place:
    """Where a user or a key belongs: a store, a region with all below it, or neither."""

    region_id: int | None = None
    store_id: int | None = None


ANYWHERE = Place()


@dataclass(frozen=True)
class Viewer:
    """A signed-in person: what they may do, and the stores that bound what they see."""

    id: int
    name: str
    title: str
    role: Role
    stores: Stores
    language: str
    theme: str | None

    def may(self, permission: Permission) -> bool:
        """Whether the role grants this."""
        return permission in _GRANTED[self.role]


@dataclass(frozen=True)
class KeyHolder:
    """A program that showed a valid API key."""

    id: int
    name: str
    scopes: frozenset[str]
    stores: Stores

    def may(self, scope: str) -> bool:
        """Whether the key carries this scope, or all."""
        return scope in self.scopes or "full" in self.scopes
