"""What a test states and what came of it, in words: the finding of a test that does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from engine.journeys.catalogue import Catalogue, worded
from rules.documents.report import Difference
from rules.documents.words import Words
from rules.types import Json
from rules.words import said


def unmet(name: str, differences: Sequence[Difference], catalogue: Catalogue = MappingProxyType({})) -> Words:
    """What a test states beside what came of it, the first few of it; effects by the words of their types."""
    told = differences[:_TOLD]
    said_zh, said_en = ([_differs(each, place, catalogue) for each in told] for place in (0, 1))
    more = ["…"] if len(differences) > _TOLD else []
    return (
        f"测试“{name}”没有通过：{'；'.join(said_zh + more)}。",
        f"The test `{name}` failed: {'; '.join(said_en + more)}.",
    )


def _differs(one: Difference, place: int, catalogue: Catalogue) -> str:
    """A difference in the language at this place: Chinese, then English."""
    sides = (one.expected, one.actual)
    if one.field == "effects":
        stated = {(each.get("activity"), name) for each in _dicts(one.expected) for name in _params(each)}
        wanted, came = (_effects(side, place, catalogue, stated) for side in sides)
    else:
        wanted, came = (_stated(one.field, side, place) for side in sides)
    if place == 0:
        return f"{_STATED.get(one.field, f'「{one.field}」')}应为 {wanted}，实际是 {came}"
    verb = "are" if one.field == "effects" else "is"
    return f"{_STATED_EN.get(one.field, one.field)} should be {wanted} and {verb} {came}"


def _stated(field: str, value: Json, place: int) -> str:
    """A value of a test; nodes and outcomes between quotation marks, since pages call them otherwise."""
    quotes, nothing = _SIGNS[place]
    nodes = value if isinstance(value, list) else [value]
    if field not in _NAMES or not nodes or not all(isinstance(node, str) for node in nodes):
        return said(value, nothing)
    shown = [f"{quotes[0]}{node}{quotes[1]}" for node in nodes[:_NODES_TOLD]]
    return " → ".join([*shown, "…"] if len(nodes) > _NODES_TOLD else shown)


def _effects(value: Json, place: int, catalogue: Catalogue, stated: set[tuple[Json, str]]) -> str:
    """Effects in their order; how something is worded is told where the test states it."""
    shown = [_effect(each, place, catalogue, stated) for each in _dicts(value)]
    return " → ".join([*shown[:_NODES_TOLD], "…"] if len(shown) > _NODES_TOLD else shown) or _SIGNS[place][1]


def _effect(effect: Mapping[str, Json], place: int, catalogue: Catalogue, stated: set[tuple[Json, str]]) -> str:
    activity = str(effect.get("activity"))
    type_, (quotes, nothing) = catalogue.get(activity), _SIGNS[place]
    named = type_.params.model_json_schema().get("properties", {}) if type_ else {}
    long = worded(type_.params) if type_ else frozenset[str]()
    parts = [
        _PAIR[place].format(
            _called(named.get(name), place) or name,
            f"{quotes[0]}{value}{quotes[1]}" if isinstance(value, str) and name not in long else said(value, nothing),
        )
        for name, value in _params(effect).items()
        if value not in (None, "", [], {}) and (name not in long or (activity, name) in stated)
    ]
    title = type_.titles[_LANGUAGES[place]] if type_ else f"{quotes[0]}{activity}{quotes[1]}"
    return _WITH[place].format(title, _COMMA[place].join(parts)) if parts else title


def _called(schema: object, place: int) -> str:
    titles = schema.get("x-title") if isinstance(schema, dict) else None
    return str(titles.get(_LANGUAGES[place], "")) if isinstance(titles, dict) else ""


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _params(effect: Mapping[str, Json]) -> Mapping[str, Json]:
    params = effect.get("params")
    return params if isinstance(params, dict) else {}


_LANGUAGES = ("zh", "en")
_PAIR, _WITH, _COMMA = ("{}：{}", "{}: {}"), ("{}（{}）", "{} ({})"), ("、", ", ")
_TOLD = 4
_NAMES = frozenset({"path", "waiting_at", "outcome"})
_NODES_TOLD = 8
_SIGNS = (("“”", "无"), ("``", "nothing"))
"""Of each language: what names stand between, since pages call them otherwise, and what stands for nothing."""
_STATED = {
    "row": "行", "rows": "行", "reason": "原因", "outcome": "结果", "missing": "缺少的字段", "entry": "是否进入",
    "path": "路径", "waiting_at": "等待的节点", "deadline": "期限", "effects": "动作",
}  # fmt: skip
"""What tests state beside outputs, in Chinese."""
_STATED_EN = {
    "entry": "whether they enter", "waiting_at": "the node it waits at", "path": "the path", "effects": "the actions",
    "deadline": "the deadline", "outcome": "the outcome",
}  # fmt: skip
"""The same in English, where the key is no word."""
