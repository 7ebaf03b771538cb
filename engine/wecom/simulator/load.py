"""Filling the simulator with a chain that exists already: staff, groups, persons, and who knows whom."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.wecom.simulator import chats, people
from engine.wecom.simulator.state import State


class Item(BaseModel):
    """A part of a load."""

    model_config = ConfigDict(extra="forbid")


class Department(Item):
    """A department; 1 is the root."""

    id: int
    parentid: int = 0
    name: str


class Employee(Item):
    """An employee. `friends_elsewhere` counts customers that are not loaded one by one."""

    userid: str
    name: str
    department: int = 1
    visible: bool = True
    activated: bool = True
    capacity: int = 20_000
    friends_elsewhere: int = 0


class Person(Item):
    """A customer. Ids that are not given are made, but for the unionid where null is given: then there is none."""

    person: str
    unionid: str | None = None
    openid: str | None = None
    external_userid: str | None = None
    name: str | None = None


class Chat(Item):
    """A group; members are persons."""

    chat_id: str
    owner: str
    name: str
    members: list[str] = Field(default_factory=list)
    member_version: str | None = None
    created_at: datetime | None = None


class Relation(Item):
    """A friendship. `state` is the channel's state in WeCom's sense; `lost`: the customer deleted the employee."""

    associate: str
    external_userid: str
    state: str | None = None
    stage: Literal["half", "full", "lost"] = "full"
    add_way: int = 1
    at: datetime


class Load(Item):
    """What to fill in. A part that was loaded before is not loaded again, whatever happened to it since."""

    part: str | None = None
    departments: list[Department] = Field(default_factory=list)
    associates: list[Employee] = Field(default_factory=list)
    people: list[Person] = Field(default_factory=list)
    chats: list[Chat] = Field(default_factory=list)
    relations: list[Relation] = Field(default_factory=list)

    def name(self) -> str:
        """How this part is remembered: by its name, else by its content."""
        return self.part or hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load(state: State, given: Load) -> bool:
    """Fill in a part, unless it was before. No callbacks: all this lies in the past."""
    body = given.model_dump_json(exclude_unset=True)
    new = state.run("INSERT OR IGNORE INTO loads (part, body) VALUES (?, ?)", given.name(), body)
    if new:
        _fill(state, given)
    return bool(new)


def reset(state: State, *, everything: bool = False) -> None:
    """Back to what was loaded, or to nothing at all."""
    if everything:
        state.run("DELETE FROM loads")
        state.run("DELETE FROM tokens")
    parts = [
        Load.model_validate(json.loads(row["body"])) for row in state.rows("SELECT body FROM loads ORDER BY number")
    ]
    state.clear()
    for part in parts:
        _fill(state, part)


def _fill(state: State, given: Load) -> None:
    state.run_many(
        "INSERT OR REPLACE INTO departments VALUES (?, ?, ?)",
        [(one.id, one.parentid, one.name) for one in given.departments],
    )
    state.run_many("INSERT OR REPLACE INTO staff VALUES (?, ?, ?, ?, ?, ?, ?)", map(_staff_row, given.associates))
    for one in given.people:
        _person(state, one)
    state.run_many(
        "INSERT OR IGNORE INTO relations (userid, external_userid, at, stage, add_way, state)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (one.associate, one.external_userid, one.at.timestamp(), one.stage, one.add_way, one.state)
            for one in given.relations
        ],
    )
    for chat in given.chats:
        _chat(state, chat)


def _staff_row(one: Employee) -> tuple[str | int, ...]:
    flags = (int(one.visible), int(one.activated))
    return (one.userid, one.name, one.department, *flags, one.capacity, one.friends_elsewhere)


def _person(state: State, given: Person) -> None:
    """Given ids replace made ones."""
    made = people.person(state, given.person)
    unionid = given.unionid if "unionid" in given.model_fields_set else made["unionid"]
    state.run(
        "UPDATE people SET unionid = ?, openid = ?, external_userid = ?, name = ? WHERE person = ?",
        unionid,
        given.openid or made["openid"],
        given.external_userid or made["external_userid"],
        given.name or made["name"],
        given.person,
    )


def _chat(state: State, given: Chat) -> None:
    if state.row("SELECT 1 FROM chats WHERE chat_id = ?", given.chat_id) is not None:
        return
    chats.make(state, given.chat_id, given.owner, given.name)
    at = given.created_at.timestamp() if given.created_at else state.seconds()
    state.run("UPDATE chats SET at = ? WHERE chat_id = ?", at, given.chat_id)
    state.run("UPDATE versions SET at = ? WHERE chat_id = ?", at, given.chat_id)
    if given.member_version:
        state.run("UPDATE versions SET version = ? WHERE chat_id = ?", given.member_version, given.chat_id)
    seated = [(given.chat_id, people.person(state, one)["external_userid"], at, chats.QR) for one in given.members]
    state.run_many("INSERT INTO seats (chat_id, external_userid, joined_at, scene) VALUES (?, ?, ?, ?)", seated)
