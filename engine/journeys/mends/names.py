"""Mends of names: of what there is not, what is most like it; of what may be absent, what stands in for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.journeys.checks.named import named
from engine.journeys.checks.presence import may_be_absent, needed
from engine.journeys.findings import Finding
from engine.journeys.mends.mending import Patient, choices, member, mend, near, put, take
from rules.documents.commands import Mend
from rules.documents.pointers import Absent, steps_of
from rules.fallbacks import from_text, to_text
from rules.text import PLACEHOLDER
from rules.types import Fields, Json

_SHOWN = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_STAND_INS: dict[str, Json] = {"text": "", "enum": "", "integer": 0, "boolean": False}
"""By the type of a field: what is written where it is missing."""
_PEOPLE: Mapping[str, tuple[str, str]] = {
    "member.nickname": ("顾客", "customer"),
    "member.name": ("顾客", "customer"),
    "associate.name": ("导购", "your associate"),
    "store.title": ("门店", "our store"),
    "store.name": ("门店", "our store"),
}
"""How whoever has no name is called, in a Chinese text and in another."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_EVENT_FIELD = re.compile(r"event(\.[A-Za-z0-9_-]+)+", re.ASCII)


def unknown_activity(patient: Patient, finding: Finding) -> list[Mend]:
    """An activity type with a name like it, or none."""
    name = patient.text(finding.pointer)
    node, _ = patient.node_of(finding.pointer)
    offers = [_instead(finding.pointer, each) for each in near(name, patient.context.catalogue)]
    return [*offers, mend("删除这个节点", "Delete this node", {"command": "delete", "node": node})]


def bad_params(patient: Patient, finding: Finding) -> list[Mend]:
    """A param that the type does not know is called by the name that it does know, or taken away."""
    _, at = patient.node_of(finding.pointer)
    steps, params = steps_of(finding.pointer), at.get("params")
    type_ = patient.context.catalogue.get(str(at.get("activity")))
    if type_ is None or len(steps) != 4 or not isinstance(params, dict):
        return []
    known = [field.alias or name for name, field in type_.params.model_fields.items()]
    if steps[3] in known:
        return []
    rename = [
        mend(f"改名为“{each}”", f"Call it `{each}`", {"command": "rename", "pointer": finding.pointer, "to": each})
        for each in near(steps[3], [name for name in known if name not in params])
    ]
    return [*rename, mend("删除这个参数", "Take this param away", take(finding.pointer))]


def unknown_event(patient: Patient, finding: Finding) -> list[Mend]:
    """An event type with a name like it."""
    name = patient.text(finding.pointer)
    return [_instead(finding.pointer, each) for each in near(name, patient.context.events)]


def unknown_reference(patient: Patient, finding: Finding) -> list[Mend]:
    """Things of the same kind, those with a key like it first."""
    name, kind = patient.text(finding.pointer), _kind_at(patient, finding.pointer)
    if kind is None or patient.context.named is None:
        return []
    known = patient.context.named(kind)
    return [_instead(finding.pointer, each) for each in choices(name, known, 0.4)]


def unknown_condition(patient: Patient, finding: Finding) -> list[Mend]:
    """A named condition with a name like it."""
    match patient.value(finding.pointer):
        case {"condition": str(name)} | {"condition": [str(name)]}:
            known = near(name, patient.context.conditions)
        case _:
            return []
    return [mend(f"改成“{each}”", f"Write `{each}`", put(finding.pointer, {"condition": each})) for each in known]


def _kind_at(patient: Patient, pointer: str) -> str | None:
    """The kind of thing that is named at a place."""
    found = named(patient.journey, patient.context.catalogue) if patient.journey else ()
    return next((each.kind for each in found if each.pointer == pointer), None)


def unknown_field(patient: Patient, finding: Finding) -> list[Mend]:
    """A field with a name like it; of an event, also its declaration."""
    written, fields = patient.text(finding.pointer), patient.fields_at(finding.pointer)
    if steps_of(finding.pointer)[2:3] == ["facts"] and not written.startswith(("{{", "event.")):
        return []
    offers: list[Mend] = []
    for path in _paths(written, fields):
        for each in near(path, fields, 0.6):
            value = _replaced(written, path, each)
            if patient.stays_sound(finding.pointer, value):
                offers.append(_instead(finding.pointer, value, each))
        if _EVENT_FIELD.fullmatch(path) and isinstance(patient.document.get("fields", {}), dict):
            declaration: Json = {"type": "text", "optional": True}
            declared = member(patient.document, "/fields", path, declaration)
            offers.append(mend(f"声明字段“{path}”(文本)", f"Declare the field `{path}` (text)", declared))
    return offers


