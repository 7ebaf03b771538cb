"""Takes phone numbers and personal attributes out of an event, so that the log holds none in the clear.

What is taken out is kept by JSON pointer, sealed. In place of a phone number the log keeps `phone:<keyed hash>`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from engine.members.handles import HandleError, phone_number
from engine.secrets.keyring import KeyRing
from rules.limits import escape
from rules.pointers import keys_of
from rules.types import Json

PHONE_KEYS = frozenset({"phone", "mobile", "telephone", "tel", "phone_number", "mobile_number"})
"""Keys of `data`, at any depth, whose value is a phone number."""

Taken: TypeAlias = dict[str, Json]


def take_out(data: Mapping[str, Json], keys: KeyRing, names: Collection[str]) -> tuple[dict[str, Json], Taken]:
    """`data` without its personal parts, and those parts by pointer. `names` are those of personal attributes."""
    taken: Taken = {}
    left: dict[str, Json] = {}
    for key, value in data.items():
        if key == "identities" and isinstance(value, list):
            left[key] = [hide_phone(item, keys) if isinstance(item, str) else item for item in value]
        elif key in names and key not in PHONE_KEYS:
            if value is not None:
                taken["/" + escape(key)] = value
        elif _may_hold_phones(key, value):
            left[key] = _without_phones(key, value, "/" + escape(key), keys, taken)
        else:
            left[key] = value
    return left, taken


def put_back(data: Mapping[str, Json], taken: Mapping[str, Json]) -> dict[str, Json]:
    """The data as it arrived: what `take_out` took, at its place again."""
    whole: dict[str, Json] = dict(data)
    for pointer, value in taken.items():
        whole = _replaced(whole, keys_of(pointer), value)
    return whole


def hide_phone(handle: str, keys: KeyRing) -> str:
    """A handle as the log keeps it: a phone number as its keyed hash, any other as it is."""
    kind, _, value = handle.partition(":")
    return phone_token(value, keys) if kind == "phone" else handle


def phone_token(number: str, keys: KeyRing) -> str:
    """`phone:<keyed hash>`: the same for two ways to write one number."""
    try:
        number = phone_number(number)
    except HandleError:
        number = number.strip()
    return "phone:" + keys.lookup("phone", number).hex()


def _may_hold_phones(key: str, value: Json) -> bool:
    """False for most of what an event holds, for which no place need be worked out."""
    return key in PHONE_KEYS or isinstance(value, dict | list)


def _without_phones(key: str, value: Json, pointer: str, keys: KeyRing, taken: Taken) -> Json:
    if isinstance(value, dict):
        return {
            k: _without_phones(k, v, f"{pointer}/{escape(k)}", keys, taken) if _may_hold_phones(k, v) else v
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_without_phones(key, item, f"{pointer}/{i}", keys, taken) for i, item in enumerate(value)]
    if key in PHONE_KEYS and isinstance(value, str | int) and not isinstance(value, bool):
        taken[pointer] = value
        return phone_token(str(value), keys)
    return value


def _replaced(whole: dict[str, Json], steps: list[str], value: Json) -> dict[str, Json]:
    """`whole` with `value` at the place that `steps` lead to; nothing is changed in place."""
    step, *rest = steps
    if not rest:
        return {**whole, step: value}
    return {**whole, step: _replaced_in(whole.get(step), rest, value)}


def _replaced_in(part: Json, steps: list[str], value: Json) -> Json:
    if isinstance(part, dict):
        return _replaced(part, steps, value)
    if isinstance(part, list):
        step, *rest = steps
        items = list(part)
        items[int(step)] = _replaced_in(items[int(step)], rest, value) if rest else value
        return items
    return part
