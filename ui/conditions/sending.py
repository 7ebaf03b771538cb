"""What a page sent about a condition, as one command: a button that was pressed, or a row that was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from rules.errors import RuleError
from rules.reader import loads
from rules.types import Json
from ui.conditions import actions
from ui.conditions.actions import ActionError, Edited
from ui.conditions.asked import Desk, Done, Sent
from ui.conditions.choices import new_test
from ui.conditions.rows import demand_seen, row
from ui.conditions.tree import Named, same
from ui.conditions.typed import scope_at
from ui.conditions.values import MistakeError
from ui.scope import MOMENTS

Deed: TypeAlias = Callable[[Edited, Sent, Desk], Done]


def done(edited: Edited, sent: Sent, desk: Desk) -> Done:
    """What comes of it. Raises ActionError, MistakeError, MovedError; then nothing is to change."""
    deed = _DEEDS.get(sent.do)
    if deed is None:
        raise ActionError("conditions.failure.gone")
    return deed(edited, sent, desk)


# Whole parts


def _added(edited: Edited, sent: Sent, desk: Desk) -> Done:
    fields = scope_at(edited.tree, sent.at, desk.fields)
    path = sent.text("path")
    if path not in fields and path not in MOMENTS:
        raise ActionError("conditions.failure.field")
    return Done(*actions.add(edited, sent.at, new_test(path, fields, desk.start)))


def _named(edited: Edited, sent: Sent, desk: Desk) -> Done:
    name = sent.text("name")
    if name not in desk.conditions:
        raise ActionError("conditions.failure.name")
    node = edited.node(sent.at)
    if sent.text("instead") and isinstance(node, Named):
        return Done(*actions.replace(edited, sent.at, {"condition": [name] if node.listed else name}))
    return Done(*actions.add(edited, sent.at, {"condition": name}))


def _group_added(edited: Edited, sent: Sent, _desk: Desk) -> Done:
    return Done(*actions.add_group(edited, sent.at))


def _moved(by: int) -> Deed:
    def deed(edited: Edited, sent: Sent, desk: Desk) -> Done:
        demand_seen(edited, sent, desk)
        return Done(*actions.shift(edited, sent.at, by))

    return deed


def _duplicated(edited: Edited, sent: Sent, desk: Desk) -> Done:
    demand_seen(edited, sent, desk)
    return Done(*actions.duplicate(edited, sent.at))


def _removed(edited: Edited, sent: Sent, desk: Desk) -> Done:
    demand_seen(edited, sent, desk)
    return Done(*actions.remove(edited, sent.at))


def _wrapped(edited: Edited, sent: Sent, desk: Desk) -> Done:
    demand_seen(edited, sent, desk)
    return Done(*actions.wrap(edited, sent.at, "!"))


def _grouped(edited: Edited, sent: Sent, desk: Desk) -> Done:
    demand_seen(edited, sent, desk)
    return Done(*actions.group(edited, sent.at))


def _unwrapped(edited: Edited, sent: Sent, desk: Desk) -> Done:
    demand_seen(edited, sent, desk)
    return Done(*actions.unwrap(edited, sent.at))


def _switched(edited: Edited, sent: Sent, _desk: Desk) -> Done:
    return Done(*actions.switch(edited, sent.at, sent.text("to")))


def _mended(edited: Edited, sent: Sent, desk: Desk) -> Done:
    demand_seen(edited, sent, desk)
    return Done(*actions.replace(edited, sent.text("place"), _json(sent.text("value"))))


def _written(edited: Edited, sent: Sent, _desk: Desk) -> Done:
    """The whole as JSON. Nothing written takes the condition away."""
    typed = sent.text("json").strip()
    if not typed:
        return Done(*actions.remove(edited, ""))
    value = _json(typed)
    return Done(None) if same(value, edited.condition) else Done(*actions.replace(edited, "", value))


def _json(typed: str) -> Json:
    try:
        return loads(typed)
    except RuleError as error:
        raise MistakeError("conditions.mistake.json", error.problems[0].message) from None


_DEEDS: Mapping[str, Deed] = {
    "row": row,
    "add": _added,
    "add-group": _group_added,
    "named": _named,
    "up": _moved(-1),
    "down": _moved(1),
    "duplicate": _duplicated,
    "remove": _removed,
    "not": _wrapped,
    "group": _grouped,
    "unwrap": _unwrapped,
    "switch": _switched,
    "mend": _mended,
    "json": _written,
}
