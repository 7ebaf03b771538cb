"""One run as the API and its page show it: where it stands, what it waits for, what it saved, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy.orm import Session

from engine.definitions.source import read_source
from engine.definitions.versions import read_version
from engine.fields.personal import paths_of, personal_now
from engine.journeys.deadlines import rests_until
from engine.members.profile import mask
from engine.runs import inbox, states
from engine.runs.listing import RunItem, find_run
from engine.runs.models import Run
from engine.runs.record import open_reads
from engine.runs.timeline import TimelineItem, read_timeline
from engine.secrets.keyring import KeyRing
from rules.types import Json


@dataclass(frozen=True)
class RunView:
    """A run, whole. `until`: when the rest at its node is over, as pauses have moved it.

    `vars` hold no personal data in clear: texts of a run that took some are masked, be it personal then or now.
    """

    item: RunItem
    waits_for: Sequence[str]
    until: datetime | None
    vars: Mapping[str, Json]
    timeline: Sequence[TimelineItem]


def read_run(session: Session, keys: KeyRing, run_id: int) -> RunView | None:
    """The run, if it is in sight."""
    item, run = find_run(session, run_id), session.get(Run, run_id)
    if item is None or run is None:
        return None
    state = states.load(run, keys)
    timeline = read_timeline(session, run_id)
    took = states.is_sealed(run) or _took_personal(session, keys, state.vars, timeline)
    saved = {name: _masked(value) for name, value in state.vars.items()} if took else state.vars
    waits_for = _awaited(session, run) if state.phase == "waiting" else ()
    until = rests_until(state, inbox.pauses(session, run))
    return RunView(item, waits_for, until, saved, timeline)


def ports_of(session: Session, run: Run) -> frozenset[str]:
    """The connected ports of the node where the run stands."""
    ports = _node(session, run).get("ports")
    return frozenset(ports) if isinstance(ports, dict) else frozenset()


def _took_personal(
    session: Session, keys: KeyRing, saved: Mapping[str, Json], timeline: Sequence[TimelineItem]
) -> bool:
    """Whether the run read or saved what was made personal since."""
    if not saved:
        return False
    read = (path for item in timeline if item.sealed for path in open_reads(item.sealed, keys))
    return any(map(personal_now(session), chain(paths_of(saved), read)))


def _awaited(session: Session, run: Run) -> tuple[str, ...]:
    """The types of events that the run's node waits for, each once, in document order."""
    awaited = _node(session, run).get("for")
    if not isinstance(awaited, list):
        return ()
    return tuple(dict.fromkeys(str(item["on"]) for item in awaited if isinstance(item, dict)))


def _node(session: Session, run: Run) -> dict[str, Json]:
    document = read_source(read_version(session, "journey", run.journey, run.version).document).document
    nodes = document.get("nodes") if isinstance(document, dict) else None
    node = nodes.get(run.node or "") if isinstance(nodes, dict) else None
    return node if isinstance(node, dict) else {}


def _masked(value: Json) -> Json:
    match value:
        case str():
            return mask(value)
        case list():
            return [_masked(item) for item in value]
        case dict():
            return {name: _masked(item) for name, item in value.items()}
        case _:
            return value
