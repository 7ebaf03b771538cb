"""Two members prove to be one: the older survives, and all that was the other's becomes theirs, in one transaction.

The other stays as an alias: its row names the survivor, so that whoever held its id still finds the person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.fields.past import look_back_after_merge
from engine.members.history import rederive
from engine.members.merged_runs import end_doubles
from engine.secrets.keyring import KeyRing


def merge(session: Session, one: int, other: int, *, keys: KeyRing, now: datetime) -> int:
    """Makes the two members one, whatever their identities say, and returns the survivor."""
    ids = sorted({one, other})
    rows = session.connection().execute(_LOCK, {"ids": ids}).all()
    alive: set[int] = {row.merged_into or row.id for row in rows}
    if len(alive) < 2:
        return alive.pop()
    if alive != set(ids):
        return merge(session, *sorted(alive), keys=keys, now=now)
    survivor, loser = ids
    absorbed = carry_out(session, [(loser, survivor)], keys=keys, now=now)
    rederive(session, [], absorbed=absorbed)
    return survivor


def carry_out(
    session: Session, merges: Sequence[tuple[int, int]], *, keys: KeyRing, now: datetime
) -> Mapping[int, int]:
    """Moves everything but the ledgers from losers to survivors; returns loser to final survivor.

    The caller holds the locks of all of them and derives the ledgers anew, giving the answer as `absorbed`.
    """
    absorbed = _final(merges)
    given: dict[str, Any] = {"losers": list(absorbed), "survivors": list(absorbed.values()), "now": now}
    _join_attributes(session, absorbed, keys)
    for statement in _MOVES:
        session.connection().execute(statement, given)
    look_back_after_merge(session, sorted(set(absorbed.values())))
    end_doubles(session, sorted(set(absorbed.values())), keys=keys, now=now)
    return absorbed


def _final(merges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Loser to the last survivor of a chain of merges."""
    into = dict(merges)
    found: dict[int, int] = {}
    for loser, into_whom in merges:
        survivor = into_whom
        while survivor in into:
            survivor = into[survivor]
        found[loser] = survivor
    return found


def _join_attributes(session: Session, absorbed: Mapping[int, int], keys: KeyRing) -> None:
    """What the survivor does not know is taken from the others, the oldest first."""
    everyone = sorted({*absorbed, *absorbed.values()})
    rows = {row.id: row for row in session.connection().execute(_ATTRIBUTES, {"ids": everyone})}
    for survivor in sorted(set(absorbed.values())):
        theirs = [rows[one] for one in sorted(absorbed) if absorbed[one] == survivor]
        whole = [rows[survivor], *theirs]
        attributes: dict[str, Any] = {}
        personal: dict[str, Any] = {}
        for row in reversed(whole):
            attributes |= row.attributes
            personal |= keys.open_json(bytes(row.personal_enc)) if row.personal_enc else {}
        session.connection().execute(
            _SET_ATTRIBUTES,
            {
                "id": survivor,
                "attributes": json.dumps(attributes, ensure_ascii=False),
                "personal": keys.seal_json(personal) if personal else None,
            },
        )


_MOVED = "unnest(CAST(:losers AS bigint[]), CAST(:survivors AS bigint[])) AS moved (loser, survivor)"
_LOCK = text("SELECT id, merged_into FROM members WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_ATTRIBUTES = text("SELECT id, attributes, personal_enc FROM members WHERE id = ANY(:ids)")
_SET_ATTRIBUTES = text(
    "UPDATE members SET attributes = CAST(:attributes AS jsonb), personal_enc = :personal WHERE id = :id"
)


def _move(table: str) -> str:
    return f"UPDATE {table} t SET member_id = moved.survivor FROM <moved> WHERE t.member_id = moved.loser"  # noqa: S608  # names of our own tables


_MOVES = tuple(
    text(statement.replace("<moved>", _MOVED))
    for statement in (
        _move("identities"),
        _move("events"),
        _move("coupons"),
        _move("counted_events"),
        # Whom an occurrence has chosen twice is told once: where one of the two was told, both were.
        """
        INSERT INTO chosen_members (occurrence_id, member_id, doubtful, seq, issued_at, fate)
        SELECT DISTINCT ON (occurrence_id, survivor) occurrence_id, survivor, doubtful, seq, issued_at, fate
        FROM chosen_members c JOIN <moved> ON c.member_id = moved.loser
        ORDER BY occurrence_id, survivor, seq IS NULL, doubtful
        ON CONFLICT (occurrence_id, member_id) DO UPDATE
        SET doubtful = FALSE, seq = EXCLUDED.seq, issued_at = EXCLUDED.issued_at, fate = EXCLUDED.fate
        WHERE chosen_members.seq IS NULL AND NOT EXCLUDED.doubtful""",
        "DELETE FROM chosen_members WHERE member_id = ANY(:losers)",
        """
        INSERT INTO entry_truths (journey, entry, member_id, since)
        SELECT journey, entry, moved.survivor, min(since) FROM entry_truths t JOIN <moved> ON t.member_id = moved.loser
        GROUP BY journey, entry, moved.survivor ON CONFLICT DO NOTHING""",
        "DELETE FROM entry_truths WHERE member_id = ANY(:losers)",
        """
        UPDATE runs r SET member_id = renumbered.survivor, n = renumbered.n
        FROM (
            SELECT runs.id, moved.survivor,
                   COALESCE((SELECT max(kept.n) FROM runs kept
                             WHERE kept.member_id = moved.survivor AND kept.journey = runs.journey), 0)
                   + row_number() OVER (PARTITION BY moved.survivor, runs.journey ORDER BY runs.entry_seq) AS n
            FROM runs JOIN <moved> ON runs.member_id = moved.loser
        ) AS renumbered
        WHERE r.id = renumbered.id""",
        """
        INSERT INTO member_queue (member_id, priority, since, not_before, failures)
        SELECT moved.survivor, min(priority), min(since), CAST(:now AS timestamptz), 0
        FROM member_queue q JOIN <moved> ON q.member_id = moved.loser
        GROUP BY moved.survivor
        ON CONFLICT (member_id) DO UPDATE SET priority = LEAST(member_queue.priority, EXCLUDED.priority)""",
        "DELETE FROM member_queue WHERE member_id = ANY(:losers)",
        """
        UPDATE members m SET
            is_staff = m.is_staff OR joined.is_staff,
            store_id = COALESCE(m.store_id, joined.store_id),
            owner_id = COALESCE(m.owner_id, joined.owner_id),
            first_channel_id = COALESCE(m.first_channel_id, joined.first_channel_id),
            last_channel_id = COALESCE(m.last_channel_id, joined.last_channel_id)
        FROM (
            SELECT moved.survivor, bool_or(is_staff) AS is_staff, min(store_id) AS store_id,
                   min(owner_id) AS owner_id, min(first_channel_id) AS first_channel_id,
                   min(last_channel_id) AS last_channel_id
            FROM members JOIN <moved> ON members.id = moved.loser
            GROUP BY moved.survivor
        ) AS joined
        WHERE m.id = joined.survivor""",
        """
        UPDATE members m SET merged_into = moved.survivor FROM <moved>
        WHERE m.id = moved.loser OR m.merged_into = moved.loser""",
    )
)
