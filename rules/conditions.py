"""Named conditions: which of them a rule uses, itself or through others."""

from __future__ import annotations

from collections.abc import Iterator

from rules.types import Conditions, Json


def qualified(name: str, within: str) -> str:
    """The full name of a condition as another, `within`, uses it: `gold` in `zones/vip` is `zones/gold`."""
    ruleset = within.rpartition("/")[0]
    return f"{ruleset}/{name}" if ruleset and "/" not in name else name


def used(rule: Json, conditions: Conditions) -> dict[str, Json]:
    """Those of `conditions` that a rule, or a document of rules, needs to be read again."""
    found: dict[str, Json] = {}
    wanted = [*_named(rule)]
    while wanted:
        name = wanted.pop()
        if name in conditions and name not in found:
            found[name] = conditions[name]
            wanted += [qualified(inner, name) for inner in _named(conditions[name])]
    return found


def _named(rule: Json) -> Iterator[str]:
    match rule:
        case {"condition": str(name) | [str(name)], **others} if not others:
            yield name
        case dict():
            for part in rule.values():
                yield from _named(part)
        case list():
            for part in rule:
                yield from _named(part)
        case _:
            return
