"""Mends of the format: keys that are misspelt, missing or too many; ids and durations that are written another way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.journeys.document import SCHEMA
from engine.journeys.editing.new_nodes import NAME, free_id
from engine.journeys.editing.rough import main_successor, targets_of
from engine.journeys.findings import Finding
from engine.journeys.mends.mending import Patient, Told, choices, end_after, mend, near, put, take, way
from rules.documents.commands import Mend
from rules.documents.pointers import steps_of
from rules.pointers import pointer_of
from rules.types import Json

_UNKNOWN = re.compile(r"There is no key `(?P<key>.*?)` here\. There are (?P<known>.*)\.", re.DOTALL)
_MISSING = re.compile(r"The key `(?P<key>\w+)` is missing\.")
_QUOTED = re.compile(r"['`]([A-Za-z_]+)['`]")
_SPAN = re.compile(r"\s*(\d{1,4})\s*([a-z]+|[\u4e00-\u9fff]+)\s*", re.IGNORECASE)
_UNITS: Mapping[str, str] = {
    "d": "P{}D", "day": "P{}D", "days": "P{}D", "天": "P{}D", "日": "P{}D", "w": "P{}W", "week": "P{}W",
    "weeks": "P{}W",
    "周": "P{}W", "month": "P{}M", "months": "P{}M", "个月": "P{}M", "月": "P{}M", "h": "PT{}H", "hour": "PT{}H",
    "hours": "PT{}H", "小时": "PT{}H", "时": "PT{}H", "min": "PT{}M", "minute": "PT{}M", "minutes": "PT{}M",
    "分钟": "PT{}M", "分": "PT{}M", "s": "PT{}S", "seconds": "PT{}S", "秒": "PT{}S",
}  # fmt: skip
_ABSENT: Mapping[str, Json] = {
    "schema": SCHEMA, "entry": [{"on": "contact.added"}], "save": "decision", "mode": "start", "outcome": "done",
    "for": [{"on": "contact.added", "port": "added"}], "cases": [], "assign": {"to": "store"}, "when": True,
}  # fmt: skip
"""By key: what may stand where it is missing."""
_NAMES = frozenset({"stage", "save", "port", "outcome", "on_unknown"})
_SPARE = re.compile(
    r"/(title|note|goal|subject)|/(policies|fields|tests|exits)/[^/]+|/nodes/[^/]+/(title|note|stage|save|retry|since)"
    r"|/entry/\d+/(when|start|save|note)|/nodes/[^/]+/for/\d+/(when|save)|/goal/(when|stage|title)|/exits/\d+/(when|outcome|title)"
)
"""What a document can do without."""


def schema(patient: Patient, finding: Finding) -> list[Mend]:
    """What helps against this breach of the format; the first is the likeliest."""
    said = finding.message["en"]
    if unknown := _UNKNOWN.fullmatch(said):
        return [*_unknown_key(patient, finding.pointer, unknown["known"])]
    if missing := _MISSING.fullmatch(said):
        return [*_missing_key(patient, finding.pointer, missing["key"])]
    return [*_rewritten(patient, finding), *_spared(finding.pointer)]


def _unknown_key(patient: Patient, pointer: str, listed: str) -> Iterator[Mend]:
    *steps, key = steps_of(pointer)
    holder = patient.value(pointer_of(steps))
    free = [name for name in re.findall(r"`(.*?)`", listed) if isinstance(holder, dict) and name not in holder]
    for name in near(key, free):
        yield mend(f"改名为“{name}”", f"Call it `{name}`", {"command": "rename", "pointer": pointer, "to": name})
    yield mend(f"删除“{key}”", f"Take `{key}` away", take(pointer))


def _missing_key(patient: Patient, pointer: str, key: str) -> Iterator[Mend]:
    value = _ABSENT.get(key)
    if key == "start" and patient.nodes:
        value = next(iter(patient.nodes))
    if value is not None:
        yield mend(f"补上“{key}”", f"Add `{key}`", put(f"{pointer}/{key}", value))


def _rewritten(patient: Patient, finding: Finding) -> Iterator[Mend]:
    """The value in another way: a duration, an id, one of the words that may stand there."""
    pointer = finding.pointer
    steps, value = steps_of(pointer), patient.value(pointer)
    if pointer == "/schema":
        yield _written(pointer, SCHEMA)
    elif len(steps) == 2 and steps[0] == "nodes" and not NAME.fullmatch(steps[1]):
        yield from _renamed_node(patient, steps[1])
    elif len(steps) == 2 and steps[0] == "nodes":
        yield from _one_form(patient, pointer)
    elif len(steps) == 4 and steps[2] == "ports" and not NAME.fullmatch(steps[3]):
        yield mend("删除这条连线", "Take this way away", take(pointer))
    elif steps and steps[-1] == "for" and value == []:
        node, at = patient.node_of(pointer)
        yield mend("等待添加好友", "Wait for a friend to be added", *_awaiting_a_friend(pointer, node, at))
    elif isinstance(value, str):
        yield from _respelt(finding, steps[-1] if steps else "", value)


def _awaiting_a_friend(pointer: str, node: str, at: dict[str, Json]) -> Iterator[Told]:
    """Through the port that there is, else through a new one that leads on as the main way does."""
    port = next((each for each in targets_of(at) if each != "timeout"), None)
    awaited: Json = [{"on": "contact.added", "port": port or "added"}]
    yield put(pointer, awaited)
    if port is None:
        on = main_successor(node, at)
        yield way(node, "added", on) if on is not None else end_after(node, "added", "added")


def _respelt(finding: Finding, key: str, value: str) -> Iterator[Mend]:
    span = _SPAN.fullmatch(value)
    if span and (form := _UNITS.get(span[2].lower())):
        yield _written(finding.pointer, form.format(int(span[1])))
    elif key in _NAMES and not NAME.fullmatch(value):
        yield _written(finding.pointer, free_id(value, ()))
    elif finding.message["en"].startswith("Write "):
        listed = _QUOTED.findall(finding.message["en"])
        for word in choices(value, listed):
            yield _written(finding.pointer, word)


def _renamed_node(patient: Patient, node: str) -> Iterator[Mend]:
    if node in patient.nodes:
        to = free_id(node, patient.nodes)
        yield mend(f"改名为“{to}”", f"Call it `{to}`", {"command": "rename_node", "node": node, "to": to})


def _one_form(patient: Patient, pointer: str) -> Iterator[Mend]:
    """A delay says how long in exactly one way."""
    _, at = patient.node_of(pointer)
    if at.get("type") == "delay" and {"for", "until"} <= at.keys():
        yield mend("只保留时长", "Keep the duration only", take(f"{pointer}/until"))
        yield mend("只保留时刻", "Keep the time only", take(f"{pointer}/for"))
    elif at.get("type") == "delay" and "until" not in at:
        yield mend("延时一天", "Delay for a day", put(f"{pointer}/for", "P1D"))


def _spared(pointer: str) -> Iterator[Mend]:
    if _SPARE.fullmatch(pointer):
        yield mend("删除这一项", "Take this away", take(pointer))


def _written(pointer: str, value: str) -> Mend:
    return mend(f"改成“{value}”", f"Write `{value}`", put(pointer, value))
