"""Plays customers, each at their own time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from engine.clock import Clock
from engine.seeds.coupons import BATCH
from rules.types import Json
from workflows.demo.fates import Customer, Step
from workflows.demo.groups import IMPOSSIBLE, Groups
from workflows.demo.outside import OutsideError, Service, Simulator

JOURNEY = "hook-coupon"
TILL, MINI_PROGRAM = "demo/till", "demo/mini-program"
BEFORE_ADD = frozenset({None, "how", "wait_add", "invite", "wait_add_again"})
"""Where a run of the journey stands before it knows of the add."""
LOOK_EVERY = 0.5
Answer = TypeVar("Answer")
AT_ONCE = 40
"""So many customers act at one moment at most; time spent waiting does not count."""


class VainError(OutsideError):
    """A customer waited for the journey in vain."""


class Player:
    """Plays all customers. `patience` are the seconds that one waits for the journey to do its part."""

    def __init__(self, service: Service, simulator: Simulator, clock: Clock, *, patience: float = 90.0) -> None:
        self._service, self._simulator, self._clock = service, simulator, clock
        self._groups = Groups(simulator)
        self._patience = patience
        self._acting = asyncio.Semaphore(AT_ONCE)

    async def play_all(self, customers: Sequence[Customer], progress: Callable[[], None]) -> None:
        """All of them side by side; `progress` is called for every step that is over."""
        await asyncio.gather(*(self._play(customer, progress) for customer in customers))

    async def learn_who_was_held_out(self, customers: Sequence[Customer]) -> None:
        """Ask of everybody whether the journey left them alone."""
        await asyncio.gather(*(self._learn(customer) for customer in customers if customer.unionid))

    async def _play(self, customer: Customer, progress: Callable[[], None]) -> None:
        for step, wait in zip(customer.fate.steps, customer.waits, strict=True):
            await asyncio.sleep(wait)
            try:
                goes_on = await self._do(step, customer)
            except OutsideError as error:
                customer.failure, goes_on = f"{step}: {error}", False
            if not goes_on:
                break
            customer.done.append(step)
            progress()
        for _ in range(len(customer.fate.steps) - len(customer.done)):
            progress()

    async def _do(self, step: Step, customer: Customer) -> bool:
        """One step; False when the customer cannot take it, because the journey leaves them alone."""
        if step in {"claim", "redeem"}:
            return await self._use_coupon(step, customer)
        if step == "add" and customer.done:
            await self._meet(customer)
        if step == "leave":
            await self._befriend(customer)
        door = customer.door
        async with self._acting:
            match step:
                case "scan":
                    ids = await self._simulator.do("scan", customer.person, channel_state=door.state)
                case "add":
                    ids = await self._simulator.do("add", customer.person, associate=door.associate, state=door.state)
                case "join":
                    ids = await self._groups.join(customer.person, door.chats)
                case _:
                    ids = await self._leave(customer)
        customer.unionid = str(ids["unionid"])
        return True

    async def _leave(self, customer: Customer) -> dict[str, Json]:
        """Delete the associate; who is gone already, since an answer was lost, need not go again."""
        try:
            return await self._simulator.do("delete_associate", customer.person, associate=customer.door.associate)
        except OutsideError as error:
            if error.status != IMPOSSIBLE:
                raise
            return {"unionid": customer.unionid}

    async def _use_coupon(self, step: Step, customer: Customer) -> bool:
        """Claim in the mini-program, or redeem at the till of the store."""
        coupon = await self._coupon(customer)
        if coupon is None:
            return False
        data: dict[str, Json] = {"batch": BATCH, "code": coupon["code"]}
        name, source = ("coupon.claimed", MINI_PROGRAM) if step == "claim" else ("coupon.redeemed", TILL)
        if step == "redeem":
            data["store"] = customer.door.store
        async with self._acting:
            now = self._clock.now()
            await self._service.send(name, _subject(customer), data, source=source, at=now)
        return True

    async def _coupon(self, customer: Customer) -> Mapping[str, Json] | None:
        """The customer's coupon as soon as they have it; None for who is held out."""

        async def look() -> Mapping[str, Json] | bool | None:
            coupons = await self._service.items("coupons", batch=BATCH, member=_subject(customer))
            if coupons and isinstance(coupons[0], dict):
                return coupons[0]
            return await self._is_held_out(customer) or None

        found = await self._until(look, "no coupon came")
        return found if isinstance(found, Mapping) else None

    async def _meet(self, customer: Customer) -> None:
        """Wait until the journey has taken in the scan: whoever is a friend by then goes another way through it."""

        async def look() -> bool | None:
            runs = await self._runs(customer)
            return any(run["node"] or run["status"] == "holdout" for run in runs) or None

        await self._until(look, "the journey did not meet them")

    async def _befriend(self, customer: Customer) -> None:
        """Wait until the journey has taken in the add: news of leaving may overtake it, and would end the run first."""

        async def look() -> bool | None:
            runs = await self._runs(customer)
            return any(run["node"] not in BEFORE_ADD or run["status"] == "holdout" for run in runs) or None

        await self._until(look, "the journey did not take in the add")

    async def _is_held_out(self, customer: Customer) -> bool | None:
        """Whether the journey leaves the customer alone; None while it has not met them yet."""
        statuses = [run["status"] for run in await self._runs(customer)]
        return "holdout" in statuses if statuses else None

    async def _learn(self, customer: Customer) -> None:
        try:
            customer.held_out = await self._until(lambda: self._is_held_out(customer), "the journey did not meet them")
        except VainError as error:
            customer.failure = customer.failure or str(error)

    async def _runs(self, customer: Customer) -> list[Mapping[str, Json]]:
        runs = await self._service.items("runs", journey=JOURNEY, member=_subject(customer))
        return [run for run in runs if isinstance(run, dict)]

    async def _until(self, look: Callable[[], Awaitable[Answer | None]], problem: str) -> Answer:
        """What a look gives as soon as it gives something. Raises VainError when patience ends."""
        for _ in range(round(self._patience / LOOK_EVERY)):
            async with self._acting:
                answer = await look()
            if answer is not None:
                return answer
            await asyncio.sleep(LOOK_EVERY)
        raise VainError(f"{problem} within {self._patience:.0f} s")


def _subject(customer: Customer) -> str:
    return f"unionid:{customer.unionid}"
