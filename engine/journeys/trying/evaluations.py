"""A plan that tells what its conditions came to, and with what texts and params were made: for explanations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from engine.journeys.plan import Plan
from engine.journeys.steps import Activity, Choice, DelayUntil, Step, Trigger, Wait, Work
from rules.compile import Rule
from rules.errors import EvaluationError
from rules.explain import Explanation, explain
from rules.tree import Value as Found
from rules.types import Json
from rules.unknown import Unknown
from rules.values import Value

AnyTrigger = TypeVar("AnyTrigger", bound=Trigger)


@dataclass(frozen=True)
class Judged:
    """What a condition came to on facts: a value, Unknown, or an error.

    `personal` tells of a path whether it is personal by more than the plan's own declarations.
    """

    rule: Rule
    facts: Mapping[str, Any]
    now: datetime
    zone: ZoneInfo
    value: Found
    error: Mapping[str, str] | None = None
    personal: Callable[[str], bool] | None = None

    @property
    def pointer(self) -> str:
        """Its place in the document."""
        return self.rule.tree.pointer

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that would decide it."""
        return tuple(sorted(self.value.missing)) if isinstance(self.value, Unknown) else ()

    def explained(self) -> Explanation:
        """Each part of it with its value; personal values are withheld."""
        return explain(self.rule.tree, self.facts, now=self.now, zone=self.zone, personal=self.personal)


@dataclass(frozen=True)
class Computed:
    """A param of an activity node as it is computed, with what it is computed from."""

    node: str
    name: str
    value: Value
    facts: Mapping[str, Any]
    now: datetime
    zone: ZoneInfo

    def of(self, facts: Mapping[str, Any]) -> Json | Unknown:
        """What it would be on other facts. Raises EvaluationError."""
        return self.value.evaluate(facts, now=self.now, zone=self.zone)


Notice: TypeAlias = Callable[[Judged | Computed], None]


def watched(plan: Plan, notice: Notice) -> Plan:
    """The same plan; `notice` hears of each condition and param when it is evaluated."""
    return replace(
        plan,
        entries=tuple(_trigger(entry, notice) for entry in plan.entries),
        goal=_trigger(plan.goal, notice) if plan.goal else None,
        exits=tuple(_trigger(way_out, notice) for way_out in plan.exits),
        steps={node: replace(step, work=_work(step, notice)) for node, step in plan.steps.items()},
    )


class _WatchedRule(Rule):
    __slots__ = ("_notice",)

    def __init__(self, rule: Rule, notice: Notice) -> None:
        super().__init__(rule.tree, rule.fields)
        self._notice = notice

    def evaluate(self, facts: Mapping[str, Any], *, now: datetime, zone: ZoneInfo) -> Found:
        try:
            value = super().evaluate(facts, now=now, zone=zone)
        except EvaluationError as error:
            self._notice(Judged(self, facts, now, zone, None, error.message))
            raise
        self._notice(Judged(self, facts, now, zone, value))
        return value


class _WatchedValue(Value):
    __slots__ = ("_name", "_node", "_notice")

    def __init__(self, value: Value, node: str, name: str, notice: Notice) -> None:
        super().__init__(value.compute, value.fields, value.optional_fields, is_literal=value.is_literal)
        self._node, self._name, self._notice = node, name, notice

    def evaluate(
        self, facts: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, language: str = "zh"
    ) -> Json | Unknown:
        plain = Value(self.compute, self.fields, self.optional_fields, is_literal=self.is_literal)
        self._notice(Computed(self._node, self._name, plain, facts, now, zone))
        return super().evaluate(facts, now=now, zone=zone, language=language)


def _trigger(trigger: AnyTrigger, notice: Notice) -> AnyTrigger:
    return replace(trigger, when=_WatchedRule(trigger.when, notice)) if trigger.when else trigger


def _work(step: Step, notice: Notice) -> Work:
    match step.work:
        case Wait() as wait:
            return replace(wait, awaited=tuple(_trigger(item, notice) for item in wait.awaited))
        case Choice() as choice:
            return replace(choice, cases=tuple((_WatchedRule(rule, notice), port) for rule, port in choice.cases))
        case DelayUntil() as delay:
            return replace(delay, instant=_WatchedRule(delay.instant, notice))
        case Activity() as activity:
            params = {name: _WatchedValue(each, step.id, name, notice) for name, each in activity.params.items()}
            return replace(activity, params=params)
        case work:
            return work
