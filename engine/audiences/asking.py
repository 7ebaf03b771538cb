"""What outsiders ask: a condition and fields of their own, checked before anything is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from engine.audiences import words
from engine.audiences.columns import SCOPES
from engine.audiences.sealed import sealed_names
from engine.fields.catalogue import known_fields
from rules.compile import Rule, compile_rule
from rules.errors import RuleError
from rules.fields import Field
from rules.limits import escape
from rules.types import Declaration, Fields, Json, Problem


def audience_fields(session: Session, given: Mapping[str, Declaration]) -> Fields:
    """The catalogue that an audience has, with fields that the caller declares. Raises RuleError."""
    known = {path: each for path, each in known_fields(session).items() if path.startswith(SCOPES)}
    if problems := [problem for path, each in given.items() for problem in _misplaced(path, each, known.get(path))]:
        raise RuleError(problems)
    return {**given, **known}


def audience_rule(session: Session, condition: Json, fields: Fields) -> Rule:
    """The condition, compiled. Raises RuleError, for personal data too: a count would tell who somebody is."""
    rule = compile_rule(condition, fields, pointer="/condition")
    sealed = sealed_names(session)
    named = [node for node in rule.tree.walk() if isinstance(node, Field) and node.item is None]
    if problems := [_personal(node) for node in named if _is_personal(node.path or "", fields, sealed)]:
        raise RuleError(problems)
    return rule


def _misplaced(path: str, declared: Declaration, known: Declaration | None) -> Iterator[Problem]:
    place = f"/fields/{escape(path)}"
    if not path.startswith(SCOPES):
        yield Problem("schema", place, words.not_of_an_audience(path))
    elif known is not None and known.value_type != declared.value_type:
        yield Problem("type-mismatch", place, words.known_otherwise(path, known.type))


def _is_personal(path: str, fields: Fields, sealed: frozenset[str]) -> bool:
    scope, _, name = path.partition(".")
    declaration = fields.get(path)
    by_name = scope == "member" and name.partition(".")[0] in sealed
    return by_name or (declaration is not None and declaration.personal)


def _personal(node: Field) -> Problem:
    return Problem("personal-field", node.pointer, words.personal(node.shown))
