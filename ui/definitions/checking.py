"""What drafts are checked against, and what is found in them, for pages and the API alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING

from engine.audiences.counting import Counting
from engine.audiences.findings import with_counts
from engine.definitions import checks
from engine.definitions.accepted import Checked, with_acceptances
from engine.definitions.context import context_of
from engine.definitions.things import find_thing
from engine.rulesets.fields import seen_by

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.definitions.kinds import Kind
    from engine.journeys.context import CheckContext
    from engine.journeys.findings import Finding
    from rules.types import Json
    from ui.dependencies import Dependencies


def check_context(deps: Dependencies, session: Session) -> CheckContext:
    """All that exists around a document now. The transaction must see all stores."""
    return context_of(session, deps.catalogue, now=deps.clock.now(), proofs=deps.proofs)


def things(session: Session) -> Callable[[str, str], Json]:
    """What things are called, by their kind and key; None for what there is not. Each is looked up once."""

    @cache
    def thing(kind: str, key: str) -> Json:
        found = find_thing(session, kind, key)
        return found.title if found is not None else None

    return thing


def find(
    deps: Dependencies,
    kind: Kind,
    key: str,
    document: dict[str, Json],
    *,
    in_sight: Callable[[], AbstractContextManager[Session]],
) -> list[Finding]:
    """All findings, with who accepted them and who is concerned today, as far as whoever asks may see: `in_sight`."""
    return as_seen(deps, check(deps, kind, key, document), in_sight=in_sight)


def check(deps: Dependencies, kind: Kind, key: str, document: dict[str, Json]) -> Checked:
    """All findings, proved anew: what must not be a moment old is answered from here, not from `deps.findings`."""
    with deps.database.begin() as session:
        return Checked(kind, key, document, checks.find(kind, key, document, check_context(deps, session)))


def as_seen(
    deps: Dependencies, checked: Checked, *, in_sight: Callable[[], AbstractContextManager[Session]]
) -> list[Finding]:
    """What was found, with who accepted it and who is concerned today; nothing is proved again."""
    with deps.database.begin() as session:
        found = with_acceptances(session, checked)
        if all(each.box is None for each in found):
            return found
        fields, zone = seen_by({**checked.document}, check_context(deps, session))
    with in_sight() as session:
        return with_counts(Counting(session, deps.keys, fields, deps.clock.now(), zone), found)
