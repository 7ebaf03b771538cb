"""Welcome codes: good for twenty seconds and one message."""

from __future__ import annotations

import secrets

from engine.wecom.simulator import outbox
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError
from engine.wecom.simulator.state import State
from rules.types import Json

ATTACHMENTS = {"image", "link", "miniprogram", "video", "file"}

REMEMBERED = 3_600
"""Seconds for which a code that is over is told from one that never was."""


def new_code(state: State, userid: str, external_userid: str, life: int) -> str:
    """A code for one customer of one employee. Those that were over long ago are forgotten."""
    state.run("DELETE FROM welcome_codes WHERE expires_at < ?", state.seconds() - REMEMBERED)
    code = f"CALLBACK_CODE_{secrets.token_hex(12)}"
    ends = state.seconds() + life
    state.run("INSERT INTO welcome_codes VALUES (?, ?, ?, ?, 0)", code, userid, external_userid, ends)
    return code


def _send(asked: Asked) -> Answer:
    code = asked.text("welcome_code")
    if not code:
        raise RefusedError(41049, "missing welcome code")
    _check_message(asked)
    found = asked.state.row("SELECT * FROM welcome_codes WHERE code = ?", code)
    if found is not None and found["used"]:
        raise RefusedError(41051, "welcome message has been delivered")
    if found is None or found["expires_at"] <= asked.state.seconds():
        raise RefusedError(41050, "invalid welcome code")
    pair = (found["userid"], found["external_userid"])
    asked.state.run("UPDATE welcome_codes SET used = 1 WHERE userid = ? AND external_userid = ?", *pair)
    asked.state.run("UPDATE relations SET welcomed = 1 WHERE userid = ? AND external_userid = ?", *pair)
    outbox.put(asked.state, "welcome", asked.body, associate=pair[0], external_userid=pair[1])
    return {}


def _check_message(asked: Asked) -> None:
    text, attachments = asked.body.get("text"), asked.body.get("attachments") or []
    content = text.get("content") if isinstance(text, dict) else None
    if not isinstance(content, str | None) or len((content or "").encode()) > 4000:
        raise RefusedError(40058, "invalid text.content")
    if not isinstance(attachments, list) or len(attachments) > 9 or not all(map(_is_attachment, attachments)):
        raise RefusedError(40058, "invalid attachments")
    if not content and not attachments:
        raise RefusedError(40063, "some parameters are empty")


def _is_attachment(value: Json) -> bool:
    kind = value.get("msgtype") if isinstance(value, dict) else None
    return isinstance(value, dict) and kind in ATTACHMENTS and isinstance(value.get(str(kind)), dict)


APIS = {"externalcontact/send_welcome_msg": Api("POST", _send)}
