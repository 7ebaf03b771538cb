"""The kinds of jobs, and the scope that an API key needs to see or steer them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

BULK: Final = "runs.bulk"
SYNC: Final = "org.sync"
IMPORT: Final = "org.import"
PAST: Final = "fields.past"
MIGRATE: Final = "journeys.migrate"
Kind = Literal["runs.bulk", "org.sync", "org.import", "fields.past", "journeys.migrate"]

SCOPES: Mapping[Kind, str] = {BULK: "runs", SYNC: "chain", IMPORT: "chain", PAST: "definitions", MIGRATE: "definitions"}
"""Kind to scope: whoever may ask for a job may see it, stop it and continue it."""
