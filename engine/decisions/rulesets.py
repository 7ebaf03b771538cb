"""Rulesets as decisions use them: a version with its compiled table."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.database import direct
from engine.decisions.errors import UnknownRulesetError, UnusableRulesetError
from engine.definitions import checks
from engine.definitions.drafts import read_draft
from engine.definitions.errors import NotPublishableError
from engine.definitions.source import read_source
from engine.definitions.versions import bundle
from engine.journeys.canonical import content_hash
from engine.journeys.context import CheckContext
from engine.kept import Kept
from engine.rulesets.bundle import compile_bundle
from engine.rulesets.fields import ruleset_fields
from rules.errors import RuleError
from rules.tables.compile import compile_ruleset
from rules.tables.table import Table

MOST = 200
"""So many tables are kept compiled; the one that was not asked for the longest goes first."""


@dataclass(frozen=True)
class Ruleset:
    """A ruleset that can decide; `version` is None for a draft."""

    key: str
    version: int | None
    hash: str
    table: Table


class Rulesets:
    """The rulesets of one process; may be used by several threads."""

    def __init__(self) -> None:
        self._tables: Kept[Table] = Kept(MOST)

    def live(self, session: Session, key: str) -> Ruleset:
        """The live version. Raises UnknownRulesetError, UnusableRulesetError."""
        found = direct.first(session, _LIVE, {"key": key})
        if found is None:
            raise UnknownRulesetError(f"There is no published ruleset {key!r}; publish one, or correct the key.")
        return self._ruleset(session, key, *found)

    def version(self, session: Session, key: str, n: int) -> Ruleset:
        """One version. Raises UnknownRulesetError, UnusableRulesetError."""
        found = direct.first(session, _VERSION, {"key": key, "n": n})
        if found is None:
            raise UnknownRulesetError(f"There is no version {n} of the ruleset {key!r}.")
        return self._ruleset(session, key, *found)

    def _ruleset(self, session: Session, key: str, n: int, digest: str, bundle_hash: str) -> Ruleset:
        try:
            table = self._tables.get(bundle_hash, lambda: compile_bundle(bundle(session, bundle_hash)))
        except RuleError as error:
            message = f"Version {n} of the ruleset {key!r} cannot be used by this release: {error}. Publish it anew."
            raise UnusableRulesetError(message) from error
        return Ruleset(key, n, digest, table)


def draft_ruleset(session: Session, key: str, context: CheckContext) -> Ruleset:
    """The draft, compiled for this once. Raises UnknownDefinitionError, NotPublishableError with what is wrong."""
    document = read_source(read_draft(session, "ruleset", key).document).document
    try:
        table = compile_ruleset(document, ruleset_fields(context), context.conditions)
    except RuleError as error:
        raise NotPublishableError(checks.find("ruleset", key, document, context)) from error
    return Ruleset(key, None, content_hash(document), table)


_LIVE = """
    SELECT v.n, v.hash, v.bundle_hash FROM live l
    JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    WHERE l.kind = 'ruleset' AND l.key = %(key)s AND l.state <> 'retired'"""
_VERSION = "SELECT n, hash, bundle_hash FROM versions WHERE kind = 'ruleset' AND key = %(key)s AND n = %(n)s"
