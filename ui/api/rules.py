"""A rule tried on facts, with its sentence and the reason for its value."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.orm import Session

from engine.events.types import EVENT_TYPES
from engine.fields.catalogue import known_fields
from engine.journeys.context import CheckContext
from engine.organisation.regions import with_regions_above
from engine.rulesets.fields import ruleset_fields
from engine.rulesets.published import published_conditions
from rules.compile import Rule, compile_rule
from rules.documents.values import Zone
from rules.errors import EvaluationError, RuleError
from rules.explain import Explanation, explain
from rules.limits import escape
from rules.scalars import parse_instant
from rules.sentences import sentences
from rules.tables.relations import known_fields as with_declared
from rules.types import Declaration, Problem
from rules.unknown import Unknown
from rules.writing import as_json
from rules.zones import HOME_ZONE
from ui.http.auth import Caller, require
from ui.http.idempotency import NOT_KEPT
from ui.http.problems import FieldError, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["Rules"], takes_rules=True)

Decider = Annotated[Caller, Depends(require("decisions", "definitions"))]


def _instant(value: object) -> datetime:
    try:
        return parse_instant(value)
    except ValueError as error:
        raise ValueError("write an instant with its offset, such as 2026-11-05T10:00:00+08:00") from error


class Evaluation(BaseModel):
    """A rule and the facts to try it on. `now` is the present when left out.

    `fields` are declarations of what the catalogue does not know, or knows less narrowly.
    """

    model_config = ConfigDict(extra="forbid")

    expression: Any
    facts: dict[str, Any] = {}
    now: Annotated[datetime, BeforeValidator(_instant)] | None = None
    time_zone: Zone = HOME_ZONE
    fields: dict[str, Declaration] = Field(default_factory=dict, max_length=200)


class ExplanationAnswer(BaseModel):
    """A sub-expression: in words, and its value on the facts.

    `cut` says that only the beginning of a long value is shown; `item` is the number, in a list, of the item that it is
    about; `error` is what went wrong in it.
    """

    pointer: str
    sentence: dict[str, str]
    type: str
    value: Any
    cut: bool
    unknown: bool
    missing: list[str]
    error: dict[str, str] | None
    personal: bool
    item: int | None
    parts: list["ExplanationAnswer"]


class EvaluationAnswer(BaseModel):
    """The value; when it is `unknown`, the value is null and `missing` names the facts that would decide it."""

    value: Any
    unknown: bool
    missing: list[str]
    type: str = Field(examples=["boolean"])
    sentence: dict[str, str]
    explanation: ExplanationAnswer


@router.post("/rules/evaluate")
def evaluate(body: Evaluation, caller: Decider, response: Response) -> EvaluationAnswer:
    """Try a rule on facts. Personal values in the explanation are those of the facts sent; `personal` marks them."""
    response.headers["Cache-Control"] = NOT_KEPT
    now, zone = body.now or caller.now(), ZoneInfo(body.time_zone)
    with caller.begin() as session:
        rule = _compiled(session, body)
        facts = with_regions_above(session, body.facts, rule.fields)
    try:
        value = rule.evaluate(facts, now=now, zone=zone)
    except EvaluationError as error:
        explanation = explain(rule.tree, facts, now=now, zone=zone)
        raise _undecidable(error, explanation) from error
    explanation = explain(rule.tree, facts, now=now, zone=zone, show_personal=True)
    return EvaluationAnswer(
        value=None if isinstance(value, Unknown) else as_json(value, rule.tree.type),
        unknown=isinstance(value, Unknown),
        missing=sorted(value.missing) if isinstance(value, Unknown) else [],
        type=rule.type,
        sentence=sentences(rule.tree, zone),
        explanation=ExplanationAnswer.model_validate(explanation.to_json()),
    )


def _compiled(session: Session, body: Evaluation) -> Rule:
    problems: list[Problem] = []
    events = {name: each.fields for name, each in EVENT_TYPES.items()}
    catalogue = ruleset_fields(CheckContext(fields=known_fields(session), events=events))
    fields = with_declared(body.fields, catalogue, problems)
    conditions = published_conditions(session)
    if problems:
        raise RuleError(problems)
    return compile_rule(body.expression, fields, expect=None, pointer="/expression", conditions=conditions)


def _undecidable(error: EvaluationError, explanation: Explanation) -> Unprocessable:
    """The answer to a rule that went wrong: at the fact, or at the innermost expression that did."""
    if error.field is not None:
        place = "/facts/" + "/".join(escape(step) for step in error.field.split("."))
    else:
        place = _innermost(explanation).pointer
    detail = "The rule cannot be decided on these facts, which is neither true nor false; see errors."
    return Unprocessable(detail, errors=[FieldError(place, error.message["en"])])


def _innermost(explanation: Explanation) -> Explanation:
    for part in explanation.parts:
        if part.error is not None:
            return _innermost(part)
    return explanation
