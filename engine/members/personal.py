"""Which attributes are personal: ours, and those that HQ declares so in its own `fields` definitions."""

from __future__ import annotations

import json
from functools import lru_cache

from sqlalchemy.orm import Session

from engine.database import direct
from engine.members.fields import PERSONAL_ATTRIBUTES


def personal_attributes(session: Session) -> frozenset[str]:
    """The names, without `member.` or `event.` before them, of what is sealed at rest and stands in no log."""
    found = PERSONAL_ATTRIBUTES
    for digest, document in direct.rows(session, _DECLARED, {}):
        found |= _declared(digest, document)
    return found


@lru_cache(maxsize=256)
def _declared(_digest: str, document: str) -> frozenset[str]:
    fields = json.loads(document).get("fields", {})
    return frozenset(
        path.partition(".")[2]
        for path, declaration in fields.items()
        if isinstance(declaration, dict) and declaration.get("personal") is True and path.startswith(_OURS)
    )


_OURS = ("member.", "event.")
_DECLARED = """
    SELECT v.hash, v.document FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    WHERE l.kind = 'fields' AND l.state <> 'retired'"""
