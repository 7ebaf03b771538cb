"""All codes that findings have, by the kind of definition: each is explained in `docs/findings.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.definitions.kinds import Kind

JOURNEY: Final = frozenset(
    {"schema", "unknown-node", "unknown-port", "missing-port", "unreachable-node", "dead-end", "hot-loop",
     "endless-wait", "bad-split", "unknown-activity", "bad-params", "unknown-reference", "unknown-field",
     "unknown-condition", "type-mismatch", "bad-subject", "not-available", "hidden-case", "impossible-condition",
     "maybe-missing", "unused-value", "unknown-event", "unknown-holidays", "expires-in-quiet", "entry-overlap",
     "test-failed", "not-proved"}
)  # fmt: skip
RULESET: Final = frozenset(
    {"schema", "unknown-field", "unknown-condition", "type-mismatch", "test-failed", "overlap", "gap", "hidden-row",
     "impossible-row", "share-total", "changed", "disagree", "not-proved"}
)  # fmt: skip
FIELDS: Final = frozenset(
    {"schema", "unknown-field", "unknown-condition", "type-mismatch", "unknown-event", "maybe-missing",
     "duplicate-field", "changed-type", "field-in-use"}
)  # fmt: skip

CODES: Final[Mapping[Kind, frozenset[str]]] = {"journey": JOURNEY, "ruleset": RULESET, "fields": FIELDS}
"""Of kinds that are not among them nothing is found but `not-available`."""
