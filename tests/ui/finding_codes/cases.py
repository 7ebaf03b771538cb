"""What a case is: how an author comes by a finding, where the pages show it, and the mend that does away with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.ui.finding_codes.requests import Deed


@dataclass(frozen=True)
class Case:
    """`pointer` is that of the finding, `place` that of the field, row or column where the page shows it.

    `mend` is the English title of the offer that is taken; without one, `why` nothing is offered. `unproved` is a house
    without a prover, `live` a definition that is published before it is changed.
    """

    code: str
    pointer: str
    place: str
    deeds: Sequence[Deed]
    mend: str = ""
    why: str = ""
    begin: Callable[[str], dict[str, Any]] | None = None
    unproved: bool = False
    live: bool = False

    @property
    def name(self) -> str:
        """What pytest calls it."""
        return f"{self.code} at {self.pointer}"
