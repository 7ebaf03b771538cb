"""Which attributes are personal: ours, and those that HQ declares so in its own `fields` definitions."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.fields.catalogue import own_fields


def personal_attributes(session: Session) -> frozenset[str]:
    """The names, without `member.` or `event.` before them, of what is sealed at rest and stands in no log."""
    return own_fields(session).personal
