"""One call of WeCom's API, with all that the policies of `errors` ask for: tokens, repetition, pace."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from engine.clock import Clock
from engine.wecom import errors
from engine.wecom.callback import App
from engine.wecom.errors import OutcomeUnknownError, Policy, WeComError
from engine.wecom.observed import observed
from engine.wecom.pace import Gate, Windows
from engine.wecom.tokens import MemoryCache, Token, TokenCache, TokenKeeper
from rules.types import Json

Answer = dict[str, Json]
Sleep = Callable[[float], Awaitable[None]]
Hear = Callable[[WeComError], Awaitable[None]]
TIMEOUT = httpx.Timeout(10.0, connect=3.0)
REPETITIONS = 3
BUSY: Mapping[str, Json] = {"errcode": -1}


@dataclass(frozen=True)
class Call:
    """A request. `repeatable` ones do no harm when WeCom carries them out twice."""

    api: str
    query: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    body: Mapping[str, Json] | None = field(default=None, repr=False)
    repeatable: bool = True


async def _nobody(_: WeComError) -> None:
    """Nobody hears of refusals."""


class Calls:
    """Makes calls for one app. Belongs to one event loop; the HTTP client is the caller's to close.

    `hear` is told of every error that a call ends with, before it is raised.
    """

    def __init__(
        self,
        app: App,
        http: httpx.AsyncClient,
        base_url: str,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        cache: TokenCache | None = None,
        hear: Hear = _nobody,
    ) -> None:
        logging.getLogger("httpx").addFilter(_WITHOUT_QUERIES)
        self._app, self._http, self._clock, self._sleep = app, http, clock, sleep
        self._base = base_url.rstrip("/").removesuffix("/cgi-bin") + "/cgi-bin/"
        self._tokens = TokenKeeper(self._fetch_token, cache or MemoryCache(), clock)
        self._gates: dict[str, Gate] = defaultdict(Gate)
        self._windows = Windows(clock)
        self._hear = hear

    async def make(self, call: Call) -> Answer:
        """The answer to a call, whose errcode is 0. Raises a `WeComError`."""
        try:
            return await self._make(call)
        except WeComError as error:
            await self._hear(error)
            raise

    async def _make(self, call: Call) -> Answer:
        token = await self._tokens.current()
        answer = await self._insist(call, token)
        if _policy(answer) is Policy.RENEW_TOKEN:
            answer = await self._insist(call, await self._tokens.renew(token))
        return _checked(call.api, answer, self._windows.left(call.api))

    async def _insist(self, call: Call, token: Token | None) -> Answer:
        """Ask, and ask again while WeCom is merely busy or crowded."""
        query = {**call.query, "access_token": token.value} if token else call.query
        for attempt in range(REPETITIONS):
            answer = await self._ask(call, query)
            if _policy(answer) not in (Policy.RETRY, Policy.SLOW_DOWN):
                return answer
            await self._sleep(_pause(attempt))
        return await self._ask(call, query)

    async def _ask(self, call: Call, query: Mapping[str, str | int]) -> Answer:
        self._windows.check(call.api)
        gate = self._gates[call.api]
        async with gate:
            answer = await observed(call.api, self._send(call, query))
        match _policy(answer):
            case Policy.CLOSE_WINDOW:
                self._windows.close(call.api)
            case Policy.SLOW_DOWN:
                gate.narrow()
            case _:
                gate.widen()
                self._windows.answered(call.api)
        return answer

    async def _send(self, call: Call, query: Mapping[str, str | int]) -> Answer:
        method = "GET" if call.body is None else "POST"
        try:
            response = await self._http.request(
                method, self._base + call.api, params=dict(query), json=call.body, timeout=TIMEOUT
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return dict(BUSY)
        except httpx.TransportError as error:
            return _unanswered(call, error)
        return _answer(call, response)

    async def _fetch_token(self) -> Token:
        query = {"corpid": self._app.corp_id, "corpsecret": self._app.secret}
        asked_at = self._clock.now()
        answer = _checked("gettoken", await self._insist(Call("gettoken", query), None), self._windows.left("gettoken"))
        value, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not isinstance(seconds, int):
            raise errors.UnreadableAnswerError("gettoken")
        return Token(value, asked_at + timedelta(seconds=seconds))


def _policy(answer: Answer) -> Policy | None:
    """What to do about an answer: nothing when its errcode is 0."""
    code = answer["errcode"]
    return errors.policy(code) if isinstance(code, int) and code else None


def _checked(api: str, answer: Answer, closed_for: float) -> Answer:
    code, message = answer["errcode"], answer.get("errmsg", "")
    if isinstance(code, int) and code:
        raise errors.error(api, code, message if isinstance(message, str) else "", closed_for)
    return answer


def _answer(call: Call, response: httpx.Response) -> Answer:
    """WeCom answers 200 whatever happened; anything else, and anything but a JSON object, comes from something else."""
    try:
        answer = response.json() if response.is_success else None
    except ValueError as error:
        return _unanswered(call, error)
    if not isinstance(answer, dict) or not isinstance(answer.get("errcode"), int):
        return _unanswered(call, None)
    return answer


def _unanswered(call: Call, cause: Exception | None) -> Answer:
    if call.repeatable:
        return dict(BUSY)
    raise OutcomeUnknownError(call.api) from cause


def _pause(attempt: int) -> float:
    """Half a second, one, two; each a random part shorter, so that callers do not come back together."""
    return 0.5 * (1, 2, 4)[attempt] * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, guards nothing


class _WithoutQueries(logging.Filter):
    """httpx logs each address at INFO, and WeCom wants secrets and tokens in the query: cut it off."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                argument.copy_with(query=None) if isinstance(argument, httpx.URL) else argument
                for argument in record.args
            )
        return True


_WITHOUT_QUERIES = _WithoutQueries()
