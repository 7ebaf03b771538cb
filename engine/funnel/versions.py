"""What each version of a journey has come to: who is in it now, and how those who were in it ended.

A run that went over to a later version counts there, with all that it reached before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class VersionFigures:
    """Of one version: live runs, those left alone included, and ended ones by outcome."""

    live: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def entered(self) -> int:
        """All who are or were in it."""
        return self.live + sum(self.outcomes.values())

    @property
    def reached_goal(self) -> int:
        """Those of them who reached the goal."""
        return self.outcomes.get("goal", 0)


def by_version(session: Session, journey: str) -> dict[int, VersionFigures]:
    """The figures of each version that anybody was in; bounded by the stores in sight."""
    found = session.connection().execute(_LIVE, {"journey": journey})
    live = {int(version): int(runs) for version, runs in found}
    outcomes: dict[int, dict[str, int]] = {}
    for version, name, times in session.connection().execute(_OUTCOMES, {"journey": journey}):
        outcomes.setdefault(version, {})[name] = int(times)
    versions = sorted({*live, *outcomes})
    return {each: VersionFigures(live.get(each, 0), outcomes.get(each, {})) for each in versions}


_LIVE = text("SELECT version, count(*) FROM runs WHERE journey = :journey AND ended_at IS NULL GROUP BY version")
# Of the holdout, outcomes are counted under their own names, and each entry once more under `entered`.
_OUTCOMES = text("""
    SELECT version, name, sum(times) FROM (
        SELECT version, name, times FROM funnel_sums WHERE journey = :journey AND kind IN ('outcome', 'holdout')
        AND NOT (kind = 'holdout' AND name = 'entered')
        UNION ALL
        SELECT version, name, times FROM funnel_deltas WHERE journey = :journey AND kind IN ('outcome', 'holdout')
        AND NOT (kind = 'holdout' AND name = 'entered')
    ) AS counted GROUP BY version, name HAVING sum(times) > 0""")
