"""App messages to employees."""

from __future__ import annotations

import secrets

from engine.wecom.simulator import outbox
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError


def _send(asked: Asked) -> Answer:
    if asked.body.get("agentid") != asked.app.agent_id:
        raise RefusedError(301002, "not allow operate another agent with this accesstoken")
    kind = asked.text("msgtype")
    if not kind or not isinstance(asked.body.get(kind), dict):
        raise RefusedError(40035, "invalid parameter")
    named = _named(asked)
    found = {row["userid"].lower(): row["userid"] for row in asked.state.rows("SELECT userid FROM staff WHERE visible")}
    reached = [found[one.lower()] for one in named if one.lower() in found]
    if not reached:
        raise RefusedError(81013, "user & party & tag all invalid")
    for userid in reached:
        _deliver(asked, userid, kind)
    unreached = [one.lower() for one in named if one.lower() not in found]
    return {"invaliduser": "|".join(unreached), "invalidparty": "", "msgid": secrets.token_hex(16)}


def _named(asked: Asked) -> list[str]:
    to = asked.text("touser")
    if to == "@all":
        return [row["userid"] for row in asked.state.rows("SELECT userid FROM staff WHERE visible")]
    named = [part for part in to.split("|") if part]
    if len(named) > 1000:
        raise RefusedError(40058, "invalid touser")
    return named


def _deliver(asked: Asked, userid: str, kind: str) -> None:
    body = {"msgtype": kind, kind: asked.body[kind]}
    interval = asked.number("duplicate_check_interval", 1800, 0, 14400)
    checked = asked.body.get("enable_duplicate_check") == 1
    if not (checked and outbox.came_lately(asked.state, "app_message", userid, body, interval)):
        outbox.put(asked.state, "app_message", body, associate=userid)


APIS = {"message/send": Api("POST", _send)}
