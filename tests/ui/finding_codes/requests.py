"""What an author does on the pages of the editors, as the requests that the pages send."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from tests.ui.dom import parsed
from tests.ui.pages.test_grid_page import Desk
from tests.ui.visitor import Visitor


@dataclass(frozen=True)
class Author:
    """Somebody at the pages of one definition."""

    visitor: Visitor
    kind: str
    key: str

    @property
    def doors(self) -> str:
        return f"/edit/{self.kind}/{self.key}"

    def post(self, path: str, **data: str) -> httpx.Response:
        answer = self.visitor.post(path, data=data, headers={"HX-Request": "true"})
        assert answer.status_code < 400, f"{path} {data}: {answer.text[:600]}"
        return answer


Deed: TypeAlias = Callable[[Author], object]


def command(**told: Any) -> Deed:
    """A command of the canvas, or of a region beside it."""
    return lambda author: author.post(f"{author.doors}/commands", command=json.dumps(told))


def field(pointer: str, value: str, **more: str) -> Deed:
    """A field of the panel, which saves itself."""
    return lambda author: author.post(f"{author.doors}/field", pointer=pointer, value=value, **more)


def condition(at: str, rule: Any) -> Deed:
    """A condition written as JSON in its builder."""

    def send(author: Author) -> None:
        address = f"{author.doors}/condition"
        page = author.visitor.get(address, params={"at": at}, headers={"HX-Request": "true"})
        assert page.status_code == 200, f"no builder at {at}"
        shown = parsed(page.text)
        seen = next(each.get("value") for each in shown.all("input", name="seen"))
        sent = {"do": "json", "seen": seen, "json": json.dumps(rule)}
        answer = author.visitor.post(address, params={"at": at}, data=sent, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.text[:600]

    return send


def written(change: Callable[[dict[str, Any]], object]) -> Deed:
    """The whole as JSON, on its page: for what forms do not let anybody write."""

    def send(author: Author) -> None:
        page = parsed(author.visitor.get(f"{author.doors}/json").text)
        document = json.loads(page.one("textarea", id="json-text").text)
        change(document)
        [base] = [each.get("value") for each in page.all("input", name="base")]
        author.post(f"{author.doors}/json", text=json.dumps(document, ensure_ascii=False), base=base)

    return send


def test_as_json(index: int, test: Any) -> Deed:
    """A test of a journey, rewritten on the page of the tests."""
    text = json.dumps(test, ensure_ascii=False)
    return lambda author: author.post(
        f"/journeys/{author.key}/tests/change", index=str(index), do="json", text=text
    )  # fmt: skip


def cell(row: str, column: str, text: str) -> Deed:
    """A text typed into a cell of the grid."""
    return lambda author: Desk(author.visitor, author.key).type(row, column, text)


def grid(**told: Any) -> Deed:
    """A command of the grid."""
    return lambda author: Desk(author.visitor, author.key).send(command=told)


def setting(path: str, **data: str) -> Deed:
    """A form of a ruleset's settings."""
    return lambda author: author.post(f"/rules/{author.key}/edit/{path}", **data)
