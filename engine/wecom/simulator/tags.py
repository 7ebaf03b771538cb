"""The corp's tags."""

from __future__ import annotations

import secrets

from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError
from engine.wecom.simulator.state import State
from rules.types import Json


def _list(asked: Asked) -> Answer:
    names = asked.state.rows("SELECT DISTINCT group_id, group_name FROM tags ORDER BY group_name")
    return {"tag_group": [_group(asked.state, row["group_id"], row["group_name"]) for row in names]}


def _add(asked: Asked) -> Answer:
    group, tags = asked.text("group_name", 30), asked.body.get("tag")
    if not group or not isinstance(tags, list) or not tags:
        raise RefusedError(40063, "some parameters are empty")
    row = asked.state.row("SELECT group_id FROM tags WHERE group_name = ?", group)
    group_id = row["group_id"] if row else f"et{secrets.token_hex(14)}"
    names = [_name(tag) for tag in tags]
    if asked.state.count("SELECT count(*) FROM tags") + len(names) > asked.settings.corp_tags:
        raise RefusedError(40058, "too many tags")
    for name in names:
        if asked.state.row("SELECT 1 FROM tags WHERE group_id = ? AND name = ?", group_id, name) is None:
            asked.state.run("INSERT INTO tags VALUES (?, ?, ?, ?)", f"et{secrets.token_hex(14)}", name, group_id, group)
    return {"tag_group": _group(asked.state, group_id, group)}


def _name(tag: Json) -> str:
    name = tag.get("name") if isinstance(tag, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= 30:
        raise RefusedError(40058, "invalid tag.name")
    return name


def _group(state: State, group_id: str, name: str) -> Json:
    found = state.rows("SELECT id, name FROM tags WHERE group_id = ? ORDER BY rowid", group_id)
    tags: list[Json] = [{"id": row["id"], "name": row["name"], "order": 0} for row in found]
    return {"group_id": group_id, "group_name": name, "order": 0, "tag": tags}


APIS = {
    "externalcontact/get_corp_tag_list": Api("POST", _list, ("tag_group",)),
    "externalcontact/add_corp_tag": Api("POST", _add),
}
