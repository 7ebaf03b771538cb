"""What remote activity types are given to reach the outside world. Made once per worker by `server.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from engine.wecom.errands import Told, Whom
from rules.types import Json


class WeComApi(Protocol):
    """What activity types have done in WeCom. It raises a `WeComError`: see `wecom_failures`."""

    async def send_welcome(
        self, welcome_code: str, text: str, attachments: Sequence[Mapping[str, Json]] = ()
    ) -> None: ...

    async def tag_member(self, whom: Whom, add: Sequence[str], remove: Sequence[str]) -> int: ...

    async def remark(self, whom: Whom, notes: Mapping[str, Json]) -> int: ...

    async def tell_staff(self, whom: Whom, text: str, key: str) -> Told: ...


@dataclass(frozen=True)
class Outside:
    """The connections of a worker. A test gives fakes.

    `http` refuses private addresses (`AddressRefusedError`), since authors write where it calls, and
    follows no redirect.
    """

    wecom: WeComApi
    http: httpx.AsyncClient


class AddressRefusedError(httpx.TransportError):
    """An address that nobody outside should be able to name: this machine, this network, or no address at all."""
