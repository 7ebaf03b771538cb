"""Customer groups: who sits in them, the version of each list of members, and the callbacks about changes."""

from __future__ import annotations

import secrets
import sqlite3

from engine.wecom.simulator import callbacks, people
from engine.wecom.simulator.asked import Answer, Api, Asked, ImpossibleError, RefusedError, page
from engine.wecom.simulator.faults import FaultBox
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State
from rules.types import Json

EVENT = "change_external_chat"
ROOM = 500
REMEMBERED = 86_400
"""Seconds for which earlier versions of a list of members are known: `groupchat/get` never lags behind so far."""
QR = 3


def chat(state: State, chat_id: str) -> sqlite3.Row:
    """A group, which is made on the spot when control names a new one."""
    found = state.row("SELECT * FROM chats WHERE chat_id = ?", chat_id)
    if found is not None:
        return found
    first = state.row("SELECT userid FROM staff WHERE visible ORDER BY userid LIMIT 1")
    make(state, chat_id, first["userid"] if first else people.employee(state, "owner")["userid"], chat_id)
    return chat(state, chat_id)


def make(state: State, chat_id: str, owner: str, name: str) -> None:
    """A group with nobody but its owner."""
    state.run("INSERT INTO chats (chat_id, owner, name, at) VALUES (?, ?, ?, ?)", chat_id, owner, name, state.seconds())
    renew_version(state, chat_id)


def renew_version(state: State, chat_id: str) -> tuple[str, str]:
    """The version of the list of members before a change, and after it."""
    row = state.row("SELECT at, version FROM versions WHERE chat_id = ? ORDER BY at DESC LIMIT 1", chat_id)
    version = secrets.token_hex(16)
    at = max(state.seconds(), row["at"] + 1e-6) if row else state.seconds()
    state.run("INSERT INTO versions VALUES (?, ?, ?)", chat_id, at, version)
    state.run("DELETE FROM versions WHERE chat_id = ? AND at < ?", chat_id, at - REMEMBERED)
    return (row["version"] if row else ""), version


class Groups:
    """What customers do with groups."""

    def __init__(self, state: State, settings: SimulatorSettings, faults: FaultBox) -> None:
        self._state, self._settings, self._faults = state, settings, faults

    def join(self, chat_id: str, external_userid: str, scene: int) -> bool:
        """The customer joins; nothing happens when they sit in the group already."""
        self._must_stand(chat_id)
        if self._seat(chat_id, external_userid):
            return False
        if self._state.count("SELECT count(*) FROM seats WHERE chat_id = ? AND left_at IS NULL", chat_id) >= ROOM:
            raise ImpossibleError(f"The group {chat_id} is full.")
        before, after = renew_version(self._state, chat_id)
        self._state.run(
            "INSERT INTO seats (chat_id, external_userid, joined_at, scene) VALUES (?, ?, ?, ?)",
            chat_id,
            external_userid,
            self._state.seconds(),
            scene,
        )
        self._tell(chat_id, "add_member", external_userid, before, after, JoinScene=QR if scene == QR else 0)
        return True

    def leave(self, chat_id: str, external_userid: str, *, removed: bool) -> None:
        """The customer leaves, or is removed by the group's owner."""
        self._must_stand(chat_id)
        seat = self._seat(chat_id, external_userid)
        if seat is None:
            raise ImpossibleError(f"This person does not sit in the group {chat_id}.")
        before, after = renew_version(self._state, chat_id)
        self._state.run("UPDATE seats SET left_at = ? WHERE id = ?", self._state.seconds(), seat["id"])
        self._tell(chat_id, "del_member", external_userid, before, after, QuitScene=int(removed))

    def dismiss(self, chat_id: str) -> None:
        """The owner dismisses the group."""
        self._must_stand(chat_id)
        now = self._state.seconds()
        self._state.run("UPDATE chats SET dismissed = 1 WHERE chat_id = ?", chat_id)
        self._state.run("UPDATE seats SET left_at = ? WHERE chat_id = ? AND left_at IS NULL", now, chat_id)
        callbacks.put(self._state, self._settings, EVENT, "dismiss", {"ChatId": chat_id})

    def _seat(self, chat_id: str, external_userid: str) -> sqlite3.Row | None:
        return self._state.row(
            "SELECT * FROM seats WHERE chat_id = ? AND external_userid = ? AND left_at IS NULL",
            chat_id,
            external_userid,
        )

    def _must_stand(self, chat_id: str) -> None:
        if chat(self._state, chat_id)["dismissed"]:
            raise ImpossibleError(f"The group {chat_id} was dismissed.")

    def _tell(self, chat_id: str, detail: str, member: str, before: str, after: str, **scene: int) -> None:
        fields: dict[str, str | int | list[str] | None] = {
            "ChatId": chat_id,
            "UpdateDetail": detail,
            **scene,
            "MemChangeCnt": 1,
            "MemChangeList": [member] if self._faults.member_list_as_items() else member,
            "LastMemVer": before,
            "CurMemVer": after,
        }
        callbacks.put(self._state, self._settings, EVENT, "update", fields)


