"""The outside world of the driver's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.wecom.errands import Told, Whom
from rules.types import Json


@dataclass
class FakeWeCom:
    """Takes errands, and raises what it is told to. `errands` are all but the welcomes: which, for whom, what."""

    welcomes: list[tuple[str, str, Sequence[Mapping[str, Json]]]] = field(default_factory=list)
    errands: list[tuple[str, Whom, object]] = field(default_factory=list)
    raises: Exception | None = None
    told: Told = field(default_factory=lambda: Told(1))

    async def send_welcome(self, welcome_code: str, text: str, attachments: Sequence[Mapping[str, Json]] = ()) -> None:
        self._raise()
        self.welcomes.append((welcome_code, text, attachments))

    async def tag_member(self, whom: Whom, add: Sequence[str], remove: Sequence[str]) -> int:
        self._raise()
        self.errands.append(("tag", whom, (list(add), list(remove))))
        return 1

    async def remark(self, whom: Whom, notes: Mapping[str, Json]) -> int:
        self._raise()
        self.errands.append(("remark", whom, dict(notes)))
        return 1

    async def tell_staff(self, whom: Whom, text: str, key: str) -> Told:
        self._raise()
        self.errands.append(("notify", whom, (text, key)))
        return self.told

    def _raise(self) -> None:
        if self.raises is not None:
            raise self.raises
