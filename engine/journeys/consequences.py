"""What follows in our own tables from events and local effects, for plays: the facts that change, the events that come.

The database does all this by itself; a made-up world has to be told. What is not named here changes no fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from engine.journeys.state import EventIn
from engine.journeys.walk import Facts
from rules.types import Json

NO_ATTRIBUTES = frozenset({"store", "channel", "associate", "identities", "link", "state"})
"""What events about a member tell beside attributes."""


def after_event(facts: Facts, event: EventIn, *, stands: Mapping[str, Json] | None = None) -> Facts:
    """The facts after an event of the member was accepted.

    `stands` is what was given of the member for the moment at which the run begins: at its entry that goes before.
    """
    member = facts.get("member")
    if not isinstance(member, dict):
        return facts
    return {**facts, "member": {**member, **_changed(member, event), **(stands or {})}}


def after_effect(facts: Facts, activity: str, params: Mapping[str, Json]) -> Facts:
    """The facts after a local effect was done."""
    member = facts.get("member")
    if not isinstance(member, dict):
        return facts
    match activity, params:
        case "member.set", {"fields": dict(fields)}:
            everything: dict[str, Json] = {**member, **fields}
            kept: Json = {name: value for name, value in everything.items() if value is not None}
            return {**facts, "member": kept}
        case "wecom.tag_member", _:
            tags = _with(_without(member.get("tags"), *_texts(params.get("remove"))), *_texts(params.get("add")))
            return {**facts, "member": {**member, "tags": tags}}
        case _:
            return facts


def emitted(
    activity: str, params: Mapping[str, Json], result: Mapping[str, Json]
) -> tuple[str, dict[str, Json]] | None:
    """The event, as type and data, that a local effect puts into the log once it is done."""
    match activity, params:
        case "event.emit", {"type": str(kind)}:
            data = params.get("data")
            return kind, {**data} if isinstance(data, dict) else {}
        case "coupon.issue", {"batch": str(batch)}:
            return "coupon.issued", {"batch": batch, "code": result.get("code")}
        case _:
            return None


def _changed(member: Mapping[str, Json], event: EventIn) -> dict[str, Json]:
    data = event.data
    match event.type:
        case "contact.added" if data.get("half") is True:
            return {}
        case "contact.added" | "contact.confirmed":
            since = member.get("friend_since") or event.at.astimezone(UTC).isoformat()
            return {
                "friend": True,
                "friend_since": since,
                "friend_of": _with(member.get("friend_of"), *_keys(data.get("associate"))),
            }
        case "contact.lost":
            left = _without(member.get("friend_of"), *_keys(data.get("associate")))
            last = data.get("last")
            return {"friend": not last if isinstance(last, bool) else bool(left), "friend_of": left}
        case "contact.transferred":
            left = _without(member.get("friend_of"), *_keys(data.get("from")))
            return {"friend_of": _with(left, *_keys(data.get("to")))}
        case "group.joined":
            return {"in_group": True, "in_groups": _with(member.get("in_groups"), *_keys(data.get("chat")))}
        case "group.left":
            left = _without(member.get("in_groups"), *_keys(data.get("chat")))
            return {"in_group": bool(left), "in_groups": left}
        case "member.registered":
            return {"registered": True, **_attributes(data)}
        case "member.updated":
            return _attributes(data)
        case _:
            return {}


def _attributes(data: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in data.items() if name not in NO_ATTRIBUTES}


def _keys(reference: Json) -> list[str]:
    """The key of a thing that is named by it or given as its record."""
    key = reference.get("key") if isinstance(reference, dict) else reference
    return [key] if isinstance(key, str) else []


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _with(value: Json, *more: str) -> list[Json]:
    return [*dict.fromkeys([*_texts(value), *more])]


def _without(value: Json, *gone: str) -> list[Json]:
    return [item for item in _texts(value) if item not in gone]
