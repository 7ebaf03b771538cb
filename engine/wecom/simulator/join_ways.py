"""Join ways (加入群聊): codes by which customers join a group. Up to five groups stand behind one."""

from __future__ import annotations

import json
import secrets

from engine.wecom.simulator import chats
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError

KEPT = ("scene", "state", "remark", "chat_id_list")


def _add(asked: Asked) -> Answer:
    """A group that the simulator never met is taken to exist: groups are made outside of it."""
    groups = asked.texts("chat_id_list")
    if asked.body.get("scene") not in (1, 2) or not groups:
        raise RefusedError(40058, "invalid scene or chat_id_list")
    if len(groups) > 5:
        raise RefusedError(41091, "too many groups")
    asked.text("state", 30)
    if any(chats.chat(asked.state, chat_id)["dismissed"] for chat_id in groups):
        raise RefusedError(49008, "chat has been dismissed")
    config_id = secrets.token_hex(16)
    way = {name: asked.body[name] for name in KEPT if name in asked.body}
    asked.state.run("INSERT INTO join_ways VALUES (?, ?)", config_id, json.dumps(way))
    return {"config_id": config_id}


def _get(asked: Asked) -> Answer:
    config_id = asked.text("config_id")
    row = asked.state.row("SELECT body FROM join_ways WHERE config_id = ?", config_id)
    if row is None:
        raise RefusedError(41044 if config_id else 41043, "invalid config_id")
    picture = f"{asked.address}/qr/{config_id}"
    return {"join_way": {"config_id": config_id, **json.loads(row["body"]), "qr_code": picture}}


APIS = {
    "externalcontact/groupchat/add_join_way": Api("POST", _add),
    "externalcontact/groupchat/get_join_way": Api("POST", _get),
}
