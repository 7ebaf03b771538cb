"""Bad luck on request: what goes wrong with callbacks and with calls from now on."""

from __future__ import annotations

import random

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

Chance = bool | NonNegativeInt | float
LONGEST_ANSWER = 5.0


class Errcode(BaseModel):
    """An errcode for one API only, or for a number of calls only."""

    model_config = ConfigDict(extra="forbid")

    code: int
    api: str | None = None
    times: int | None = Field(default=None, ge=1)


class Faults(BaseModel):
    """The faults that hold from now on; those that are not named hold no more.

    For `duplicate`, `reorder` and `drop`: true strikes every callback, a whole number the next so many, a fraction
    such a share of them. `errcode` answers every call but `gettoken` (and `gettoken` alone, where the code belongs to
    it). `delay_ms` holds back callbacks, and answers for at most five seconds. `chat_lag_ms` lets `groupchat/get` show
    what was true so long ago. `member_list` fixes one of the two encodings that were seen; else they take turns.
    """

    model_config = ConfigDict(extra="forbid")

    duplicate: Chance | None = None
    reorder: Chance | None = None
    drop: Chance | None = None
    errcode: int | Errcode | None = None
    delay_ms: int | None = Field(default=None, ge=0, le=600_000)
    chat_lag_ms: int | None = Field(default=None, ge=0)
    no_welcome_code: bool | None = None
    member_list: str | None = Field(default=None, pattern="^(items|text)$")


OF_GETTOKEN = {40001, 40013, 40091}


class FaultBox:
    """Holds the faults and counts down those that strike a number of times."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._turn = False

    def set(self, faults: Faults) -> None:
        self._faults = faults.model_copy(deep=True)

    @property
    def delay(self) -> float:
        """Seconds by which callbacks are late."""
        return (self._faults.delay_ms or 0) / 1000

    @property
    def answer_delay(self) -> float:
        """Seconds by which answers are late."""
        return min(self.delay, LONGEST_ANSWER)

    @property
    def chat_lag(self) -> float:
        """Seconds by which `groupchat/get` is behind."""
        return (self._faults.chat_lag_ms or 0) / 1000

    @property
    def no_welcome_code(self) -> bool:
        return bool(self._faults.no_welcome_code)

    def member_list_as_items(self) -> bool:
        """Which encoding the next list of members has."""
        self._turn = not self._turn
        return self._turn if self._faults.member_list is None else self._faults.member_list == "items"

    def strikes(self, name: str) -> bool:
        """Whether a fault strikes the next callback."""
        value: Chance | None = getattr(self._faults, name)
        if value is None or isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            setattr(self._faults, name, max(0, value - 1))
            return value > 0
        return random.random() < value  # noqa: S311  # bad luck, not secrecy

    def errcode(self, api: str) -> int:
        """The errcode that a call of this API gets whatever it asks, or 0."""
        match self._faults.errcode:
            case None:
                return 0
            case Errcode(api=None) as fault:
                return _count_down(fault) if _belongs(fault.code, api) else 0
            case Errcode() as fault:
                return _count_down(fault) if fault.api == api else 0
            case code:
                return code if _belongs(code, api) else 0


def _count_down(fault: Errcode) -> int:
    if fault.times is None:
        return fault.code
    fault.times -= 1
    return fault.code if fault.times >= 0 else 0


def _belongs(code: int, api: str) -> bool:
    return (api == "gettoken") == (code in OF_GETTOKEN)
