"""Checks of decide nodes: the facts that they give must be fields of the ruleset, of their types."""

from __future__ import annotations

from collections.abc import Iterator

from engine.journeys.document import DecideNode, Journey
from engine.journeys.fields import DocumentFields
from engine.journeys.findings import Finding, finding
from engine.journeys.parse import Reading
from rules import messages as rule_messages
from rules.compile import check_rule
from rules.facts import value_parser
from rules.limits import escape
from rules.types import Declaration, Fields, Json
from rules.words import literal


def check(reading: Reading, journey: Journey, scope: DocumentFields) -> Iterator[Finding]:
    """The findings about what decide nodes give; of a ruleset that is not known nothing is said."""
    for node_id, node in journey.nodes.items():
        pointer = f"/nodes/{escape(node_id)}/facts"
        pinned = scope.rulebook.find(node.ruleset) if isinstance(node, DecideNode) else None
        if not isinstance(node, DecideNode) or pinned is None or reading.has_mended(pointer):
            continue
        fields = scope.at_node(node_id)
        for place, path, value in leaves(node.facts, pinned.table.known, pointer):
            declaration = pinned.table.known.get(path)
            if declaration is None:
                message = rule_messages.unknown_field(path, pinned.table.known)
                yield finding("unknown-field", place, message["zh"], message["en"])
            else:
                yield from _typed(value, declaration, fields, scope, place, path)


def leaves(facts: Json, known: Fields, pointer: str = "", above: str = "") -> Iterator[tuple[str, str, Json]]:
    """The values that a node gives: their pointer, the path of the field, and what is written there."""
    if not isinstance(facts, dict) or "$" in facts or above in known:
        yield pointer, above, facts
        return
    for name, part in facts.items():
        path = f"{above}.{name}" if above else name
        yield from leaves(part, known, f"{pointer}/{escape(name)}", path)


def _typed(
    value: Json, declaration: Declaration, fields: Fields, scope: DocumentFields, place: str, path: str
) -> Iterator[Finding]:
    """A value that is not of its field's type. Texts with fields in them, and lists, are judged when they are read."""
    match value:
        case {"$": expression}:
            expect = declaration.value_type
            for problem in check_rule(
                expression, fields, expect=expect, pointer=f"{place}/$", conditions=scope.rulebook.conditions
            ):
                if problem.code == "type-mismatch":
                    yield Finding(problem.code, "error", problem.pointer, problem.message)
        case None | dict() | list():
            return
        case str() if "{{" in value:
            return
        case _:
            try:
                value_parser(declaration.value_type)(value)
            except ValueError:
                message = rule_messages.bad_literal(literal(value), declaration.value_type, path)
                yield finding("type-mismatch", place, message["zh"], message["en"])
