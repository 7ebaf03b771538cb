"""The rulesets that are live: their named conditions, and the table of one."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy.orm import Session

from engine.database import direct
from engine.rulesets.bundle import compile_bundle
from rules.errors import RuleError
from rules.tables.table import Table
from rules.types import Conditions, Json


def published_conditions(session: Session) -> Conditions:
    """What `{"condition": "<ruleset>/<name>"}` may name now. Documents are read only when one of them has changed."""
    published = tuple(direct.rows(session, _PUBLISHED, {}))
    found = _KNOWN.get(published)
    if found is None:
        rows = direct.rows(session, _CONDITIONS, {})
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[tuple((key, digest) for key, digest, _ in rows)] = _named(rows)
    return found


def published_table(session: Session, key: str) -> Table | None:
    """The table of a ruleset's live version; None where there is none that this release can compile."""
    rows = direct.rows(session, _BUNDLE, {"key": key})
    try:
        return compile_bundle(rows[0][0]) if rows else None
    except (RuleError, ValidationError):
        return None


def _named(rows: list[tuple[str, str, dict[str, Json] | None]]) -> Conditions:
    return {f"{key}/{name}": rule for key, _, conditions in rows for name, rule in (conditions or {}).items()}


_KNOWN: dict[tuple[tuple[str, str], ...], Conditions] = {}
"""By keys and hashes of the definitions, which name the content whatever the database."""
_MOST_KNOWN = 32
_LIVE = """
    FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    WHERE l.kind = 'ruleset' AND l.state <> 'retired' ORDER BY l.key"""
_BUNDLE = """
    SELECT b.content FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    JOIN bundles b ON b.hash = v.bundle_hash WHERE l.kind = 'ruleset' AND l.key = %(key)s AND l.state <> 'retired'"""
_PUBLISHED = f"SELECT l.key, v.hash {_LIVE}"
_CONDITIONS = f"SELECT l.key, v.hash, v.document::jsonb -> 'conditions' {_LIVE}"
