"""Bad luck on request: what goes wrong with callbacks and with calls from now on."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

T = TypeVar("T")
Chance = bool | NonNegativeInt | float
LONGEST_ANSWER = 5.0
SILENCE = 30.0
"""Seconds after which a call that is met with silence is answered all the same: longer than anybody waits."""


class Stroke(BaseModel):
    """Which calls a fault strikes: those of one API or of all, the next so many or such a share, else every one."""

    model_config = ConfigDict(extra="forbid")

    api: str | None = None
    times: int | None = Field(default=None, ge=1)
    share: float | None = Field(default=None, ge=0, le=1)

    def strikes(self, api: str, dice: random.Random) -> bool:
        """Whether it strikes this call; what strikes a number of times is counted down."""
        if self.api not in (None, api) or (self.share is not None and dice.random() >= self.share):
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Errcode(Stroke):
    """Calls that are answered with an errcode. With `window`, one that was struck closes its API for so many seconds.

    40014 and 42001 take all tokens back, as WeCom may at any time: the next one that is fetched works.
    """

    code: int
    window: float | None = Field(default=None, gt=0, le=86_400)


class Silence(Stroke):
    """Calls without an answer. They are carried out, unless `lost`. `hang_up` closes the connection at once."""

    lost: bool = False
    hang_up: bool = False


class Faults(BaseModel):
    """The faults that hold from now on; those that are not named hold no more.

    For `duplicate`, `reorder`, `drop` and `lose`: true strikes every callback, a whole number the next so many, a
    fraction such a share of them. `drop` takes a callback with all its deliveries; `lose` takes one delivery that
    is not the last, so that it comes in the end. `errcode` and `silence` strike calls of the API, one fault or a list
    of them; a bare errcode, or one without an API, spares `gettoken` (and strikes it alone, where the code belongs to
    it). `delay_ms` holds back callbacks, and answers for at most five seconds. `chat_lag_ms` lets `groupchat/get` show
    what was true so long ago. `member_list` fixes one of the two encodings that were seen; else they take turns. After
    `seconds` all is well again, whatever became of whoever asked for the faults. The same `seed` gives the same luck.
    """

    model_config = ConfigDict(extra="forbid")

    duplicate: Chance | None = None
    reorder: Chance | None = None
    drop: Chance | None = None
    lose: Chance | None = None
    errcode: int | Errcode | list[int | Errcode] | None = None
    silence: Silence | list[Silence] | None = None
    delay_ms: int | None = Field(default=None, ge=0, le=600_000)
    chat_lag_ms: int | None = Field(default=None, ge=0)
    no_welcome_code: bool | None = None
    member_list: str | None = Field(default=None, pattern="^(items|text)$")
    seconds: float | None = Field(default=None, gt=0)
    seed: int | None = None


OF_GETTOKEN = {40001, 40013, 40091}


class FaultBox:
    """Holds the faults, counts down those that strike a number of times, and counts up what `struck` since it began.

    `answered` counts the calls of each API by the errcode of their answer, 0 included; None stands for silence.
    """

    def __init__(self) -> None:
        self._set = Faults()
        self._until: float | None = None
        self._turn = False
        self._errcodes: list[Errcode] = []
        self._silences: list[Silence] = []
        self._closed: dict[str, tuple[int, float]] = {}
        self._dice = random.Random()  # noqa: S311 - bad luck, not secrecy
        self.struck: Counter[str] = Counter()
        self.answered: Counter[tuple[str, int | None]] = Counter()

    def set(self, faults: Faults) -> None:
        """Let these faults hold from now on, and no others."""
        self._set = faults.model_copy(deep=True)
        self._errcodes = [one if isinstance(one, Errcode) else Errcode(code=one) for one in _listed(self._set.errcode)]
        self._silences = _listed(self._set.silence)
        self._closed.clear()
        if faults.seed is not None:
            self._dice.seed(faults.seed)
        self._until = None if faults.seconds is None else time.monotonic() + faults.seconds

    @property
    def _faults(self) -> Faults:
        """Those that hold now."""
        self._end_in_time()
        return self._set

    def _end_in_time(self) -> None:
        if self._until is not None and time.monotonic() >= self._until:
            self.set(Faults())

    @property
    def delay(self) -> float:
        """Seconds by which callbacks are late."""
        return (self._faults.delay_ms or 0) / 1000

    def silence(self, api: str) -> Silence | None:
        """The silence that this call meets."""
        self._end_in_time()
        struck = next((one for one in self._silences if one.strikes(api, self._dice)), None)
        self.struck["silence"] += struck is not None
        return struck

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
        return self._dice.random() < value

    def errcode(self, api: str) -> int:
        """The errcode that a call of this API gets whatever it asks, or 0."""
        code = self._errcode(api)
        if code:
            self.struck[f"errcode {code}"] += 1
        return code

    def _errcode(self, api: str) -> int:
        self._end_in_time()
        closed, until = self._closed.get(api, (0, 0.0))
        if time.monotonic() < until:
            return closed
        for fault in self._errcodes:
            if (fault.api is not None or _belongs(fault.code, api)) and fault.strikes(api, self._dice):
                if fault.window is not None:
                    self._closed[api] = (fault.code, time.monotonic() + fault.window)
                return fault.code
        return 0


def _belongs(code: int, api: str) -> bool:
    return (api == "gettoken") == (code in OF_GETTOKEN)


def _listed(value: T | list[T] | None) -> list[T]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
