"""What outsiders ask: a condition and fields of their own, checked before anything is counted."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from engine.audiences import words
from engine.audiences.columns import SCOPES
from engine.audiences.sealed import sealed_names
from engine.fields.catalogue import known_fields
from engine.rulesets.published import published_conditions
from rules.compile import Rule, compile_rule
from rules.errors import RuleError
from rules.fields import Field
from rules.limits import escape
from rules.tables.relations import known_fields as with_declared
from rules.types import Declaration, Fields, Json, Problem


def audience_fields(session: Session, given: Mapping[str, Declaration]) -> Fields:
    """The catalogue that an audience has, with what the caller declares. Raises RuleError."""
    catalogue = {path: each for path, each in known_fields(session).items() if path.startswith(SCOPES)}
    problems = [_misplaced(path) for path in given if not path.startswith(SCOPES)]
    found = with_declared(given, catalogue, problems)
    if problems:
        raise RuleError(problems)
    return found


def audience_rule(session: Session, condition: Json, fields: Fields) -> Rule:
    """The condition, compiled; it may name those of published rulesets.

    Raises RuleError, for personal data too: a count would tell who somebody is.
    """
    rule = compile_rule(condition, fields, pointer="/condition", conditions=published_conditions(session))
    sealed = sealed_names(session)
    named = [node for node in rule.tree.walk() if isinstance(node, Field) and node.item is None]
    if problems := [_personal(node) for node in named if is_personal(node.path or "", fields, sealed)]:
        raise RuleError(problems)
    return rule


def _misplaced(path: str) -> Problem:
    return Problem("schema", f"/fields/{escape(path)}", words.not_of_an_audience(path))


def is_personal(path: str, fields: Fields, sealed: frozenset[str]) -> bool:
    """Whether a field is personal data, as it is declared or by a name that is, or was, sealed."""
    scope, _, name = path.partition(".")
    declaration = fields.get(path)
    by_name = scope == "member" and name.partition(".")[0] in sealed
    return by_name or (declaration is not None and declaration.tells_personal)


def _personal(node: Field) -> Problem:
    return Problem("personal-field", node.pointer, words.personal(node.shown))
