"""Which attributes are personal: ours, and those that HQ declares so in its own `fields` definitions."""

from __future__ import annotations

import json
from functools import lru_cache

from sqlalchemy.orm import Session

from engine.database import direct
from engine.fields.catalogue import OwnFields, own_fields
from engine.fields.document import read


def personal_attributes(session: Session) -> frozenset[str]:
    """The names, without `member.` or `event.` before them, of what is sealed at rest and stands in no log."""
    return own_fields(session).personal


def ever_personal(session: Session) -> frozenset[str]:
    """The names of attributes that are personal, or once were: values told then may still stand sealed."""
    documents = direct.rows(session, _EVER_PUBLISHED, {})
    return personal_attributes(session).union(*(_personal_in(*document) for document in documents))


@lru_cache(maxsize=1_000)
def _personal_in(_digest: str, document: str) -> frozenset[str]:
    return OwnFields(read(json.loads(document)).parts).personal


_EVER_PUBLISHED = "SELECT DISTINCT hash, document FROM versions WHERE kind = 'fields'"
