"""What would have changed a decision, for those who ask why. It takes a while: not to be asked inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.journeys.context import Proofs
from rules.proofs.nearest import nearest_change
from rules.proofs.nearest_words import nearest_json
from rules.tables.table import Table
from rules.types import Json


def would_change(
    table: Table, facts: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, proofs: Proofs | None
) -> Json:
    """The nearest change of one or two fields that gives another outcome; null when none was found in time."""
    prover = proofs.prover if proofs is not None else None
    found = nearest_change(table, facts, now=now, zone=zone, prover=prover)
    return None if found is None else nearest_json(found, table, zone)
