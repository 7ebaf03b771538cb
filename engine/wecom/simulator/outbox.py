"""What reached WeCom's users, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from engine.wecom.simulator.state import State
from rules.types import Json

KEPT = 20_000
"""So many things are remembered, the latest: a play may go on for weeks."""


def put(
    state: State,
    kind: str,
    body: Mapping[str, Json],
    *,
    associate: str | None = None,
    external_userid: str | None = None,
    chat: str | None = None,
) -> None:
    """Note something that arrived, and forget the oldest. Kinds: welcome, app_message, tag, remark."""
    values = (state.seconds(), kind, associate, external_userid, chat, json.dumps(body, ensure_ascii=False))
    state.run(
        "INSERT INTO outbox (at, kind, associate, external_userid, chat, body) VALUES (?, ?, ?, ?, ?, ?)", *values
    )
    state.run("DELETE FROM outbox WHERE id <= (SELECT max(id) FROM outbox) - ?", KEPT)


def items(state: State, kind: str | None, external_userid: str | None) -> list[dict[str, object]]:
    """All that arrived, in order, or what is of one kind or of one customer."""
    found = state.rows(
        "SELECT * FROM outbox WHERE kind = coalesce(?, kind) AND (?2 IS NULL OR external_userid = ?2) ORDER BY id",
        kind,
        external_userid,
    )
    return [
        {
            "at": datetime.fromtimestamp(row["at"], UTC).isoformat().replace("+00:00", "Z"),
            "kind": row["kind"],
            "associate": row["associate"],
            "external_userid": row["external_userid"],
            "chat": row["chat"],
            "body": json.loads(row["body"]),
        }
        for row in found
    ]


def count(state: State, kind: str, associate: str, seconds: int) -> int:
    """How many of a kind came to an employee within so many seconds."""
    since = state.seconds() - seconds
    return state.count(
        "SELECT count(*) FROM outbox WHERE kind = ? AND associate = ? AND at > ?", kind, associate, since
    )


def came_lately(state: State, kind: str, associate: str, body: Mapping[str, Json], seconds: int) -> bool:
    """Whether the same thing came within so many seconds (duplicate check of app messages)."""
    found = state.row(
        "SELECT 1 FROM outbox WHERE kind = ? AND associate = ? AND body = ? AND at > ?",
        kind,
        associate,
        json.dumps(body, ensure_ascii=False),
        state.seconds() - seconds,
    )
    return found is not None
