"""Customers as the API shows them to an app."""

from __future__ import annotations

import json
import sqlite3

from engine.wecom.simulator import outbox, people, relations
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError, page
from engine.wecom.simulator.state import State
from rules.types import Json

NOTES = {"remark": 20, "description": 150, "remark_company": 20}


def _get(asked: Asked) -> Answer:
    external_userid = asked.query.get("external_userid", "")
    person = asked.state.row("SELECT * FROM people WHERE external_userid = ?", external_userid)
    if person is None:
        raise RefusedError(40096, "invalid external userid")
    followers = asked.state.rows(
        "SELECT r.* FROM relations r JOIN staff s USING (userid) WHERE r.external_userid = ? AND s.visible ORDER BY at",
        external_userid,
    )
    if not followers:
        raise RefusedError(84061, "not external contact")
    follows: list[Json] = [{**_follow(row), "tags": _tags(asked.state, row)} for row in followers]
    return {"external_contact": _contact(person), "follow_user": follows}


def _list(asked: Asked) -> Answer:
    userid = asked.query.get("userid", "")
    people.known(asked.state, userid)
    found = asked.state.rows("SELECT external_userid FROM relations WHERE userid = ? ORDER BY at", userid)
    if not found:
        raise RefusedError(84061, "not external contact")
    return {"external_userid": [row["external_userid"] for row in found]}


def _batch(asked: Asked) -> Answer:
    userids = asked.texts("userid_list", most=100)
    if not userids:
        raise RefusedError(40063, "some parameters are empty")
    for userid in userids:
        people.known(asked.state, userid)
    marks = ",".join("?" * len(userids))
    found = asked.state.rows(
        f"SELECT * FROM relations JOIN people USING (external_userid) WHERE userid IN ({marks}) ORDER BY userid, at",  # noqa: S608  # question marks only
        *userids,
    )
    shown: list[Json] = [_batch_item(asked.state, row) for row in found]
    items, cursor = page(shown, asked, 50, 100)
    return {"external_contact_list": items, "next_cursor": cursor}


def _batch_item(state: State, row: sqlite3.Row) -> Json:
    ids: list[Json] = [tag["id"] for tag in _tag_rows(state, row)]
    return {"external_contact": _contact(row), "follow_info": {**_follow(row), "tag_id": ids}}


def _remark(asked: Asked) -> Answer:
    userid, external_userid = _pair(asked)
    notes: dict[str, Json] = {name: asked.text(name, longest) for name, longest in NOTES.items() if name in asked.body}
    if "remark_mobiles" in asked.body:
        notes["remark_mobiles"] = [*filter(None, asked.texts("remark_mobiles"))]
    if not notes and "remark_pic_mediaid" not in asked.body:
        raise RefusedError(40063, "some parameters are empty")
    asked.state.run(
        "UPDATE relations SET note = json_patch(note, ?) WHERE userid = ? AND external_userid = ?",
        json.dumps(notes),
        userid,
        external_userid,
    )
    outbox.put(asked.state, "remark", notes, associate=userid, external_userid=external_userid)
    return {}


def _mark_tag(asked: Asked) -> Answer:
    userid, external_userid = _pair(asked)
    added, removed = asked.texts("add_tag"), asked.texts("remove_tag")
    if not added and not removed:
        raise RefusedError(40063, "some parameters are empty")
    names = {tag: _tag_name(asked.state, tag) for tag in (*added, *removed)}
    pair = (userid, external_userid)
    _check_room(asked, pair, added)
    asked.state.run_many("INSERT OR IGNORE INTO relation_tags VALUES (?, ?, ?)", [(*pair, tag) for tag in added])
    for tag in removed:
        asked.state.run("DELETE FROM relation_tags WHERE userid = ? AND external_userid = ? AND tag = ?", *pair, tag)
    body: dict[str, Json] = {
        "add_tag": list(added),
        "remove_tag": list(removed),
        "added": [names[tag] for tag in added],
        "removed": [names[tag] for tag in removed],
    }
    outbox.put(asked.state, "tag", body, associate=userid, external_userid=external_userid)
    return {}


def _check_room(asked: Asked, pair: tuple[str, str], added: list[str]) -> None:
    rows = asked.state.rows("SELECT tag FROM relation_tags WHERE userid = ? AND external_userid = ?", *pair)
    if len({*(row["tag"] for row in rows), *added}) > asked.settings.tags_per_relation:
        raise RefusedError(40058, "too many tags")


def _written(asked: Asked) -> tuple[str, str]:
    return asked.text("userid"), asked.text("external_userid")


def _pair(asked: Asked) -> tuple[str, str]:
    """The relation that a writing call names; while it is half it cannot be written."""
    userid, external_userid = asked.text("userid"), asked.text("external_userid")
    people.known(asked.state, userid, code=40003)
    if asked.state.row("SELECT 1 FROM people WHERE external_userid = ?", external_userid) is None:
        raise RefusedError(40096, "invalid external userid")
    found = relations.find(asked.state, userid, external_userid)
    if found is None or found["stage"] == "half":
        raise RefusedError(84061, "not external contact")
    return userid, external_userid


def _contact(person: sqlite3.Row) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "external_userid": person["external_userid"],
        "name": person["name"],
        "type": 1,
        "avatar": "",
        "gender": 0,
    }
    return {**shown, "unionid": person["unionid"]} if person["unionid"] else shown


def _follow(row: sqlite3.Row) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "userid": row["userid"],
        "remark": "",
        "description": "",
        "remark_mobiles": [],
        **json.loads(row["note"]),
        "createtime": int(row["at"]),
        "add_way": row["add_way"],
        "oper_userid": row["external_userid"],
    }
    return {**shown, "state": row["state"]} if row["state"] else shown


def _tags(state: State, row: sqlite3.Row) -> list[Json]:
    return [
        {"group_name": tag["group_name"], "tag_name": tag["name"], "tag_id": tag["id"], "type": 1}
        for tag in _tag_rows(state, row)
    ]


def _tag_rows(state: State, row: sqlite3.Row) -> list[sqlite3.Row]:
    return state.rows(
        "SELECT t.* FROM relation_tags r JOIN tags t ON t.id = r.tag WHERE userid = ? AND external_userid = ?",
        row["userid"],
        row["external_userid"],
    )


def _tag_name(state: State, tag: str) -> str:
    found = state.row("SELECT name FROM tags WHERE id = ?", tag)
    if found is None:
        raise RefusedError(40068, "invalid tagid")
    return str(found["name"])


APIS = {
    "externalcontact/get": Api("GET", _get, ("follow_user",)),
    "externalcontact/list": Api("GET", _list, ("external_userid",)),
    "externalcontact/batch/get_by_user": Api("POST", _batch, ("external_contact_list",)),
    "externalcontact/remark": Api("POST", _remark, pair=_written),
    "externalcontact/mark_tag": Api("POST", _mark_tag, pair=_written),
}
