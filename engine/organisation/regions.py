"""The tree of regions, as rules ask about it: a region and all above it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from engine.database import direct
from rules.types import Json


def regions_above(session: Session, key: str) -> list[str]:
    """The keys of a region and of all above it, the nearest first; none for a region that there is not."""
    return [found for (found,) in direct.rows(session, _ABOVE, {"key": key})]


def with_regions_above(session: Session, facts: Mapping[str, Json], paths: Iterable[str]) -> dict[str, Json]:
    """The facts, in which a path such as `store.regions` that they lack follows from their `store.region`.

    It is null where there is no such region: then nothing is known of those above it, whatever was read elsewhere.
    """
    filled = dict(facts)
    for path in paths:
        scope, _, name = path.rpartition(".")
        place = filled.get(scope)
        if name != "regions" or not isinstance(place, dict) or place.get("regions") is not None:
            continue
        if isinstance(key := place.get("region"), str):
            filled[scope] = {**place, "regions": [*regions_above(session, key)] or None}
    return filled


_ABOVE = """
    WITH RECURSIVE above AS (
        SELECT id, key, parent_id, 0 AS step FROM regions WHERE key = %(key)s
        UNION ALL
        SELECT r.id, r.key, r.parent_id, a.step + 1 FROM above a JOIN regions r ON r.id = a.parent_id WHERE a.step < 32
    )
    SELECT key FROM above ORDER BY step"""
