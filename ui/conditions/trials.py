"""A condition tried on somebody, or on made-up facts: what it comes to, why, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.decisions.asking import below
from engine.decisions.errors import DecisionError
from engine.decisions.subjects import find_subject
from engine.members.facts import read_all
from engine.organisation.regions import with_regions_above
from rules.compile import Rule, compile_rule
from rules.errors import EvaluationError, RuleError
from rules.explain import Explanation, explain
from rules.scalars import parse_instant
from rules.types import Json
from rules.unknown import Unknown
from ui.rulesets.tables import named
from ui.trying.facts import Filled, fill_fields

if TYPE_CHECKING:
    from ui.conditions.bench import Bench
    from ui.conditions.reach import Crowd
    from ui.messages import Language

Verdict: TypeAlias = Literal["true", "false", "unknown", "error"]

MOST_PARTS = 200
"""So many sub-expressions of an explanation are shown."""


@dataclass(frozen=True)
class Tried:
    """What it came to, and why."""

    verdict: Verdict
    missing: str
    explanation: Explanation
    trouble: str = ""


@dataclass(frozen=True)
class Trial:
    """The form as it was sent, and what came of it, or why nothing did."""

    form: Filled
    sent: Mapping[str, str] = field(default_factory=dict)
    tried: Tried | None = None
    failure: str = ""


def blank(bench: Bench, language: Language) -> Trial:
    """The form before anything was written."""
    rule = _compiled(bench)
    if rule is None:
        return Trial(Filled([], {}), failure="broken")
    return Trial(_form(bench, rule, {}, language))


def trial(bench: Bench, crowd: Crowd, sent: Mapping[str, str], language: Language) -> Trial:
    """What comes of a form. What is written goes before what is known of the member."""
    rule = _compiled(bench)
    if rule is None:
        return Trial(Filled([], {}), sent, failure="broken")
    form = _form(bench, rule, sent, language)
    try:
        now = _now(sent.get("now", ""), bench.zone, crowd.now)
    except ValueError:
        return Trial(form, sent, failure="now")
    if form.failed:
        return Trial(form, sent, failure="entry")
    try:
        facts = _facts(crowd, rule, sent.get("who", "").strip(), form.facts, now)
    except DecisionError:
        return Trial(form, sent, failure="who")
    return Trial(form, sent, _tried(bench, rule, facts, now, language))


def _compiled(bench: Bench) -> Rule | None:
    try:
        return compile_rule(bench.rule, bench.fields, conditions=bench.conditions)
    except RuleError:
        return None


def _form(bench: Bench, rule: Rule, sent: Mapping[str, str], language: Language) -> Filled:
    return fill_fields(sorted(rule.fields), bench.fields, bench.zone, sent, language)


def _now(text: str, zone: ZoneInfo, present: datetime) -> datetime:
    if not text.strip():
        return present
    at = datetime.fromisoformat(text.strip())
    return parse_instant((at if at.tzinfo else at.replace(tzinfo=zone)).isoformat())


def _facts(crowd: Crowd, rule: Rule, who: str, given: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    with crowd.begin() as session:
        filled = with_regions_above(session, given, rule.fields)
        if not who:
            return filled
        store = filled.get("store")
        key = store.get("key") if isinstance(store, dict) else None
        subject = find_subject(session, crowd.keys, who, key if isinstance(key, str) else None)
        [read] = read_all(session, crowd.keys, [subject], paths=rule.fields, now=now)
    return below(read, filled)


def _tried(bench: Bench, rule: Rule, facts: Mapping[str, Json], now: datetime, language: Language) -> Tried:
    explanation = explain(rule.tree, facts, now=now, zone=bench.zone, most=MOST_PARTS)
    try:
        value = rule.evaluate(facts, now=now, zone=bench.zone)
    except EvaluationError as error:
        return Tried("error", "", explanation, error.message[language])
    if isinstance(value, Unknown):
        return Tried("unknown", named(sorted(value.missing), bench.fields, language), explanation)
    return Tried("true" if value else "false", "", explanation)
