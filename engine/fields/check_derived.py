"""Checks of derived attributes: what they are made of, and whether that gives the type that is declared."""

from __future__ import annotations

from collections.abc import Iterator

from engine.events.personal import PHONE_KEYS
from engine.events.types import is_custom
from engine.fields import words
from engine.fields.document import Derive, FieldPart
from engine.fields.sources import compiled, expression, scope
from engine.journeys import messages
from engine.journeys.catalogue import EventTypes
from engine.journeys.findings import Finding, finding
from engine.members.fields import PERSONAL_ATTRIBUTES
from rules.compile import Rule, check_rule
from rules.errors import RuleError
from rules.types import DATE, INSTANT, INTEGER, NUMBERS, Declaration, Fields, Json, Type, fits


def check_derived(path: str, part: FieldPart, pointer: str, own: Fields, events: EventTypes) -> Iterator[Finding]:
    """The findings about a derived attribute; `own` are the fields that HQ declares, `pointer` that of `derive`."""
    derive = part.derive
    if derive is None:
        return
    if not path.startswith("member."):
        yield finding("schema", pointer, *words.ONLY_MEMBERS_DERIVE)
    if part.personal:
        yield finding("schema", pointer, *words.DERIVED_IS_PERSONAL)
    if len(derive.given) != 1:
        yield finding("schema", pointer, *words.ONE_WAY)
        return
    yield from _form(derive, pointer)
    if derive.event not in events and not is_custom(derive.event):
        place, told = f"{pointer}/{derive.how}", messages.unknown_event(derive.event, events)
        yield Finding("unknown-event", "error", place, dict(zip(("zh", "en"), told, strict=True)))
    yield from _rules(part, derive, pointer, own, events)


def _form(derive: Derive, pointer: str) -> Iterator[Finding]:
    if derive.how == "sum" and derive.of is None:
        yield finding("schema", pointer, *words.SUM_NEEDS_OF)
    if derive.how in {"count", "days_with"} and derive.of is not None:
        yield finding("schema", f"{pointer}/of", *words.NO_OF)


def _rules(part: FieldPart, derive: Derive, pointer: str, own: Fields, events: EventTypes) -> Iterator[Finding]:
    fields = scope(derive, own, events)
    try:
        when, of = compiled(derive, fields)
    except RuleError:
        yield from _problems(derive.when, fields, f"{pointer}/when", "boolean")
        yield from _problems(expression(derive.of), fields, f"{pointer}/of", None)
        return
    for rule, place in ((when, f"{pointer}/when"), (of, f"{pointer}/of")):
        if rule is not None:
            yield from _reads(rule, place, own)
    yield from _result(part.declaration(), derive, None if of is None else of.tree.type, pointer)


def _problems(rule: Json, fields: Fields, pointer: str, expect: str | None) -> Iterator[Finding]:
    for problem in check_rule(rule, fields, expect=expect, pointer=pointer) if rule is not None else ():
        yield Finding(problem.code, "error", problem.pointer, problem.message)


def _reads(rule: Rule, pointer: str, own: Fields) -> Iterator[Finding]:
    """Nothing personal may be read, and what may be absent leaves the attribute undecided."""
    personal = [path for path in sorted(rule.fields) if _is_personal(path, own)]
    if personal:
        yield finding("schema", pointer, *words.personal_source(personal))
    if rule.optional_fields:
        yield finding("maybe-missing", pointer, *words.undecided(sorted(rule.optional_fields)))


def _is_personal(path: str, own: Fields) -> bool:
    """Whether it is sealed as an attribute or as a part of an event: both go by the name alone."""
    name = path.partition(".")[2]
    declared = [own[each].personal for each in (f"member.{name}", f"event.{name}") if each in own]
    return name in PERSONAL_ATTRIBUTES | PHONE_KEYS or any(declared)


def _result(declared: Declaration, derive: Derive, of: Type | None, pointer: str) -> Iterator[Finding]:
    """What is derived must be of the declared type. Sums of whole numbers may be amounts, texts the keys of things."""
    wanted = declared.value_type
    gives = [of] if of is not None else [INTEGER] if derive.how in {"count", "days_with"} else [INSTANT, DATE]
    if derive.how == "sum" and of is not None:
        if of.kind not in NUMBERS:
            yield finding("schema", f"{pointer}/of", *words.SUM_OF_NUMBERS)
            return
        gives = [of, Type("money")] if of.kind == "integer" else [of]
    elif wanted.kind == "ref" and of is not None and of.kind == "text":
        gives = [wanted]
    if wanted.kind == "list" or not any(fits(each, wanted) for each in gives):
        names = "/".join(each.name for each in gives)
        yield finding("type-mismatch", pointer, *words.wrong_result(derive.how, names, wanted.name))
