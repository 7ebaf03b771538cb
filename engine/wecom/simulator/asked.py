"""A request of WeCom's API as the simulator sees it, and the way to refuse one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.wecom.callback import App
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State
from rules.types import Json


class RefusedError(Exception):
    """The call is answered with this errcode."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ImpossibleError(Exception):
    """A control call asks for something that cannot happen in WeCom; the text says why."""


@dataclass(frozen=True)
class Asked:
    """One call: who asks, with which query and body."""

    state: State
    settings: SimulatorSettings
    app: App
    address: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Json] = field(default_factory=dict)

    def text(self, name: str, longest: int | None = None) -> str:
        """A text of the body; 40058 when it is something else or too long."""
        value = self.body.get(name, "")
        if not isinstance(value, str) or (longest is not None and len(value) > longest):
            raise RefusedError(40058, f"invalid {name}")
        return value

    def texts(self, name: str, most: int | None = None) -> list[str]:
        """A list of texts of the body; 40058 when it is something else or too long."""
        value = self.body.get(name) or []
        if not isinstance(value, list) or (most is not None and len(value) > most):
            raise RefusedError(40058, f"invalid {name}")
        return [_text(name, item) for item in value]

    def number(self, name: str, default: int | None, low: int, high: int) -> int:
        """A whole number of the body within its bounds; 40058 otherwise."""
        value = self.body.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise RefusedError(40058, f"invalid {name}")
        return value


Answer = dict[str, Json]


@dataclass(frozen=True)
class Api:
    """An API: its method, what answers it, and the list fields that stay in its answer when it is refused.

    `pair` names the relation that a call writes: two writes of one at the same time are refused.
    """

    method: str
    answer: Callable[[Asked], Answer]
    lists: tuple[str, ...] = ()
    pair: Callable[[Asked], tuple[str, str]] | None = None


def page(found: list[Json], asked: Asked, default: int, most: int) -> tuple[list[Json], str]:
    """One page of a list and the cursor of the next; "" after the last."""
    limit, cursor = asked.number("limit", default, 1, most), asked.text("cursor")
    start = int(cursor) if cursor.isascii() and cursor.isdigit() else 0
    following = str(start + limit) if start + limit < len(found) else ""
    return found[start : start + limit], following


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise RefusedError(40058, f"invalid {name}")
    return value
