"""How long what is kept for a time is kept. `server.py` reads it from `WAYSTATION_KEEP_*`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Keep:
    """Ages from which rows go; docs/retention.md says what each means."""

    events: timedelta = timedelta(days=1100)
    run_details: timedelta = timedelta(days=400)
    runs: timedelta = timedelta(days=1100)
    funnel: timedelta = timedelta(days=3660)
    decisions: timedelta = timedelta(days=400)
    audit: timedelta = timedelta(days=3660)
    sign_ins: timedelta = timedelta(days=1)
