"""App messages to employees. Beyond 30 a minute and 1,000 an hour to one of them, WeCom drops more in silence."""

from __future__ import annotations

import secrets

from engine.wecom.simulator import outbox
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError

LONGEST_TEXT = 2048


def _send(asked: Asked) -> Answer:
    if asked.body.get("agentid") != asked.app.agent_id:
        raise RefusedError(301002, "not allow operate another agent with this accesstoken")
    kind = asked.text("msgtype")
    if not kind or not isinstance(asked.body.get(kind), dict):
        raise RefusedError(40035, "invalid parameter")
    _check_text(asked, kind)
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


def _check_text(asked: Asked, kind: str) -> None:
    content = asked.body[kind]
    text = content.get("content") if isinstance(content, dict) else None
    if kind == "text" and (not isinstance(text, str) or not 0 < len(text.encode()) <= LONGEST_TEXT):
        raise RefusedError(40058, "invalid text.content")


def _has_room(asked: Asked, userid: str) -> bool:
    """Whether an employee gets one more now."""
    limits = ((60, asked.settings.messages_per_minute), (3600, asked.settings.messages_per_hour))
    return all(outbox.count(asked.state, "app_message", userid, seconds) < most for seconds, most in limits)


def _deliver(asked: Asked, userid: str, kind: str) -> None:
    body = {"msgtype": kind, kind: asked.body[kind]}
    interval = asked.number("duplicate_check_interval", 1800, 0, 14400)
    checked = asked.body.get("enable_duplicate_check") == 1
    repeated = checked and outbox.came_lately(asked.state, "app_message", userid, body, interval)
    if not repeated and _has_room(asked, userid):
        outbox.put(asked.state, "app_message", body, associate=userid)


APIS = {"message/send": Api("POST", _send)}
