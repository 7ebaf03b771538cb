"""A write of the chain, with its line in the audit."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.orm import Session

from engine.access import audit
from engine.organisation import store
from engine.organisation.nouns import BodyT, Noun, RowT, ViewT
from engine.organisation.store import Written
from engine.secrets.keyring import KeyRing
from rules.types import Json

_PERSONAL = frozenset({"name"})


def write_recorded(
    session: Session, keys: KeyRing, noun: Noun[RowT, BodyT, ViewT], key: str, body: BodyT, *, by: str, now: datetime
) -> Written[ViewT]:
    """Make the record what `body` says, and note who did it. Raises OrganisationError."""
    written = store.write(session, keys, noun, key, body)
    what = "created" if written.before is None else "changed"
    before = None if written.before is None else _plain(written.before)
    about = f"{noun.name}/{key}"
    audit.record(session, by, f"{noun.name}.{what}", about, now=now, before=before, after=_plain(written.view))
    return written


def _plain(view: BaseModel) -> dict[str, Json]:
    """A record as the audit keeps it: without names of people."""
    return {name: value for name, value in view.model_dump(mode="json").items() if name not in _PERSONAL}
