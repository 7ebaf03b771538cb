"""What remote activity types are given to reach the outside world. Made once per worker by `server.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from rules.types import Json


class WeComApi(Protocol):
    """The part of WeCom's client that activity types use."""

    async def send_welcome(
        self, welcome_code: str, text: str, attachments: Sequence[Mapping[str, Json]] = ()
    ) -> None: ...


@dataclass(frozen=True)
class Outside:
    """The connections of a worker. A test gives fakes."""

    wecom: WeComApi
    http: httpx.AsyncClient
