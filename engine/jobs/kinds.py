"""The kinds of jobs, and the scope that an API key needs to see or steer them."""

from __future__ import annotations

from collections.abc import Mapping

BULK = "runs.bulk"
SYNC = "org.sync"
IMPORT = "org.import"

SCOPES: Mapping[str, str] = {BULK: "runs", SYNC: "chain", IMPORT: "chain"}
"""Kind to scope: whoever may ask for a job may see it, stop it and continue it."""
