"""A member's log as people read it: what each event told and each effect did, by titles; the rest for programmers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.definitions.context import event_fields
from engine.members.timeline import Moment
from rules.types import Json
from ui.messages import Language
from ui.words import effects

_FOR_PROGRAMS = frozenset({"welcome_code", "state", "scene", "add_way", "occurrence", "token", "identities"})
"""Fields of events that say something to programs alone."""


@dataclass(frozen=True)
class Entry:
    """A line of the log. `parts` are what it tells, `aside` what only programs read; `by` is who asked for a start."""

    moment: Moment
    parts: tuple[tuple[str, str], ...] = ()
    aside: Mapping[str, Json] | None = None
    by: str = ""
    node: str = ""


def entry(moment: Moment, titles: effects.Titles, nodes: Mapping[str, str], language: Language) -> Entry:
    """A moment in words. `titles` are those of what events name, `nodes` those of the nodes of an effect's journey."""
    if moment.run is not None:
        return Entry(moment, node=nodes.get(str(moment.data.get("node")), str(moment.data.get("node"))))
    told = {name: value for name, value in moment.data.items() if name not in _FOR_PROGRAMS and name != "requested_by"}
    aside = {name: value for name, value in moment.data.items() if name in _FOR_PROGRAMS and value is not None}
    said = effects.happenings(moment.kind, told, event_fields(), titles, language)
    by = moment.data.get("requested_by")
    return Entry(moment, tuple(said), aside, by if isinstance(by, str) else "")
