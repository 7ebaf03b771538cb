"""`/cgi-bin/`: from a request to the answer that WeCom would give."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from engine.wecom.simulator import chats, contacts, join_ways, messages, people, staff, tags, tokens, ways, welcome
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError
from engine.wecom.simulator.faults import SILENCE, FaultBox, Silence
from engine.wecom.simulator.limits import Limits
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State
from rules.types import Json

APIS: Mapping[str, Api] = {
    **people.APIS,
    **staff.APIS,
    **contacts.APIS,
    **welcome.APIS,
    **tags.APIS,
    **ways.APIS,
    **join_ways.APIS,
    **messages.APIS,
    "externalcontact/groupchat/list": chats.LIST,
}


def _unknown(_: Asked) -> Answer:
    raise RefusedError(40066, "invalid url")


TAKES_TOKENS = {40014, 42001}
UNKNOWN = Api("GET", _unknown)


class Desk:
    """Answers API calls."""

    def __init__(self, state: State, settings: SimulatorSettings, faults: FaultBox) -> None:
        self._state, self._settings, self._faults = state, settings, faults
        self._limits = Limits(state, settings)
        self._apis = {**APIS, "externalcontact/groupchat/get": chats.getter(faults)}

    async def serve(self, request: Request) -> Response:
        """Always 200: what went wrong stands in errcode, and list fields stay in the answer, empty."""
        path = request.path_params["path"]
        api = self._apis.get(path, UNKNOWN)
        try:
            answer = self._give_token(request) if path == "gettoken" else await self._call(request, path, api)
        except RefusedError as refused:
            self._faults.answered[path, refused.code] += 1
            return _refusal(refused, api.lists, request)
        except _UnansweredError as unanswered:
            self._faults.answered[path, None] += 1
            return NoAnswer(unanswered.silence)
        self._faults.answered[path, 0] += 1
        return JSONResponse({"errcode": 0, "errmsg": "ok", **answer})

    def _give_token(self, request: Request) -> Answer:
        self._fail("gettoken")
        query = request.query_params
        with self._state.change():
            return tokens.give(self._state, self._settings, query.get("corpid", ""), query.get("corpsecret", ""))

    async def _call(self, request: Request, path: str, api: Api) -> Answer:
        name = tokens.owner(self._state, request.query_params.get("access_token", ""))
        with self._limits.call(name, path):
            self._fail(path)
            asked = await self._asked(request, name, api)
            silence = self._faults.silence(path)
            if silence is not None and silence.lost:
                raise _UnansweredError(silence)
            with self._limits.writing(api.pair(asked) if api.pair else None):
                with self._state.change():
                    answer = api.answer(asked)
                await asyncio.sleep(self._faults.answer_delay)
        if silence is not None:
            raise _UnansweredError(silence)
        return answer

    def _fail(self, path: str) -> None:
        code = self._faults.errcode(path)
        if code in TAKES_TOKENS:
            tokens.lose(self._state)
        if code:
            raise RefusedError(code, "as asked for")

    async def _asked(self, request: Request, name: str, api: Api) -> Asked:
        if api is not UNKNOWN and request.method != api.method:
            raise RefusedError(43001 if api.method == "GET" else 43002, f"require {api.method} method")
        body = _object(await request.body()) if api.method == "POST" else {}
        address = str(request.base_url).rstrip("/")
        return Asked(self._state, self._settings, self._settings.apps[name], address, dict(request.query_params), body)


class _UnansweredError(Exception):
    """The call gets no answer."""

    def __init__(self, silence: Silence) -> None:
        super().__init__()
        self.silence = silence


class NoAnswer(Response):
    """Silence: until the caller has had enough, or with a connection that ends in the middle of the answer."""

    def __init__(self, silence: Silence) -> None:
        super().__init__()
        self._silence = silence

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send nothing that would be an answer."""
        if self._silence.hang_up:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE):
                while (await receive())["type"] != "http.disconnect":
                    pass


def _object(body: bytes) -> dict[str, Json]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise RefusedError(47001, "data format error") from error
    if not isinstance(value, dict):
        raise RefusedError(47001, "data format error")
    return value


def _refusal(refused: RefusedError, lists: tuple[str, ...], request: Request) -> Response:
    """The real shape of an errmsg, so that nobody comes to match its text."""
    hint = f"{int(time.time())}_{secrets.randbelow(1000)}_{secrets.token_hex(16)}"
    host = request.client.host if request.client else "127.0.0.1"
    more = f"https://open.work.weixin.qq.com/devtool/query?e={refused.code}"
    message = f"{refused.message}, hint: [{hint}], from ip: {host}, more info at {more}"
    return JSONResponse({"errcode": refused.code, "errmsg": message, **{name: [] for name in lists}})
