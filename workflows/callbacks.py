"""The callbacks that only WeCom can explain, mapped by the router role: joinings and gaps in groups, and transfers.

    lease the first callback of each chat -> ask WeCom, outside any transaction -> settle the chat in one transaction

Several routers work side by side, each on chats that it has leased. Nothing here waits for a customer: who was added as
a friend is told when the callback arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import retrying
from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY
from engine.secrets.keyring import KeyRing
from engine.wecom import inbox
from engine.wecom.answers import Customer, GroupChat
from engine.wecom.chats import Look
from engine.wecom.errors import (
    ChatGoneError,
    ConfigurationError,
    ContactUnknownError,
    RelationEndedError,
    TryAgainError,
    WeComError,
)
from engine.wecom.inbox import Due
from engine.wecom.intake import Intake, Settled
from engine.wecom.meanings import NoLook
from workflows.worker import Stop

T = TypeVar("T")

LIMIT = 3.0
"""Seconds that WeCom may take to explain a callback."""
LEASE = timedelta(seconds=20)
AT_ONCE = 8
IDLE = 0.2

log = structlog.get_logger()


class Explainer(Protocol):
    """The part of WeCom's client that explains callbacks."""

    async def groupchat_get(self, chat_id: str) -> GroupChat: ...

    async def get_external_contact(self, external_userid: str) -> Customer: ...


@dataclass(frozen=True)
class CallbackMapper:
    """Maps what waits. `explainers` are WeCom's clients by the name of the app that received the callback."""

    database: Database
    clock: Clock
    keys: KeyRing
    explainers: Mapping[str, Explainer]

    async def run(self, stop: Stop) -> None:
        """Map until `stop`; what is under way is finished first."""
        stopping = asyncio.ensure_future(stop.wait())
        while not stopping.done():
            if not await self.run_once():
                await asyncio.wait([stopping], timeout=IDLE)

    async def run_until_idle(self) -> None:
        """Map until nothing more is due."""
        while await self.run_once():
            pass

    async def run_once(self) -> int:
        """Take up to eight chats and transfers that are due, side by side; how many were taken up."""
        try:
            due = await self._do(self._lease)
        except DATABASE_IS_AWAY:
            log.warning("the database does not answer")
            return 0
        await asyncio.gather(*(self._map(one) for one in due))
        return len(due)

    def _lease(self, intake: Intake) -> list[Due]:
        return inbox.lease(intake.session, now=intake.now, until=intake.now + LEASE, limit=AT_ONCE)

    async def _map(self, due: Due) -> None:
        """Map what one lease covers; a callback that cannot be mapped at all lets its chat go on in the end."""
        try:
            settled = await (self._map_transfer(due) if due.chat_id is None else self._map_chat(due, due.chat_id))
        except DATABASE_IS_AWAY:
            log.warning("the database went away while a callback was mapped", callback=due.id)
        except Exception as error:  # one callback that we cannot map must not keep its chat, or the others, waiting
            log.exception("a callback could not be mapped", callback=due.id)
            reason = type(error).__name__
            with suppress(*DATABASE_IS_AWAY):
                await self._do(lambda intake: intake.fail(due.id, reason))
        else:
            for callback, reason in settled.reasons.items():
                log.warning("a callback was mapped without WeCom's word", callback=callback, reason=reason)

    async def _map_chat(self, due: Due, chat_id: str) -> Settled:
        look = await self._look(due.app, chat_id)
        return await self._do(lambda intake: intake.settle_chat(chat_id, look, upto=due.upto))

    async def _map_transfer(self, due: Due) -> Settled:
        customer = await self._do(lambda intake: intake.transferred(due.id))
        if customer is None:
            return Settled()
        found = await self._find(due.app, customer)
        return await self._do(lambda intake: intake.settle_transfer(due.id, found))

    async def _look(self, app: str, chat_id: str) -> Look:
        try:
            async with asyncio.timeout(LIMIT):
                return await self._explainer(app).groupchat_get(chat_id)
        except ChatGoneError:
            return NoLook.GONE
        except (WeComError, TimeoutError) as error:
            return _unanswered(error)

    async def _find(self, app: str, external_userid: str) -> Customer | NoLook:
        try:
            async with asyncio.timeout(LIMIT):
                return await self._explainer(app).get_external_contact(external_userid)
        except (RelationEndedError, ContactUnknownError):
            return NoLook.GONE
        except (WeComError, TimeoutError) as error:
            return _unanswered(error)

    def _explainer(self, app: str) -> Explainer:
        """The client of the app; of one that is no longer in the settings any other's."""
        explainer = self.explainers.get(app) or next(iter(self.explainers.values()), None)
        if explainer is None:
            raise ConfigurationError("any", hint="no app is set up")
        return explainer

    async def _do(self, work: Callable[[Intake], T]) -> T:
        def in_transaction(session: Session) -> T:
            return work(Intake(session, self.keys, self.clock.now()))

        return await asyncio.to_thread(retrying.run, self.database, in_transaction)


def _unanswered(error: Exception) -> NoLook:
    """Whether to ask again: a refusal stays one until a person has mended the settings."""
    log.warning("WeCom does not explain a callback", reason=str(error) or type(error).__name__)
    return NoLook.UNANSWERED if isinstance(error, TryAgainError | TimeoutError) else NoLook.REFUSED
