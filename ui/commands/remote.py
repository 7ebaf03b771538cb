"""A running service, as the command line speaks to it: the same JSON API that all programs use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from engine.definitions.kinds import Kind
from rules.types import Json

_JSON = {"Content-Type": "application/json"}


class RemoteError(Exception):
    """The service cannot be reached, or refuses; the message says what to do."""


class RefusedError(RemoteError):
    """The service found errors in a document."""

    def __init__(self, message: str, findings: list[dict[str, Json]]) -> None:
        super().__init__(message)
        self.findings = findings


@dataclass(frozen=True)
class LiveVersion:
    """What is live under a key."""

    version: int
    hash: str
    document: dict[str, Json]


class Remote:
    """The definitions of one service. The client carries its address and the key."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def check(self, kind: Kind, key: str, text: str) -> list[dict[str, Json]]:
        """What the service finds in a document, without keeping it."""
        answer = self._ask("POST", f"{kind}/{key}/draft/check", content=text)
        return _objects(answer["findings"])

    def live(self, kind: Kind, key: str) -> LiveVersion | None:
        """The live version, None where nothing was published."""
        try:
            number = self._ask("GET", f"{kind}/{key}")["version"]
            answer = self._ask("GET", f"{kind}/{key}/versions/{number}") if number is not None else None
        except _MissingError:
            return None
        if answer is None:
            return None
        document = answer["document"]
        return LiveVersion(int(str(number)), str(answer["hash"]), document if isinstance(document, dict) else {})

    def publish(self, kind: Kind, key: str, text: str, note: str | None) -> int:
        """Make the text the draft and publish it; the new version's number. Raises RefusedError with findings."""
        self._ask("PUT", f"{kind}/{key}/draft", content=text)
        answer = self._ask("POST", f"{kind}/{key}/publish", json={"note": note})
        return int(str(answer["version"]))

    def keys(self, kind: Kind) -> Iterator[str]:
        """The keys of everything that was published."""
        cursor: Json = None
        while True:
            page = self._ask("GET", kind, params={"limit": "200", **({"cursor": str(cursor)} if cursor else {})})
            yield from (str(item["key"]) for item in _objects(page["items"]) if item["version"] is not None)
            cursor = page["next"]
            if cursor is None:
                return

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: str | None = None,
        json: Json = None,
        params: Mapping[str, str] | None = None,
    ) -> dict[str, Json]:
        address = f"/api/v1/definitions/{path}"
        headers = _JSON if content is not None else {}
        try:
            answer = self._client.request(method, address, content=content, json=json, params=params, headers=headers)
        except httpx.HTTPError as error:
            raise RemoteError(f"The service at {self._client.base_url} cannot be reached: {error}") from error
        if answer.is_success:
            found: dict[str, Json] = answer.json()
            return found
        raise _refusal(answer)


class _MissingError(RemoteError):
    """There is no such thing."""


def _refusal(answer: httpx.Response) -> RemoteError:
    """The service's own words."""
    try:
        problem = answer.json()
    except ValueError:
        return RemoteError(f"The service answered with status {answer.status_code}. Is its address right?")
    if "findings" in problem:
        return RefusedError(problem["detail"], problem["findings"])
    more = "".join(f" {error['pointer']}: {error['message']}" for error in problem.get("errors", []))
    message = f"{problem.get('detail', answer.reason_phrase)}{more}"
    return _MissingError(message) if answer.status_code == httpx.codes.NOT_FOUND else RemoteError(message)


def _objects(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
