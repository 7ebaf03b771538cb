"""What the form of publishing says. What it says wrongly changes nothing, and is never taken for something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.migrating.asked import STAY, InFlight
from engine.migrating.proposal import Proposal

MIGRATE = "migrate"
_WHOLE = 100
_DIGITS = 3


@dataclass(frozen=True)
class Asked:
    """What becomes of those inside, a share that goes first in per cent, a note, the hash of what was read.

    `wrong` is the message about what cannot be read; `written` the share as it was written.
    """

    moving: bool = False
    mapping: Mapping[str, str] | None = None
    share: int | None = None
    note: str | None = None
    hash: str | None = None
    written: str = ""
    wrong: str | None = None

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Asked:
        """Read the form. Where it does not say what becomes of those inside, they stay, as runs keep their version."""
        mapping = {name[3:]: value for name, value in form.items() if name.startswith("to:") and value}
        in_flight, written = form.get("in_flight", STAY), form.get("share", "").strip()
        share = _share(written)
        wrong = None
        if in_flight not in (STAY, MIGRATE):
            wrong = "migrate.wrong_in_flight"
        elif in_flight == MIGRATE and written and share is None:
            wrong = "migrate.wrong_share"
        return cls(
            in_flight == MIGRATE,
            mapping if any(name.startswith("to:") for name in form) else None,
            share,
            form.get("note", "").strip()[:2_000] or None,
            form.get("hash") or None,
            written,
            wrong,
        )

    def said(self) -> InFlight | None:
        """What is asked for: only the places that somebody has seen and sent."""
        if not self.moving:
            return None
        canary = self.share * 100 if self.share is not None and self.share < _WHOLE else None
        return InFlight(self.mapping or {}, canary)

    def in_flight(self, proposal: Proposal) -> InFlight | None:
        """What the page shows: where nothing was chosen yet, what suggests itself."""
        said = self.said()
        return replace(said, mapping=proposal.suggested) if said is not None and self.mapping is None else said


def _share(written: str) -> int | None:
    """A whole number from 1 to 100."""
    if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS):
        return None
    return int(written) if 0 < int(written) <= _WHOLE else None
