"""Which attributes of members stand elsewhere than with the plain ones, so that a statement cannot read them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.events.personal import PHONE_KEYS
from engine.fields.catalogue import own_fields
from engine.members.personal import ever_personal


def sealed_names(session: Session) -> frozenset[str]:
    """Names of attributes that may be sealed: personal ones, now or once, and those that always hold phone numbers."""
    return ever_personal(session) | PHONE_KEYS


def unreadable_names(session: Session) -> frozenset[str]:
    """These, and those of derived attributes."""
    return sealed_names(session).union(own_fields(session).derived)
