"""How long proofs may take: what is not settled by then is said to be not proved."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS = 2.0
"""For all proofs of one document."""


class NotSettledError(Exception):
    """A question without an answer: there was no time left, no prover, or the facts found did not bear it out."""


class Budget:
    """A stretch of time, from now on."""

    def __init__(self, seconds: float = SECONDS, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left, none below 0."""
        return max(0.0, self._end - self._clock())

    def spend(self) -> None:
        """Go on, if there is time. Raises NotSettledError."""
        if self._clock() >= self._end:
            raise NotSettledError
