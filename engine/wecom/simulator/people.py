"""Customers as persons with their ids, and the staff with their departments."""

from __future__ import annotations

import secrets
import sqlite3
import string

from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError
from engine.wecom.simulator.state import State

ALPHABET = string.ascii_letters + string.digits


def person(state: State, name: str) -> sqlite3.Row:
    """A person, who at first use gets ids that stay."""
    found = state.row("SELECT * FROM people WHERE person = ?", name)
    if found is not None:
        return found
    ids = (_id("oU", 26), _id("oA", 26), _id("wm", 30))
    state.run("INSERT INTO people VALUES (?, ?, ?, ?, ?)", name, *ids, name)
    return person(state, name)


def ids(row: sqlite3.Row) -> dict[str, str | None]:
    """What every control call that names a person answers."""
    return {name: row[name] for name in ("person", "unionid", "openid", "external_userid")}


def everyone(state: State) -> list[dict[str, object]]:
    """All persons with those whose customers they are and the groups they sit in."""
    friends: dict[str, list[str]] = {}
    seats: dict[str, list[str]] = {}
    for row in state.rows("SELECT userid, external_userid FROM relations WHERE stage <> 'lost'"):
        friends.setdefault(row["external_userid"], []).append(row["userid"])
    for row in state.rows("SELECT chat_id, external_userid FROM seats WHERE left_at IS NULL"):
        seats.setdefault(row["external_userid"], []).append(row["chat_id"])
    return [
        {
            **ids(row),
            "associates": friends.get(row["external_userid"], []),
            "chats": seats.get(row["external_userid"], []),
        }
        for row in state.rows("SELECT * FROM people ORDER BY rowid")
    ]


def employee(state: State, userid: str) -> sqlite3.Row:
    """An employee, who is hired on the spot when control names someone new."""
    found = state.row("SELECT * FROM staff WHERE userid = ?", userid)
    if found is not None:
        return found
    state.run("INSERT INTO staff (userid, name) VALUES (?, ?)", userid, userid)
    return employee(state, userid)


def known(state: State, userid: str, code: int = 60111) -> sqlite3.Row:
    """An employee whom an API call names, if the app may see them."""
    found = state.row("SELECT * FROM staff WHERE userid = ?", userid)
    if found is None:
        raise RefusedError(code, "invalid userid")
    if not found["visible"]:
        raise RefusedError(60011, "no privilege to access/modify contact/party/agent")
    return found


def _department_list(asked: Asked) -> Answer:
    found = asked.state.rows("SELECT * FROM departments ORDER BY id")
    return {
        "department": [{"id": row["id"], "parentid": row["parentid"], "name": row["name"], "order": 0} for row in found]
    }


def _department_simplelist(asked: Asked) -> Answer:
    top = asked.query.get("id", "1")
    found = asked.state.rows(
        "WITH RECURSIVE below(id, parentid) AS ("
        " SELECT id, parentid FROM departments WHERE id = ?"
        " UNION SELECT d.id, d.parentid FROM departments d JOIN below b ON d.parentid = b.id"
        ") SELECT id, parentid FROM below ORDER BY id",
        top,
    )
    return {"department_id": [{"id": row["id"], "parentid": row["parentid"], "order": 0} for row in found]}


def _user_simplelist(asked: Asked) -> Answer:
    department = asked.query.get("department_id", "")
    if not department.isdigit():
        raise RefusedError(40058, "invalid department_id")
    found = asked.state.rows("SELECT * FROM staff WHERE department = ? AND visible ORDER BY userid", department)
    return {
        "userlist": [{"userid": row["userid"], "name": row["name"], "department": [int(department)]} for row in found]
    }


def _follow_users(asked: Asked) -> Answer:
    found = asked.state.rows("SELECT userid FROM staff WHERE visible AND activated ORDER BY userid")
    return {"follow_user": [row["userid"] for row in found]}


def _id(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))


APIS = {
    "department/list": Api("GET", _department_list, ("department",)),
    "department/simplelist": Api("GET", _department_simplelist, ("department_id",)),
    "user/simplelist": Api("GET", _user_simplelist, ("userlist",)),
    "externalcontact/get_follow_user_list": Api("GET", _follow_users, ("follow_user",)),
}
