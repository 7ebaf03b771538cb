"""The few calls of our own API that definitions as files need."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel

from engine.definitions.kinds import Kind
from rules.types import Json

Document = dict[str, Json]


class ServiceError(Exception):
    """The service cannot be reached or refused; the message says what it said."""


@dataclass(frozen=True)
class Draft:
    """A draft of the service: its text and revision."""

    text: str
    revision: int


class ServiceFinding(BaseModel):
    """A finding as the API tells it."""

    code: str
    severity: str
    pointer: str
    message: dict[str, str]


class Service:
    """A running Waystation. Use it as a context manager; `transport` stands in for the network in tests."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1/definitions",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def keys(self, kind: Kind, *, drafts: bool = False) -> Iterator[str]:
        """The keys of all definitions of a kind that were published, or that have a draft too."""
        cursor: str | None = None
        while True:
            page = self._ask("GET", f"/{kind}", params={"limit": 200} | ({"cursor": cursor} if cursor else {}))
            yield from (item["key"] for item in page["items"] if item["version"] is not None or drafts)
            cursor = page["next"]
            if cursor is None:
                return

    def live(self, kind: Kind, key: str) -> tuple[int, Document] | None:
        """Number and document of the live version; None when nothing is live."""
        versions = self._ask("GET", f"/{kind}/{key}/versions", missing={"items": []}, params={"limit": 200})
        for item in versions["items"]:
            if item["live"]:
                version = self._ask("GET", f"/{kind}/{key}/versions/{item['version']}")
                return version["version"], version["document"]
        return None

    def draft(self, kind: Kind, key: str) -> Draft | None:
        """The draft to the letter; None when there is none."""
        answer = self._send("GET", f"/{kind}/{key}/draft", may_miss=True)
        if answer is None:
            return None
        return Draft(answer.text, int(answer.headers["etag"].strip('"')))

    def put_draft(self, kind: Kind, key: str, text: str) -> list[ServiceFinding]:
        """Store a draft; what the service finds in it."""
        headers = {"Content-Type": "application/json"}
        answer = self._ask("PUT", f"/{kind}/{key}/draft", content=text.encode(), headers=headers)
        return [ServiceFinding.model_validate(one) for one in answer["findings"]]

    def check(self, kind: Kind, key: str, text: str) -> list[ServiceFinding]:
        """What the service finds in a text, which it does not keep."""
        headers = {"Content-Type": "application/json"}
        answer = self._ask("POST", f"/{kind}/{key}/draft/check", content=text.encode(), headers=headers)
        return [ServiceFinding.model_validate(one) for one in answer["findings"]]

    def publish(self, kind: Kind, key: str, note: str) -> int:
        """Publish the draft; the number of the new version."""
        version: int = self._ask("POST", f"/{kind}/{key}/publish", json={"note": note})["version"]
        return version

    def _ask(self, method: str, path: str, *, missing: Any = None, **request: Any) -> Any:
        """The answer's JSON; `missing` where there is nothing at this path. Raises ServiceError."""
        answer = self._send(method, path, may_miss=missing is not None, **request)
        return missing if answer is None else answer.json()

    def _send(self, method: str, path: str, *, may_miss: bool, **request: Any) -> httpx.Response | None:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise ServiceError(f"{self.url} cannot be reached: {error}") from error
        if answer.status_code == httpx.codes.NOT_FOUND and may_miss:
            return None
        if answer.is_error:
            raise ServiceError(f"{method} {answer.request.url.path}: {answer.status_code} {_detail(answer)}")
        return answer


def _detail(answer: httpx.Response) -> str:
    if "json" not in answer.headers.get("content-type", ""):
        return answer.reason_phrase
    problem = answer.json()
    return str(problem.get("detail") or problem.get("title") or answer.reason_phrase)
