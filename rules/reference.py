"""What each operator says about itself, put together for its page and for programs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rules.compile import compile_rule
from rules.errors import RuleError
from rules.nodes import Operator
from rules.operators import OPERATORS
from rules.sentences import Words, sentences
from rules.strict import Strict
from rules.types import Conditions, Fields, Json

OTHERS = Words("其他", "Others")
"""The family of operators whose module has no `FAMILY`."""


@dataclass(frozen=True)
class Reference:
    """One operator. `example` is an expression that works; `sentence` is it in words, None where its fields lack.

    `least` and `most` bound the number of arguments; `most` is None where there is no bound. `sql` and `smt` tell
    whether it has a form in PostgreSQL and for proofs; without one, audiences decide it after the query, and proofs
    take it for anything.
    """

    name: str
    family: Words
    title: Words
    doc: Words
    least: int
    most: int | None
    example: Json
    sentence: dict[str, str] | None
    sql: bool
    smt: bool


def references(fields: Fields, zone: ZoneInfo) -> Iterator[Reference]:
    """All operators, family by family in the order of `FAMILIES`, by name within."""
    for name in sorted(OPERATORS, key=lambda name: (_rank(OPERATORS[name]), name)):
        yield reference(name, fields, zone)


def reference(name: str, fields: Fields, zone: ZoneInfo) -> Reference:
    """One operator; `fields` are those that its example may name."""
    kind = OPERATORS[name]
    doc = inspect.cleandoc(kind.__doc__ or "")
    example: Json = {name: list(kind.example)}
    least, most = kind.arity
    return Reference(
        name=name,
        family=_family(kind),
        title=kind.title or Words(name, name),
        doc=Words(kind.zh or doc, doc),
        least=least,
        most=most,
        example=example,
        sentence=_sentence(example, fields, zone),
        sql=kind.sql is not Operator.sql,
        smt=_has_smt(kind),
    )


def _family(kind: type[Operator]) -> Words:
    found = getattr(sys.modules.get(kind.__module__), "FAMILY", OTHERS)
    return found if isinstance(found, Words) else OTHERS


def _rank(kind: type[Operator]) -> tuple[int, str]:
    """Our own families first, as a reader meets them."""
    family = _family(kind)
    return (FAMILIES.index(family.en) if family.en in FAMILIES else len(FAMILIES), family.en)


FAMILIES = ("Logic", "Comparison", "Fields", "Sets", "Numbers", "Texts", "Time", "Lists", "The chain")


def _sentence(example: Json, fields: Fields, zone: ZoneInfo) -> dict[str, str] | None:
    try:
        rule = compile_rule(example, fields, expect=None, conditions=_CONDITIONS)
    except RuleError:
        return None
    return sentences(rule.tree, zone)


_CONDITIONS: Conditions = {"vip": True}
"""What an example of a named condition names."""


def _has_smt(kind: type[Operator]) -> bool:
    if issubclass(kind, Strict) and kind.smt is Strict.smt:
        return kind.formula is not Strict.formula
    return kind.smt is not Operator.smt
