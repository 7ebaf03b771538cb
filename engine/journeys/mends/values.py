"""Mends of values of another type than their field's: the same written otherwise, or a declared value like it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from engine.journeys.findings import Finding
from engine.journeys.mends.mending import MOST, Patient, mend, near, put
from rules.documents.commands import Mend
from rules.documents.pointers import steps_of
from rules.pointers import pointer_of
from rules.types import Json

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,14})")
_WORDS: dict[str, Json] = {"true": True, "false": False}


def type_mismatch(patient: Patient, finding: Finding) -> list[Mend]:
    """The same value as the type wants it: a number for its digits, digits for a number, what a word stands for."""
    value = patient.value(finding.pointer)
    if not isinstance(value, str | int | bool):
        return []
    fitting = (
        each for each in _otherwise(patient, finding.pointer, value) if patient.gets_better(finding.pointer, each)
    )
    return [_written(finding.pointer, each) for each, _ in zip(fitting, range(MOST), strict=False)]


def _otherwise(patient: Patient, pointer: str, value: Json) -> Iterator[Json]:
    match value:
        case bool():
            yield json.dumps(value)
        case int():
            yield str(value)
        case str():
            if _INTEGER.fullmatch(value.strip()):
                yield int(value)
            if value.strip().lower() in _WORDS:
                yield _WORDS[value.strip().lower()]
            yield from near(value, _declared(patient, pointer))
        case _:
            return


def _declared(patient: Patient, pointer: str) -> list[str]:
    """The values of the field that the value is compared with."""
    beside, fields = patient.value(pointer_of(steps_of(pointer)[:-1])), patient.fields_at(pointer)
    paths = (
        [each["var"] for each in beside if isinstance(each, dict) and "var" in each] if isinstance(beside, list) else []
    )
    return [value for path in paths if path in fields for value in fields[str(path)].values or ()]


def _written(pointer: str, value: Json) -> Mend:
    shown = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and not _INTEGER.fullmatch(value) and value not in _WORDS:
        return mend(f"改成“{value}”", f"Write `{value}`", put(pointer, value))
    return mend(f"改成 {shown}", f"Write {shown}", put(pointer, value))