def _list(asked: Asked) -> Answer:
    owners = _owners(asked)
    if not owners and asked.state.count("SELECT count(*) FROM staff WHERE visible") > 1000:
        raise RefusedError(81017, "too many users in the visible range, use owner_filter")
    for owner in owners:
        people.known(asked.state, owner)
    asked.number("limit", None, 1, 1000)
    found = asked.state.rows("SELECT * FROM chats JOIN staff ON userid = owner WHERE visible ORDER BY chat_id")
    shown: list[Json] = [
        {"chat_id": row["chat_id"], "status": 0}
        for row in found
        if not row["dismissed"] and (not owners or row["owner"] in owners)
    ]
    items, cursor = page(shown, asked, 1000, 1000)
    return {"group_chat_list": items, "next_cursor": cursor}


def _owners(asked: Asked) -> list[str]:
    given = asked.body.get("owner_filter") or {}
    listed = given.get("userid_list") if isinstance(given, dict) else None
    owners = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    if len(owners) > 100:
        raise RefusedError(40058, "invalid owner_filter")
    return owners


def getter(faults: FaultBox) -> Api:
    """`groupchat/get`, which may lag behind the callbacks."""

    def get(asked: Asked) -> Answer:
        found = asked.state.row("SELECT * FROM chats WHERE chat_id = ?", asked.text("chat_id"))
        if found is None:
            raise RefusedError(86003, "invalid chatid")
        if found["dismissed"]:
            raise RefusedError(49008, "chat has been dismissed")
        return {"group_chat": _shown(asked, found, asked.state.seconds() - faults.chat_lag)}

    return Api("POST", get)


def _shown(asked: Asked, found: sqlite3.Row, moment: float) -> Json:
    """The group as it was at a moment; what lies before its beginning is its beginning."""
    version = asked.state.row(
        "SELECT version FROM versions WHERE chat_id = ? ORDER BY at <= ? DESC, abs(at - ?) LIMIT 1",
        found["chat_id"],
        moment,
        moment,
    )
    seats = asked.state.rows(
        "SELECT * FROM seats JOIN people USING (external_userid)"
        " WHERE chat_id = ? AND joined_at <= ? AND coalesce(left_at > ?, TRUE) ORDER BY joined_at",
        found["chat_id"],
        moment,
        moment,
    )
    owner: Json = {"userid": found["owner"], "type": 1, "join_time": int(found["at"]), "join_scene": 1}
    named = asked.body.get("need_name") == 1
    return {
        "chat_id": found["chat_id"],
        "name": found["name"],
        "owner": found["owner"],
        "create_time": int(found["at"]),
        "member_list": [owner, *(_member(row, named=named) for row in seats)],
        "admin_list": [],
        "member_version": version["version"] if version else "",
    }


def _member(row: sqlite3.Row, *, named: bool) -> Json:
    shown: dict[str, Json] = {
        "userid": row["external_userid"],
        "type": 2,
        "join_time": int(row["joined_at"]),
        "join_scene": row["scene"] or 1,
        "group_nickname": "",
    }
    if row["unionid"]:
        shown["unionid"] = row["unionid"]
    return {**shown, "name": row["name"]} if named else shown


LIST = Api("POST", _list, ("group_chat_list",))
