"""Where conditions stand in documents: what a place is for, what stands for "always" there, and whom it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ui.conditions.actions import Absent

if TYPE_CHECKING:
    from engine.definitions.kinds import Kind

Role: TypeAlias = Literal["event", "case", "audience", "row", "cell", "named", "promise"]
"""What a condition decides: whether an event counts, which way is taken, who is meant, whether a row matches, …"""


@dataclass(frozen=True)
class Spot:
    """A place for a condition."""

    role: Role
    absent: Absent


_EVENT, _CASE, _AUDIENCE = Spot("event", "remove"), Spot("case", "true"), Spot("audience", "true")


def spot_at(kind: Kind, pointer: str) -> Spot | None:
    """What a condition at this pointer is for; None where no condition stands."""
    match kind, pointer.split("/")[1:]:
        case "journey", ["entry", _, "when"] | ["goal", "when"] | ["exits", _, "when"] | ["nodes", _, "for", _, "when"]:
            return _EVENT
        case "journey", ["entry", _, "audience" | "becomes"]:
            return _AUDIENCE
        case "journey", ["nodes", _, "cases", _, "when"]:
            return _CASE
        case "ruleset", ["rows", _, "and"]:
            return Spot("row", "remove")
        case "ruleset", ["rows", _, "when", _]:
            return Spot("cell", "null")
        case "ruleset", ["conditions", _]:
            return Spot("named", "true")
        case "ruleset", ["agree", _, "when" | "except"]:
            return Spot("promise", "remove")
        case _:
            return None
