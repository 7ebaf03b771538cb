"""Whom occurrences chose and their journey did not let in, and by which rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.database import direct
from engine.occurrences.outlook import Past
from engine.runs.refusing import Refusing, why_refused

MOST = 5
"""So many members of each occurrence are named."""


@dataclass(frozen=True)
class RefusedMember:
    """A member who was chosen and not let in."""

    member: int
    why: Refusing


def refused_of(session: Session, past: Iterable[Past]) -> Mapping[int, Sequence[RefusedMember]]:
    """By occurrence: the first of those in sight who were not let in.

    Where none was counted none is looked for: among millions who all entered that would read every one of them.
    """
    occurrences = [each.occurrence.id for each in past if each.fates.keys() - _NOT_REFUSED]
    rows = direct.rows(session, _REFUSED, {"occurrences": occurrences, "most": MOST}) if occurrences else []
    whys = why_refused(session, [seq for _, _, seq in rows])
    found: dict[int, list[RefusedMember]] = defaultdict(list)
    for occurrence, member, seq in rows:
        if seq in whys:
            found[occurrence].append(RefusedMember(member, whys[seq]))
    return found


_NOT_REFUSED = frozenset({"entered", "holdout", "waiting", "untold"})
_REFUSED = """
SELECT occurrence_id, member_id, seq FROM unnest(%(occurrences)s::bigint[]) AS asked (id), LATERAL (
    SELECT occurrence_id, member_id, seq FROM chosen_members
    WHERE occurrence_id = asked.id AND seq IS NOT NULL AND fate NOT IN ('entered', 'holdout')
    ORDER BY member_id LIMIT %(most)s) AS one
ORDER BY occurrence_id, member_id"""
