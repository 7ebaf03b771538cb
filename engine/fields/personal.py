"""What of a record is personal by what is published now, or was once, whatever its version was compiled with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from engine.audiences.sealed import sealed_names
from engine.fields.catalogue import known_fields
from engine.journeys.trying.privacy import personal_of
from engine.journeys.trying.recorded import Personal
from rules.types import Fields, Json


def personal_now(session: Session) -> Personal:
    """Whether a path, or what an event left in `vars` by that name, is personal by what is published now, or was."""
    names, paths = sealed_names(session), personal_of(known_fields(session))

    def is_personal(path: str) -> bool:
        scope, *keys = path.split(".")
        if scope == "vars":
            scope, keys = "event", keys[1:]
        name = keys[0] if keys else ""
        return f"{scope}.{name}" in paths or (scope in {"member", "event"} and name in names)

    return is_personal


def marked(fields: Fields, personal: Personal) -> Fields:
    """The declarations, with those marked that are personal by now."""
    return {
        path: each.model_copy(update={"personal": True}) if personal(path) else each for path, each in fields.items()
    }


def paths_of(saved: Mapping[str, Json]) -> Iterator[str]:
    """The paths of what events left in the `vars` of a run."""
    for name, value in saved.items():
        if isinstance(value, dict):
            yield from (f"vars.{name}.{key}" for key in value)
