"""The outside world of the driver's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.types import Json


@dataclass
class FakeWeCom:
    """Takes welcomes, and raises what it is told to."""

    welcomes: list[tuple[str, str, Sequence[Mapping[str, Json]]]] = field(default_factory=list)
    raises: Exception | None = None

    async def send_welcome(self, welcome_code: str, text: str, attachments: Sequence[Mapping[str, Json]] = ()) -> None:
        if self.raises is not None:
            raise self.raises
        self.welcomes.append((welcome_code, text, attachments))
