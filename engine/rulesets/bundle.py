"""What a published ruleset resolves to: its document, the fields that it names, the conditions of others it uses."""

from __future__ import annotations

from engine.journeys.context import CheckContext
from engine.journeys.rulebook import RulesetBundle
from engine.rulesets.fields import ruleset_fields
from rules.conditions import used
from rules.tables.compile import compile_ruleset
from rules.tables.table import Table
from rules.types import Fields, Json


def bundle_of(document: Json, context: CheckContext) -> Json:
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
