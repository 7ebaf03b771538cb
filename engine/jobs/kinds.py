"""The kinds of jobs, and the scope that an API key needs to see or steer them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

BULK: Final = "runs.bulk"
SYNC: Final = "org.sync"
IMPORT: Final = "org.import"
PAST: Final = "fields.past"
MIGRATE: Final = "journeys.migrate"
BACKTEST: Final = "definitions.backtest"
Kind = Literal["runs.bulk", "org.sync", "org.import", "fields.past", "journeys.migrate", "definitions.backtest"]

SCOPES: Mapping[Kind, str] = {
    BULK: "runs",
    SYNC: "chain",
    IMPORT: "chain",
    PAST: "definitions",
    MIGRATE: "definitions",
    BACKTEST: "definitions",
}
"""Kind to scope: whoever may ask for a job may see it, stop it and continue it."""
