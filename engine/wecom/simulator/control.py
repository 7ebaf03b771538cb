"""`/control/`: the hands of the demo and of tests. Not part of WeCom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from engine.wecom.simulator import callbacks, chats, outbox, people, tokens
from engine.wecom.simulator.callbacks import Postman
from engine.wecom.simulator.chats import Groups
from engine.wecom.simulator.faults import FaultBox, Faults
from engine.wecom.simulator.load import Load, load, reset
from engine.wecom.simulator.relations import Friendships
from engine.wecom.simulator.scans import Phone
from engine.wecom.simulator.staff import Staff
from engine.wecom.simulator.state import State

Name = Annotated[str, Field(min_length=1, max_length=200)]
Ids = dict[str, str | None]
Items = dict[str, list[dict[str, object]]]


class Body(BaseModel):
    """The body of a control call."""

    model_config = ConfigDict(extra="forbid")


class Scan(Body):
    """A person scans a channel's code; anonymously, only the code's page is opened."""

    channel_state: Name
    person: Name
    anonymous: bool = False


class Pair(Body):
    """A person and an employee, named by userid."""

    associate: Name
    person: Name


class Add(Pair):
    """A person adds an employee through a channel's code (`state`); `half`: it is not mutual yet."""

    state: Annotated[str, Field(max_length=30)] | None = None
    half: bool = False


class Seat(Body):
    """A person and a group."""

    chat: Name
    person: Name


class Join(Seat):
    """A person joins a group: 3 by its code, 1 or 0 invited, 2 by an invitation link."""

    scene: int = Field(default=chats.QR, ge=0, le=3)


class Leave(Seat):
    """A person leaves a group, or is removed."""

    removed: bool = False


class Dismissal(Body):
    """A group is dismissed."""

    chat: Name


class Employment(Body):
    """An employee is hired or changed, or leaves (`gone`). Not `told`: the callback is lost."""

    associate: Name
    name: Name | None = None
    department: int | None = Field(default=None, ge=1, le=2**31)
    activated: bool | None = None
    gone: bool = False
    told: bool = True


class Reset(Body):
    """Back to what was loaded; `everything`: forget that too."""

    everything: bool = False


class Verification(Body):
    """The callback URL of an app is to be verified, as WeCom's console does."""

    app: Name


class Clock(Body):
    """WeCom's clock goes forward."""

    seconds: float = Field(ge=0, le=100 * 365 * 86400)


@dataclass(frozen=True)
class Machine:
    """What control works on."""

    state: State
    friendships: Friendships
    groups: Groups
    faults: FaultBox
    postman: Postman
    phone: Phone
    staff: Staff


def create_router(machine: Machine) -> APIRouter:
    """The control interface."""
    router = APIRouter(prefix="/control")
    _add_deeds(router, machine)
    _add_groups(router, machine)
    _add_staff(router, machine)
    _add_knobs(router, machine)
    _add_views(router, machine)
    return router


def _add_deeds(router: APIRouter, machine: Machine) -> None:
    state, friends = machine.state, machine.friendships

    @router.post("/scan")
    async def scan(body: Scan) -> Ids:
        person = people.person(state, body.person)
        if body.anonymous:
            await machine.phone.open_page(body.channel_state)
        else:
            await machine.phone.scan(body.channel_state, person)
        return people.ids(person)

    @router.post("/add")
    async def add(body: Add) -> Ids:
        with state.change():
            person = people.person(state, body.person)
            people.employee(state, body.associate)
            code = friends.add(body.associate, person["external_userid"], body.state or None, half=body.half)
        machine.postman.wake()
        return {**people.ids(person), "welcome_code": code}

    @router.post("/delete_associate")
    async def delete_associate(body: Pair) -> Ids:
        with state.change():
            person = people.person(state, body.person)
            friends.delete_associate(body.associate, person["external_userid"])
        machine.postman.wake()
        return people.ids(person)

    @router.post("/delete_customer")
    async def delete_customer(body: Pair) -> Ids:
        with state.change():
            person = people.person(state, body.person)
            friends.delete_customer(body.associate, person["external_userid"])
        machine.postman.wake()
        return people.ids(person)


def _add_groups(router: APIRouter, machine: Machine) -> None:
    state = machine.state

    @router.post("/join_group")
    async def join_group(body: Join) -> Ids:
        with state.change():
            person = people.person(state, body.person)
            machine.groups.join(body.chat, person["external_userid"], body.scene)
        machine.postman.wake()
        return people.ids(person)

    @router.post("/leave_group")
    async def leave_group(body: Leave) -> Ids:
        with state.change():
            person = people.person(state, body.person)
            machine.groups.leave(body.chat, person["external_userid"], removed=body.removed)
        machine.postman.wake()
        return people.ids(person)

    @router.post("/dismiss_group")
    async def dismiss_group(body: Dismissal) -> dict[str, str]:
        with state.change():
            machine.groups.dismiss(body.chat)
        machine.postman.wake()
        return {"chat": body.chat}


def _add_staff(router: APIRouter, machine: Machine) -> None:
    @router.post("/employ")
    async def employ(body: Employment) -> dict[str, str]:
        with machine.state.change():
            if body.gone:
                machine.staff.leave(body.associate, told=body.told)
            else:
                machine.staff.change(
                    body.associate,
                    name=body.name,
                    department=body.department,
                    activated=body.activated,
                    told=body.told,
                )
        machine.postman.wake()
        return {"associate": body.associate}


def _add_knobs(router: APIRouter, machine: Machine) -> None:
    state = machine.state

    @router.post("/advance_clock")
    async def advance_clock(body: Clock) -> dict[str, str]:
        state.advance(body.seconds)
        return {"now": state.now().isoformat()}

    @router.post("/faults")
    async def set_faults(body: Faults) -> Faults:
        machine.faults.set(body)
        return body

    @router.post("/lose_tokens")
    async def lose_tokens() -> dict[str, str]:
        tokens.lose(state)
        return {}

    @router.post("/deliver_again")
    async def deliver_again() -> dict[str, int]:
        return {"callbacks": machine.postman.again()}

    @router.post("/load")
    async def fill(body: Load) -> dict[str, bool]:
        with state.change():
            return {"loaded": load(state, body)}

    @router.post("/reset")
    async def start_over(body: Reset | None = None) -> dict[str, str]:
        machine.faults.set(Faults())
        machine.faults.answered.clear()
        with state.change():
            reset(state, everything=bool(body and body.everything))
        return {}


def _add_views(router: APIRouter, machine: Machine) -> None:
    state = machine.state

    @router.get("/outbox")
    async def see_outbox(
        kind: str | None = None, external_userid: str | None = None
    ) -> dict[str, list[dict[str, object]]]:
        return {"items": outbox.items(state, kind, external_userid)}

    @router.get("/faults")
    async def see_faults() -> dict[str, dict[str, int]]:
        return {"struck": dict(+machine.faults.struck)}

    @router.get("/calls")
    async def see_calls() -> Items:
        counted = sorted(machine.faults.answered.items(), key=str)
        return {"items": [{"api": api, "errcode": code, "count": count} for (api, code), count in counted]}

    @router.get("/people")
    async def see_people() -> Items:
        return {"items": people.everyone(state)}

    @router.post("/verify_callback")
    async def verify_callback(body: Verification) -> dict[str, bool]:
        return {"verified": await machine.postman.verify(body.app)}

    @router.get("/callbacks")
    async def see_callbacks() -> dict[str, int]:
        return callbacks.pending(state)
