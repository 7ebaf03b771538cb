"""What a page sent about a condition, what it depends on, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.types import Conditions, Fields
from ui.conditions.actions import Command
from ui.conditions.choices import Start
from ui.conditions.values import Speaking
from ui.messages import Language


@dataclass(frozen=True)
class Sent:
    """What was sent: the deed, its place, what the part was when it was seen, and the fields by name."""

    do: str
    at: str = ""
    seen: str = ""
    changed: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The one value of a field; nothing where it was not sent."""
        return next(iter(self.values.get(name, ())), "")


@dataclass(frozen=True)
class Done:
    """A command, or none where nothing changes; and the place that the author works on then."""

    command: Command | None
    at: str = ""


@dataclass(frozen=True)
class Desk:
    """What the deeds depend on beside the condition: the fields and names there, the reader's language, the day."""

    fields: Fields
    conditions: Conditions
    language: Language
    start: Start

    @property
    def speaking(self) -> Speaking:
        return Speaking(self.language, self.start.zone)


class MovedError(Exception):
    """The part that was meant is not what was seen: somebody changed it meanwhile."""
