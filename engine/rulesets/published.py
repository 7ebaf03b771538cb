"""The rulesets that are live, for who asks them, and their named conditions."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy.orm import Session

from engine.database import direct
from engine.journeys.rulebook import Pinned, pin
from rules.errors import RuleError
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


def published_ruleset(session: Session, key: str) -> Pinned | None:
    """The live version of a ruleset, compiled; None where there is none, or none that this release can use."""
    found = direct.first(session, _RULESET, {"key": key})
    try:
        return None if found is None else pin(key, *found)
    except (RuleError, ValidationError):
        return None


def users_of_condition(session: Session, name: str) -> list[str]:
    """The live definitions that were published with a named condition, `<ruleset>/<name>`, of another: as kind/key."""
    return direct.scalars(session, _USERS, {"name": name})


def _named(rows: list[tuple[str, str, dict[str, Json] | None]]) -> Conditions:
    return {f"{key}/{name}": rule for key, _, conditions in rows for name, rule in (conditions or {}).items()}


_KNOWN: dict[tuple[tuple[str, str], ...], Conditions] = {}
"""By keys and hashes of the definitions, which name the content whatever the database."""
_MOST_KNOWN = 32
_LIVE = """
    FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    WHERE l.kind = 'ruleset' AND l.state <> 'retired' ORDER BY l.key"""
_PUBLISHED = f"SELECT l.key, v.hash {_LIVE}"
_RULESET = """
    SELECT v.n, v.hash, v.bundle_hash, b.content FROM live l
    JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    JOIN bundles b ON b.hash = v.bundle_hash
    WHERE l.kind = 'ruleset' AND l.key = %(key)s AND l.state <> 'retired'"""
_CONDITIONS = f"SELECT l.key, v.hash, v.document::jsonb -> 'conditions' {_LIVE}"
_USERS = """
    SELECT l.kind || '/' || l.key
    FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    JOIN bundles b ON b.hash = v.bundle_hash
    WHERE l.state <> 'retired' AND jsonb_exists(b.content -> 'conditions', %(name)s) ORDER BY 1"""
