"""What becomes of the runs in flight, as an author asks for it: `"stay"`, or `{"migrate": {…}, "canary_bp"?: n}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.definitions.errors import DefinitionError
from rules.types import Json

STAY = "stay"
WHOLE = 10_000


@dataclass(frozen=True)
class InFlight:
    """Runs in flight go over by this map; with a share, that many of ten thousand go first."""

    mapping: Mapping[str, str]
    canary_bp: int | None = None

    def to_json(self) -> dict[str, Json]:
        """As it was asked for."""
        share: dict[str, Json] = {} if self.canary_bp is None else {"canary_bp": self.canary_bp}
        return {"migrate": {**self.mapping}, **share}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a map, at a pointer into the request, in both languages."""

    pointer: str
    message: Mapping[str, str]


class InFlightError(DefinitionError):
    """The runs in flight cannot go where the request says."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("The runs in flight cannot go where the request says; see errors.")
        self.faults = tuple(faults)


def read_in_flight(asked: Json) -> InFlight | None:
    """What is asked for; None for those who stay. Raises InFlightError."""
    if asked == STAY:
        return None
    mapping = asked.get("migrate") if isinstance(asked, dict) else None
    if not isinstance(asked, dict) or not isinstance(mapping, dict) or asked.keys() - {"migrate", "canary_bp"}:
        raise InFlightError([Fault("/in_flight", _SHAPE)])
    wrong = [Fault(f"/in_flight/migrate/{node}", _SHAPE) for node, to in mapping.items() if not isinstance(to, str)]
    share = asked.get("canary_bp")
    if share is not None and (isinstance(share, bool) or not isinstance(share, int) or not 0 < share <= WHOLE):
        wrong.append(Fault("/in_flight/canary_bp", _SHARE))
    if wrong:
        raise InFlightError(wrong)
    return InFlight({node: str(to) for node, to in mapping.items()}, share if isinstance(share, int) else None)


_SHAPE = {
    "zh": '请写 "stay"，或 {"migrate": {"旧节点": "新节点"}, "canary_bp": 1000}。',
    "en": 'Say "stay", or {"migrate": {"old node": "new node"}, "canary_bp": 1000}.',
}
_SHARE = {
    "zh": "灰度比例以万分之一计：请写 1 到 10000 的整数。",
    "en": "The share that goes first is counted in ten-thousandths: give a whole number from 1 to 10000.",
}
