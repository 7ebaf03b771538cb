"""Bad luck on request: what goes wrong with callbacks and with calls from now on."""

from __future__ import annotations

import random
import time
from collections import Counter

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

Chance = bool | NonNegativeInt | float
LONGEST_ANSWER = 5.0
SILENCE = 30.0
"""Seconds after which a call that is met with silence is answered all the same: longer than anybody waits."""


class Errcode(BaseModel):
    """An errcode for one API only, or for a number of calls only."""

    model_config = ConfigDict(extra="forbid")

    code: int
    api: str | None = None
    times: int | None = Field(default=None, ge=1)


class Silence(BaseModel):
    """A number of calls of an API that are carried out, and whose answers never arrive."""

    model_config = ConfigDict(extra="forbid")

    api: str
    times: int = Field(default=1, ge=1)


class Faults(BaseModel):
    """The faults that hold from now on; those that are not named hold no more.

    For `duplicate`, `reorder`, `drop` and `lose`: true strikes every callback, a whole number the next so many, a
    fraction such a share of them. `drop` takes a callback with all its deliveries; `lose` takes one delivery that
    is not the last, so that it comes in the end. `errcode` answers every call but `gettoken` (and `gettoken` alone,
    where the code belongs to it). `delay_ms` holds back callbacks, and answers for at most five seconds. `chat_lag_ms`
    lets `groupchat/get` show what was true so long ago. `member_list` fixes one of the two encodings that were seen;
    else they take turns. After `seconds` all is well again, whatever became of whoever asked for the faults.
    """

    model_config = ConfigDict(extra="forbid")

    duplicate: Chance | None = None
    reorder: Chance | None = None
    drop: Chance | None = None
    lose: Chance | None = None
    errcode: int | Errcode | None = None
    silence: Silence | None = None
    delay_ms: int | None = Field(default=None, ge=0, le=600_000)
    chat_lag_ms: int | None = Field(default=None, ge=0)
    no_welcome_code: bool | None = None
    member_list: str | None = Field(default=None, pattern="^(items|text)$")
    seconds: float | None = Field(default=None, gt=0)


OF_GETTOKEN = {40001, 40013, 40091}


class FaultBox:
    """Holds the faults, counts down those that strike a number of times, and counts up what `struck` since it began."""

    def __init__(self) -> None:
        self._set = Faults()
        self._until: float | None = None
        self._turn = False
        self.struck: Counter[str] = Counter()

    def set(self, faults: Faults) -> None:
        self._set = faults.model_copy(deep=True)
        self._until = None if faults.seconds is None else time.monotonic() + faults.seconds

    @property
    def _faults(self) -> Faults:
        """Those that hold now."""
        if self._until is not None and time.monotonic() >= self._until:
            self.set(Faults())
        return self._set

    @property
    def delay(self) -> float:
        """Seconds by which callbacks are late."""
        return (self._faults.delay_ms or 0) / 1000

    def silent(self, api: str) -> bool:
        """Whether the answer to this call, which is carried out, never arrives."""
        silence = self._faults.silence
        if silence is None or silence.api != api or silence.times == 0:
            return False
        silence.times -= 1
        self.struck["silence"] += 1
        return True

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
        strikes = self._strikes(name)
        self.struck[name] += strikes
        return strikes

    def _strikes(self, name: str) -> bool:
        value: Chance | None = getattr(self._faults, name)
        if value is None or isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            setattr(self._faults, name, max(0, value - 1))
            return value > 0
        return random.random() < value  # noqa: S311  # bad luck, not secrecy

    def errcode(self, api: str) -> int:
        """The errcode that a call of this API gets whatever it asks, or 0."""
        code = self._errcode(api)
        if code:
            self.struck[f"errcode {code}"] += 1
        return code

    def _errcode(self, api: str) -> int:
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
