"""Who stands where in a journey, by version, node and status, and what they have not saved: counted in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.models import Version
from engine.runs.counting import counted


@dataclass(frozen=True)
class Crowd:
    """The live runs of one version at one node (None: on the way to their first one, or left alone), by status."""

    version: int
    bundle_hash: str
    node: str | None
    by_status: Mapping[str, int]

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self.by_status.values())


def crowds(session: Session, journey: str, *, below: int | None = None) -> list[Crowd]:
    """The live runs of a journey, holdouts included, of versions below this one."""
    bundles = dict(session.execute(_bundles(journey)).all())
    found: dict[tuple[int, str | None], dict[str, int]] = {}
    for place, runs in counted(session, journey).items():
        if below is None or place.version < below:
            found.setdefault((place.version, place.node), {})[place.status] = runs
    places = sorted(found, key=lambda place: (place[0], place[1] or ""))
    return [Crowd(version, bundles[version], node, found[version, node]) for version, node in places]


def _bundles(journey: str) -> Select[int, str]:
    named = (col(Version.kind) == "journey", col(Version.key) == journey)
    return select(col(Version.n), col(Version.bundle_hash)).where(*named)


@dataclass(frozen=True)
class Unsaved:
    """How many runs of a version at a node have not saved a name; `sealed` are those of whom that cannot be told."""

    runs: int
    sealed: int


def unsaved(
    session: Session, journey: str, wanted: Iterable[tuple[int, str, str]]
) -> dict[tuple[int, str, str], Unsaved]:
    """For each version, node and name: how many live runs there have saved nothing under it."""
    asked = sorted(set(wanted))
    if not asked:
        return {}
    given = {
        "journey": journey,
        "versions": [version for version, _, _ in asked],
        "nodes": [node for _, node, _ in asked],
        "names": [name for _, _, name in asked],
    }
    rows = session.connection().execute(_UNSAVED, given)
    return {(version, node, name): Unsaved(runs, sealed) for version, node, name, runs, sealed in rows}


_UNSAVED = text("""
    SELECT asked.version, asked.node, asked.name,
        count(*) FILTER (WHERE NOT runs.state ? 'sealed' AND NOT runs.state -> 'vars' ? asked.name),
        count(*) FILTER (WHERE runs.state ? 'sealed')
    FROM unnest(CAST(:versions AS int[]), CAST(:nodes AS text[]), CAST(:names AS text[]))
        AS asked (version, node, name)
    JOIN runs ON runs.journey = :journey AND runs.version = asked.version AND runs.node = asked.node
    WHERE runs.ended_at IS NULL AND runs.status <> 'holdout'
    GROUP BY asked.version, asked.node, asked.name""")
