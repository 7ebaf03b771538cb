"""Contact ways (渠道活码): codes behind which employees stand."""

from __future__ import annotations

import json
import secrets

from engine.wecom.simulator import people
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError
from engine.wecom.simulator.state import State
from rules.types import Json

MOST_USERS = 100
KEPT = ("type", "scene", "state", "remark", "skip_verify", "user")


def _add(asked: Asked) -> Answer:
    way = _checked(asked)
    config_id = secrets.token_hex(16)
    asked.state.run("INSERT INTO ways VALUES (?, ?)", config_id, json.dumps(way))
    answer: Answer = {"config_id": config_id}
    return {**answer, "qr_code": _picture(asked, config_id)} if way["scene"] == 2 else answer


def _get(asked: Asked) -> Answer:
    config_id, way = _known(asked)
    return {"contact_way": {"config_id": config_id, **way, "qr_code": _picture(asked, config_id)}}


def _update(asked: Asked) -> Answer:
    """Users, remark and state are overwritten, never merged."""
    config_id, way = _known(asked)
    _check_users(asked, way["type"])
    way.update({name: asked.body[name] for name in ("state", "remark", "skip_verify", "user") if name in asked.body})
    asked.state.run("UPDATE ways SET body = ? WHERE config_id = ?", json.dumps(way), config_id)
    return {}


def _delete(asked: Asked) -> Answer:
    config_id, _ = _known(asked)
    asked.state.run("DELETE FROM ways WHERE config_id = ?", config_id)
    return {}


def in_words(state: State, config_id: str) -> str | None:
    """What scanning a way's code would do, and how to do it here; None if there is no such way."""
    row = state.row("SELECT body FROM ways WHERE config_id = ?", config_id)
    if row is None:
        return None
    way = json.loads(row["body"])
    asked = {"associate": way["user"][0], "person": "anybody", "state": way.get("state", "")}
    return f"In WeCom this code adds {' or '.join(way['user'])}. Here: POST /control/add {json.dumps(asked)}\n"


def _checked(asked: Asked) -> dict[str, Json]:
    for name, missing, wrong in (("type", 41037, 41039), ("scene", 41038, 41040)):
        if name not in asked.body:
            raise RefusedError(missing, f"missing {name}")
        if asked.body[name] not in (1, 2):
            raise RefusedError(wrong, f"invalid {name}")
    asked.text("state", 30), asked.text("remark", 30)
    _check_users(asked, asked.body["type"])
    return {"skip_verify": True, **{name: asked.body[name] for name in KEPT if name in asked.body}}


def _check_users(asked: Asked, kind: Json) -> None:
    users = asked.texts("user")
    if len(users) > MOST_USERS or (kind == 1 and len(users) != 1):
        raise RefusedError(41041, "invalid user list")
    for userid in users:
        if not people.known(asked.state, userid, code=40003)["activated"]:
            raise RefusedError(41054, "user not activated")


def _known(asked: Asked) -> tuple[str, dict[str, Json]]:
    config_id = asked.text("config_id")
    row = asked.state.row("SELECT body FROM ways WHERE config_id = ?", config_id)
    if row is None:
        raise RefusedError(41044 if config_id else 41043, "invalid config_id")
    way: dict[str, Json] = json.loads(row["body"])
    return config_id, way


def _picture(asked: Asked, config_id: str) -> str:
    return f"{asked.address}/qr/{config_id}"


APIS = {
    "externalcontact/add_contact_way": Api("POST", _add),
    "externalcontact/get_contact_way": Api("POST", _get),
    "externalcontact/update_contact_way": Api("POST", _update),
    "externalcontact/del_contact_way": Api("POST", _delete),
}
