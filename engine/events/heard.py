"""Which types of events journeys name. All others belong to log and ledgers alone: nobody is woken for them.

A type stays heard for good: what was published once may still run. An event of a type that nobody names yet counts as
routed when it is accepted; a journey that is published later hears those after it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from engine.database import direct
from engine.events.types import INTERNAL_TYPES
from engine.members.contacts import TELLING_CONTACTS

ALWAYS = TELLING_CONTACTS | INTERNAL_TYPES
"""Routed whoever listens: with these WeCom is asked who a contact is, and people are let in by hand."""


def hear(session: Session, types: Iterable[str]) -> None:
    """From the end of this transaction on events of these types go to journeys."""
    direct.execute(session, _HEAR, {"types": sorted(set(types))})


_HEAR = "INSERT INTO heard_types (type) SELECT unnest(%(types)s::text[]) ON CONFLICT DO NOTHING"
