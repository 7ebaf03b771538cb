"""What a published ruleset resolves to: its document, the fields that it names, the conditions of others it uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.journeys.canonical import bundle_hash, content_hash
from engine.journeys.context import CheckContext
from engine.journeys.rulebook import Pinned, RulesetBundle, pin
from engine.rulesets.fields import ruleset_fields
from rules.conditions import used
from rules.errors import RuleError
from rules.tables.compile import compile_ruleset
from rules.tables.table import Table
from rules.types import Fields, Json


def bundle_of(document: Json, context: CheckContext) -> dict[str, Json]:
    """All that a document without errors resolves to. Raises RuleError for one with errors."""
    known = ruleset_fields(context)
    table = compile_ruleset(document, known, context.conditions)
    return {
        "document": document,
        "fields": _plain({path: known[path] for path in sorted(table.named & known.keys())}),
        "conditions": dict(used(document, context.conditions)),
    }


def compile_bundle(bundle: Json) -> Table:
    """The table of what `bundle_of` made: the same, whatever was published since. Raises RuleError."""
    return RulesetBundle.model_validate(bundle).table()


def _plain(fields: Fields) -> Json:
    return {path: each.model_dump(mode="json", exclude_defaults=True) for path, each in fields.items()}


def with_rulesets(context: CheckContext, documents: Iterable[Mapping[str, Json]]) -> CheckContext:
    """The context with these documents as if they were published; one with errors is not there."""
    named = {f"{each.get('key')}/{name}": rule for each in documents for name, rule in _conditions(each)}
    around = replace(context, conditions={**context.conditions, **named})
    found = {str(each.get("key")): _pinned(dict(each), around) for each in documents}
    return replace(around, rulesets=found.get)


def _conditions(document: Mapping[str, Json]) -> Iterable[tuple[str, Json]]:
    conditions = document.get("conditions")
    return conditions.items() if isinstance(conditions, dict) else ()


def _pinned(document: dict[str, Json], context: CheckContext) -> Pinned | None:
    try:
        content = bundle_of(document, context)
    except RuleError:
        return None
    return pin(str(document["key"]), 0, content_hash(document), bundle_hash(content), content)
