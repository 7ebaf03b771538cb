"""Bad luck for a play: what goes wrong in WeCom meanwhile, in spells that follow one another, and what struck.

Everything here is something that WeCom does and that the product must survive without a trace in its figures. What it
cannot survive is left out: a callback whose three deliveries are all lost tells nobody anything, and only a
synchronisation mends it; a WeCom that does not tell within three seconds who an added contact is makes a stranger of
them, as a person would see it too. So `externalcontact/get` is busy twice at most, and never silent.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle

from rules.types import Json
from workflows.demo.outside import OutsideError, Simulator

WHO, GROUP, WELCOME = "externalcontact/get", "externalcontact/groupchat/get", "externalcontact/send_welcome_msg"
SPELL = 4.0
"""Seconds that each spell lasts."""
LIMIT_EVERY = 300.0
"""Seconds between two 45009. One that meets the first call after a closed minute closes the API for an hour."""

CALLBACKS: Mapping[str, Json] = {"duplicate": 0.2, "reorder": 0.2, "lose": 0.1, "delay_ms": 200}
"""What befalls callbacks all the time: shares that come twice, out of order, or at a later delivery only; all late."""


def _busy(api: str, code: int, times: int) -> Mapping[str, Json]:
    return {"errcode": {"code": code, "api": api, "times": times}}


RATE_LIMIT = _busy(WELCOME, 45009, 1)
SPELLS: tuple[Mapping[str, Json], ...] = (
    _busy(WHO, -1, 2),
    {"silence": {"api": GROUP, "times": 1}},
    _busy(WHO, 40014, 1),
    RATE_LIMIT,
    _busy(GROUP, -1, 3),
    {"silence": {"api": WELCOME, "times": 1}},
    _busy(WELCOME, 40014, 1),
    _busy(WELCOME, -1, 3),
    {"chat_lag_ms": 1_500},
)
"""What befalls calls, one after the other, and again from the beginning."""

NAMES = {
    "duplicate": "callbacks came twice",
    "reorder": "callbacks were overtaken",
    "lose": "deliveries were lost and repeated",
    "delay": "callbacks came late",
    "silence": "calls were carried out and never answered",
    "errcode -1": "calls met a busy WeCom (-1)",
    "errcode 40014": "calls met a lost token (40014)",
    "errcode 45009": "calls met a closed API (45009)",
}
"""What struck, for people."""


@dataclass
class Luck:
    """One play's bad luck. `struck` counts what befell it, by the simulator's own count."""

    simulator: Simulator
    spell: float = SPELL
    struck: Counter[str] = field(default_factory=Counter)
    _seen: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Let one spell follow another until cancelled. A simulator that is away misses its spell."""
        since_limit = LIMIT_EVERY
        for spell in cycle(SPELLS):
            if spell is RATE_LIMIT and since_limit < LIMIT_EVERY:
                spell = {}  # noqa: PLW2901 - the spell of this turn, without what may not strike yet
            elif spell is RATE_LIMIT:
                since_limit = 0.0
            with suppress(OutsideError):
                await self.simulator.set_faults({**CALLBACKS, **spell, "seconds": self.spell * 2})
            await asyncio.sleep(self.spell)
            with suppress(OutsideError):
                await self.count()
            since_limit += self.spell

    async def begin(self) -> None:
        """Count from here: what struck earlier plays is not ours. Raises OutsideError."""
        self._seen = await self.simulator.struck()

    async def end(self) -> None:
        """All is well again. Were it not for this call, it would be after the last spell."""
        with suppress(OutsideError):
            await self.simulator.set_faults({})
            await self.count()

    async def count(self) -> None:
        """Add what struck since the last count. A simulator that was started again counts from zero."""
        now = await self.simulator.struck()
        begun_anew = any(now[name] < count for name, count in self._seen.items())
        self.struck += now if begun_anew else now - self._seen
        self._seen = now


@asynccontextmanager
async def bad_luck(simulator: Simulator, spell: float = SPELL) -> AsyncIterator[Luck]:
    """Within it faults strike; they are over when it is left, however it is left. Raises OutsideError."""
    luck = Luck(simulator, spell)
    await luck.begin()
    spells = asyncio.create_task(luck.run())
    try:
        yield luck
    finally:
        spells.cancel()
        with suppress(asyncio.CancelledError):
            await spells
        await luck.end()
