"""The hook-coupon journey is built from an empty page, by mouse and by keys alone, and is the one that was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from engine.access.store import add_user
from engine.clock import FixedClock
from engine.coupons.models import CouponBatch
from engine.database.connection import Database
from engine.definitions.source import value_at
from engine.edits.store import editable
from engine.journeys.canonical import content_hash
from engine.library.shelf import find_template
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.hands import Hands, Keys, Mouse
from tests.ui.sample import PASSWORD
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

pytestmark = pytest.mark.browser

_TEMPLATE = find_template("journey", "hook-coupon")
assert _TEMPLATE is not None
SEEDED: dict[str, Any] = _TEMPLATE.document

LENGTHS = {
    "PT1M": "1 minute", "PT30M": "30 minutes", "P3D": "3 days", "P7D": "7 days", "P30D": "30 days", "P45D": "45 days",
}  # fmt: skip
OPERATORS = {"==": "is", "<": "less", "in": "in"}
ENDS = ("not_added", "not_joined", "no_stock", "not_claimed")


@pytest.fixture
def deps(deps: Dependencies) -> Dependencies:
    """With the activity types that ship."""
    return replace(deps, catalogue=catalogue_of(load_activities()))


@pytest.fixture
def chain(database: Database, clock: FixedClock) -> None:
    """A service that was just set up: one person, one coupon batch, no journey."""
    with database.begin() as session:
        add_user(session, "admin", PASSWORD, "admin", now=clock.now())
        batch = CouponBatch(key="HOOK-2026", title={"zh": "引流券", "en": "Hook"}, stock=9, value=990)
        batch.created_at = clock.now()
        session.add(batch)


class Builder:
    """Somebody who builds the journey and looks at each step whether it was saved."""

    def __init__(self, walk: Walk, hands: Hands, database: Database, target: dict[str, Any]) -> None:
        self.page, self.hands, self.database, self.target = walk.page, hands, database, target

    def build(self) -> None:
        self._picture()
        for node in self.target["nodes"]:
            self._node(node)
        self._settings()
        self._tests()

    # The picture

    def _picture(self) -> None:
        self._renamed("done", "expired")
        self._added("@entry", "", "branch", "choice", "how")
        self._filled("/nodes/how/cases/0/port", "friend")
        self._added("how", "else", "contact.added", "wait_added", "wait_add")
        self._added("wait_add", "timeout", "delay", "delay", "invite")
        self._added("invite", "done", "contact.added", "wait_added", "wait_add_again")
        self._added("wait_add_again", "added", "send_welcome", "send_welcome", "welcome")
        self._connected("wait_add", "added", "welcome")
        self._added("welcome", "done", "group.joined", "wait_joined", "wait_join")
        for node, port in (("welcome", "expired"), ("welcome", "error"), ("how", "friend")):
            self._connected(node, port, "wait_join")
        self._added("wait_join", "joined", "coupon.issue", "issue_coupon", "coupon")
        self._added("coupon", "done", "coupon.claimed", "wait_claimed", "wait_claim")
        self._added("wait_claim", "claimed", "delay", "delay", "wait_redeem")
        for node, port, end in (
            ("wait_add_again", "timeout", "not_added"),
            ("wait_join", "timeout", "not_joined"),
            ("coupon", "sold_out", "no_stock"),
            ("wait_claim", "timeout", "not_claimed"),
        ):
            self._added(node, port, "ends the journey", "done", end)

    def _added(self, node: str, port: str, words: str, made: str, name: str) -> None:
        self.hands.add(node, port, words)
        expect(self.page.locator(f"#node-{made}")).to_have_attribute("aria-current", "true")
        if made != name:
            self._renamed(made, name)

    def _renamed(self, node: str, name: str) -> None:
        self._chosen(node)
        self._opened(f"/nodes/{node}")
        self.hands.write(self._form(f"/nodes/{node}", "node").locator("input[name=value]"), name)
        expect(self.page.locator(f"#node-{name}")).to_have_attribute("aria-current", "true")
        self._panel_of(name)

    def _connected(self, node: str, port: str, to: str) -> None:
        self._chosen(node)
        pointer = f"/nodes/{node}/ports/{port}"
        self.hands.pick(self._form(pointer, "port").locator("select[name=value]"), to)
        self._saved(pointer, to)

    def _chosen(self, node: str) -> None:
        if self.page.locator(f"#canvas #node-{node}").get_attribute("aria-current") != "true":
            self.hands.choose(node)
        self._panel_of(node)

    def _panel_of(self, node: str) -> None:
        expect(self.page.locator("#panel .panel-title code")).to_have_text(node)

    # Nodes

    def _node(self, name: str) -> None:
        node = self.target["nodes"][name]
        self._chosen(name)
        for key in node.keys() - {"type", "ports", "activity", "params", "cases", "for"}:
            self._valued(f"/nodes/{name}/{key}", node[key])
        match node["type"]:
            case "delay":
                self._valued(f"/nodes/{name}/for", node["for"])
            case "wait":
                self._valued(f"/nodes/{name}/for/0", node["for"][0])
            case "choice":
                self._condition(f"/nodes/{name}/cases/0/when", node["cases"][0]["when"])
        for key, value in node.get("params", {}).items():
            self._param(f"/nodes/{name}/params/{key}", value)

    def _param(self, pointer: str, value: Any) -> None:
        match value:
            case {"$": {"default": [{"var": first}, {"var": second}]}}:
                self._computed(pointer)
                self._path(pointer, 0, first)
                self._path(pointer, 1, second)
                self._saved(pointer, value)
            case {"$": {"var": only}}:
                self._computed(pointer)
                self._path(pointer, 0, only)
                self._saved(pointer, value)
            case [{"kind": "group_qr", "chat": chat}]:
                self.hands.press(self.page.locator("#panel button", has_text="Group code"))
                self._param(f"{pointer}/0/chat", chat)
            case _:
                self._valued(pointer, value)

    def _computed(self, pointer: str) -> None:
        self.hands.pick(self._form(pointer).locator("select[name=as]"), "expression")
        expect(self._form(pointer, "expression")).to_be_attached()

    def _path(self, pointer: str, index: int, path: str) -> None:
        self.hands.write(self._form(pointer, "expression").locator("input[name=value]").nth(index), path)
        self._until(lambda: path in json.dumps(value_at(self._document(), pointer)), f"{pointer} names {path}")

    # Settings

    def _settings(self) -> None:
        target = self.target
        self.hands.press(self.page.locator("[data-unchoose]"))
        self._part("settings")
        for key in target.keys() & {"title", "note", "subject"}:
            self._valued(f"/{key}", target[key])
        self.hands.pick(self._form("/start").locator("select[name=value]"), target["start"])
        self._part("entry")
        self.hands.write(self._form("/entry/-").locator("input[name=value]"), target["entry"][1]["on"])
        self._saved("/entry/1/on", target["entry"][1]["on"])
        for index, entry in enumerate(target["entry"]):
            self._valued(f"/entry/{index}", entry)
        self._part("policies")
        self._valued("/policies", target["policies"])
        self._part("goal")
        self._valued("/goal", target["goal"])
        self._part("exits")
        self.hands.write(self._form("/exits/-").locator("input[name=value]"), target["exits"][0]["on"])
        self._saved("/exits/0/on", target["exits"][0]["on"])
        self._valued("/exits/0", target["exits"][0])

    def _part(self, part: str) -> None:
        self.hands.press(self.page.locator(f'#panel a[href$="part={part}"]'))
        expect(self.page.locator(f'#panel a[href$="part={part}"]')).to_have_attribute("aria-current", "true")

    def _valued(self, pointer: str, value: Any) -> None:
        """Fill in a value, or all parts of it, unless it stands there already."""
        if value_at(self._document(), pointer) == value:
            return
        key = pointer.rpartition("/")[2]
        if key == "when":
            self._condition(pointer, value)
        elif isinstance(value, dict):
            for name, inside in value.items():
                self._valued(f"{pointer}/{name}", inside)
        elif key in {"from", "to"}:
            self.hands.clock(self._form(pointer).locator("input[name=value]"), value)
            self._saved(pointer, value)
        else:
            self._filled(pointer, value)

    def _filled(self, pointer: str, value: Any) -> None:
        self._opened(pointer)
        control = self._form(pointer).locator("[name=value]").last
        if control.evaluate("each => each.tagName") == "SELECT":
            self.hands.pick(control, str(value))
        else:
            self.hands.write(control, f"{value / 100:g}%" if pointer.endswith("_bp") else LENGTHS.get(value, value))
        self._saved(pointer, value)

    def _opened(self, pointer: str) -> None:
        """Unfold what the field stands in."""
        closed = self.page.locator(f'#panel details:not([open]):has(form[data-pointer="{pointer}"])')
        if closed.count():
            self.hands.press(closed.first.locator("summary").first)

    # Conditions

    def _condition(self, pointer: str, when: Any) -> None:
        """Build the condition from its comparisons; they all have to hold."""
        for index, comparison in enumerate(when.get("and", [when])):
            self._comparison(pointer, index, comparison)
        self._saved(pointer, when)

    def _comparison(self, pointer: str, index: int, comparison: Any) -> None:
        """Add a comparison of a field with something, and set how and with what it is compared."""
        builder = self.page.locator(f'#panel .cond-place[data-pointer="{pointer}"]')
        [(operator, (field, other))] = comparison.items()
        self.hands.find(builder.locator(".cond-add [role=combobox]").last, field["var"])
        expect(builder.locator("form.cond-row")).to_have_count(index + 1)
        row = builder.locator("form.cond-row").nth(index)
        if row.locator(".cond-operator").input_value() != OPERATORS[operator]:
            self.hands.pick(row.locator(".cond-operator"), OPERATORS[operator])
        self._until(lambda: operator in self._built(pointer, index), f"{pointer} compares by {operator}")
        self._compared(row, other)
        self._until(lambda: self._built(pointer, index) == comparison, f"{pointer} is {comparison}")

    def _compared(self, row: Locator, other: Any) -> None:
        match other:
            case {"var": path}:
                self.hands.press(row.locator('button[name="swap"]'))
                self.hands.find(row.locator('.cond-operand:has(input[name^="other."]) [role=combobox]'), path)
            case list():
                for value in other:
                    self.hands.tick(row.locator(f'input[type=checkbox][value="{value}"]'))
            case bool():
                self.hands.pick(row.locator('select[name="value.1"]'), json.dumps(other))
            case _:
                self.hands.write(row.locator('input[name="value.1"]'), other)

    def _built(self, pointer: str, index: int) -> Any:
        """The comparison as it is saved."""
        when: Any = value_at(self._document(), pointer)
        return when["and"][index] if "and" in when else when

    # Tests are written as text

    def _tests(self) -> None:
        self.hands.press(self.page.get_by_role("link", name="JSON"))
        text = self.page.locator("#json-text")
        whole = {**json.loads(text.input_value()), "tests": self.target["tests"]}
        self.hands.write(text, json.dumps(whole, ensure_ascii=False, indent=2))
        self.hands.press(self.page.locator("form:has(#json-text) button[type=submit]").first)
        self._saved("/tests", self.target["tests"])
        self.page.wait_for_url("**/json?saved=1")

    # Looking

    def _form(self, pointer: str, kind: str | None = None) -> Locator:
        """The form of a field in the panel."""
        marks = f'[data-field="{kind}"]' if kind else '[data-field]:not([data-field=""])'
        return self.page.locator(f'#panel form[data-pointer="{pointer}"]{marks}').first

    def _document(self) -> dict[str, Any]:
        with self.database.begin() as session:
            return editable(session, "journey", "hook-coupon").document

    def _saved(self, pointer: str, value: Any) -> None:
        self._until(lambda: value_at(self._document(), pointer) == value, f"{pointer} is {value!r}")

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        for _ in range(200):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not so: {what}; it is {json.dumps(self._document())[:3000]}")


def begin(walk: Walk, hands: Hands) -> None:
    """From the empty list of journeys to the desk of a new one."""
    walk.sign_in(lang="en")
    page = walk.page
    walk.go("/journeys")
    hands.press(page.locator("main").get_by_role("link", name="New journey").first)
    page.wait_for_url("**/journeys/new")
    hands.write(page.get_by_label("Name in Chinese"), SEEDED["title"]["zh"])
    hands.write(page.get_by_label("Name in English"), SEEDED["title"]["en"])
    hands.write(page.get_by_label("Key"), "hook-coupon")
    hands.press(page.get_by_role("button", name="Start designing"))
    page.wait_for_url("**/journeys/hook-coupon/edit")
    expect(page.locator("#panel-title")).to_be_visible()


@pytest.fixture
def desk(browser: Browser, address: Address) -> Iterator[Walk]:
    page = browser.new_page(viewport={"width": 1440, "height": 1000}, locale="en-US")
    yield Walk(page, address)
    page.close()


@pytest.mark.parametrize("hands", [Mouse, Keys])
def test_the_journey_is_built_from_an_empty_page(desk: Walk, database: Database, hands: type[Mouse | Keys]) -> None:
    begin(desk, hands(desk.page))
    Builder(desk, hands(desk.page), database, SEEDED).build()
    desk.go("/edit/journey/hook-coupon/json")
    exported = json.loads(desk.page.locator("#json-text").input_value())
    assert exported == SEEDED
    assert content_hash(exported) == content_hash(SEEDED)
    assert desk.complaints == []
