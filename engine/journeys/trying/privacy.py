"""What is personal is decided on as it is, and shown masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rules.types import Fields, Json


@dataclass(frozen=True)
class Privacy:
    """How facts are shown. `personal` are the paths of personal fields; nothing is hidden where there are none."""

    personal: frozenset[str] = frozenset()
    mask: Callable[[str], str] = lambda _text: "***"

    def facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Nested facts to be shown: personal texts masked, other personal values taken away."""
        shown = {**facts}
        for path in self.personal:
            scope, _, name = path.partition(".")
            inner = shown.get(scope)
            if isinstance(inner, dict) and name in inner:
                shown[scope] = {**inner, name: self._hidden(inner[name])}
        return shown

    def reads(self, reads: Mapping[str, Json]) -> dict[str, Json]:
        """Values by path."""
        return {path: self._hidden(value) if path in self.personal else value for path, value in reads.items()}

    def _hidden(self, value: Json) -> Json:
        return self.mask(value) if isinstance(value, str) else None


OPEN = Privacy()
"""For made-up people: nothing is personal."""


def personal_of(fields: Fields) -> frozenset[str]:
    """The paths that tell personal data."""
    return frozenset(path for path, each in fields.items() if each.tells_personal)