def _paths(written: str, fields: Fields) -> list[str]:
    """The unknown fields of a text, or the one that an expression names."""
    shown = _SHOWN.findall(written) if "{{" in written else [written]
    return [path for path in dict.fromkeys(shown) if path not in fields]


def _replaced(written: str, path: str, by: str) -> str:
    if "{{" not in written:
        return by
    return _SHOWN.sub(lambda shown: f"{{{{{by}}}}}" if shown[1] == path else shown[0], written)


def maybe_missing(patient: Patient, finding: Finding) -> list[Mend]:
    """What is written where it is absent; something else to take for it; or the text without it."""
    value, fields = patient.value(finding.pointer), patient.fields_at(finding.pointer)
    return [*_written_instead(patient, finding.pointer, value, fields), *_without(finding.pointer, value, fields)]


def _written_instead(patient: Patient, pointer: str, value: Json | Absent, fields: Fields) -> Iterator[Mend]:
    """The text with words for whoever lacks the field: `{{member.nickname|顾客}}`."""
    text = value if isinstance(value, str) else None if isinstance(value, Absent) else to_text(value)
    if text is None:
        return
    shown = {match[1].strip() for match in PLACEHOLDER.finditer(text)}
    absent = sorted(path for path in shown if path in fields and fields[path].optional)
    if not absent or any(path not in _PEOPLE for path in absent):
        return
    words = {path: _PEOPLE[path][not _HAN.search(text)] for path in absent}
    filled = PLACEHOLDER.sub(lambda match: _filled(match, words), text)
    said = list(dict.fromkeys(words.values()))
    zh, en = "、".join(f"“{word}”" for word in said), ", ".join(f"“{word}”" for word in said)
    meant = from_text(filled)
    if patient.stays_sound(pointer, meant):
        yield mend(f"没有值时写{zh}", f"Where it is absent, write {en}", put(pointer, meant))


def _filled(match: re.Match[str], words: Mapping[str, str]) -> str:
    path = match[1].strip()
    return f"{{{{{path}|{words[path]}}}}}" if path in words else match[0]


def _without(pointer: str, value: Json | Absent, fields: Fields) -> list[Mend]:
    match value:
        case {"$": expression}:
            return [*_defaulted(pointer, expression, fields)]
        case str() if (shown := _SHOWN.fullmatch(value)) and shown[1] in fields:
            return [*_defaulted(pointer, {"var": shown[1]}, fields)]
        case str():
            absent = {path for _, paths in may_be_absent(value, fields, "") for path in paths}
            left = _SHOWN.sub(lambda shown: "" if shown[1] in absent else shown[0], value)
            zh = "、".join(f"“{path}”" for path in sorted(absent))
            en = ", ".join(f"`{path}`" for path in sorted(absent))
            return [mend(f"从文字中去掉{zh}", f"Leave {en} out of the text", put(pointer, left))]
        case _:
            return []


def _defaulted(pointer: str, expression: Json, fields: Fields) -> Iterator[Mend]:
    """The expression with something that stands in for it, where the type of its fields tells what that may be."""
    types = {fields[path].type for path in needed(expression, fields)}
    kind = types.pop() if len(types) == 1 else None
    match expression:
        case {"var": str()}:
            options: list[Json] = [expression]
        case {"default": [*given]}:
            options = given
        case _:
            return
    if kind in _STAND_INS:
        stand_in = _STAND_INS[kind]
        told = "空" if stand_in == "" else str(stand_in)
        said = "nothing" if stand_in == "" else str(stand_in)
        value: Json = {"$": {"default": [*options, stand_in]}}
        yield mend(f"没有值时用{told}", f"Where it is absent, use {said}", put(pointer, value))


def _instead(pointer: str, value: str, name: str | None = None) -> Mend:
    return mend(f"改成“{name or value}”", f"Write `{name or value}`", put(pointer, value))
