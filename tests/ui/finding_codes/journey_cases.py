# ruff: noqa: E501 - in a table of cases each case reads best as one line
"""How an author comes by each finding of a journey."""

from __future__ import annotations

from typing import Any

from tests.ui.finding_codes.cases import Case
from tests.ui.finding_codes.requests import command, condition, field, test_as_json, written

WHEN = "/nodes/how/cases/0/when"
TIER = {"==": [{"var": "member.tier"}, "gold"]}
NEVER = {"and": [TIER, {"==": [{"var": "member.tier"}, "silver"]}]}
PAYS: dict[str, Any] = {"at": "PT0S", "on": "order.paid"}
TEST: dict[str, Any] = {
    "name": "a friend",
    "given": {"member": {"friend": True}},
    "when": [PAYS],
    "then": {"path": ["how", "coupon", "ab", "rest"]},
}
WRONG = {**TEST, "then": {"path": ["how", "add"]}}
SAY = command(
    command="insert_after",
    node="ab",
    port="a",
    add={"type": "activity", "activity": "wecom.notify_associate"},
    id="say",
)
OFFER = command(
    command="insert_after",
    node="ab",
    port="a",
    add={"type": "activity", "activity": "test.offer", "params": {}},
    id="offer",
)
SECOND = [
    field("/nodes/how/cases", "", op="add"),
    command(command="set", pointer="/nodes/how/cases/1/port", value="friend"),
]


def named(port: str, to: str) -> Any:
    """Lets a port of the split lead somewhere by its name alone."""
    return written(lambda document: document["nodes"]["ab"]["ports"].update({port: to}))


CASES = [
    Case("schema", "/nodes/add/for", "/nodes/add/for", [field("/nodes/add/for/0", "", op="remove")], "Wait for a friend to be added"),
    Case("schema", "/nodes/rest/fro", "/nodes/rest/fro", [written(lambda document: document["nodes"]["rest"].update(fro="P2D"))], "Take `fro` away"),
    Case("schema", "/colour", "/colour", [written(lambda document: document.update(colour="red"))], "Take `colour` away"),
    Case("schema", "/key", "/key", [written(lambda document: document.update(key="another"))], "Write"),
    Case("unknown-node", "/nodes/ab/ports/b", "/nodes/ab/ports/b", [named("b", "gonne")], "Lead to “Not finished”"),
    Case("unknown-node", "/start", "/start", [written(lambda document: document.update(start="hwo"))], "Begin at “A friend?”"),
    Case("unknown-port", "/nodes/add/ports/timeout", "/nodes/add/ports/timeout", [field("/nodes/add/timeout", "")], "Take this way away"),
    Case("missing-port", "/nodes/coupon/ports", "/nodes/coupon/ports", [command(command="disconnect", node="coupon", port="sold_out")], "Lead it to a new end"),
    Case("unreachable-node", "/nodes/add", "/nodes/add", [command(command="connect", node="how", port="else", to="gone")], "Delete it"),
    Case("dead-end", "/nodes/rest", "/nodes/rest", [command(command="disconnect", node="rest", port="done")], "End the journey here"),
    Case("hot-loop", "/nodes/ab", "/nodes/ab", [command(command="connect", node="ab", port="b", to="how")], "Put a delay of a day into the loop"),
    Case("endless-wait", "/nodes/add", "/nodes/add", [field("/policies/max_age", ""), field("/nodes/add/timeout", ""), command(command="disconnect", node="add", port="timeout")], "Wait for at most 7 days, then end"),
    Case("bad-split", "/nodes/ab/arms", "/nodes/ab/arms", [field("/nodes/ab/arms/0/share_bp", "60")], "Share out evenly"),
    Case("unknown-activity", "/nodes/coupon/activity", "/nodes/coupon/activity", [written(lambda document: document["nodes"]["coupon"].update(activity="coupon.isue"))], "Write “Issue a coupon”"),
    Case("bad-params", "/nodes/coupon/params/bach", "/nodes/coupon/params/bach", [written(lambda document: document["nodes"]["coupon"].update(params={"bach": "HOOK-2026"}))], "Call it “Coupon batch”"),
    Case("bad-params", "/nodes/coupon", "/nodes/coupon", [field("/nodes/coupon/params/batch", "")], why="only the author knows which batch is meant"),
    Case("unknown-reference", "/nodes/coupon/params/batch", "/nodes/coupon/params/batch", [field("/nodes/coupon/params/batch", "HOOK-2025")], "Write “红颜草莓 9.9 元券 (HOOK-2026)”"),
    Case("unknown-field", f"{WHEN}/==/0/var", WHEN, [condition(WHEN, {"==": [{"var": "member.freind"}, True]})], "Write “Is a friend (member.friend)”"),
    Case("unknown-field", "/nodes/say/params/text", "/nodes/say/params/text", [SAY, field("/nodes/say/params/text", "{{store.titel}}")], "Write “Store title (store.title)”"),
    Case("unknown-condition", WHEN, WHEN, [condition(WHEN, {"condition": "zones/vipp"})], "Write `zones/vip`"),
    Case("type-mismatch", f"{WHEN}/==/1", WHEN, [condition(WHEN, {"==": [{"var": "member.gender"}, "femal"]})], "Write “Female”"),
    Case("type-mismatch", f"{WHEN}/==/1", WHEN, [condition(WHEN, {"==": [{"var": "member.points"}, "100"]})], "Write 100"),
    Case("bad-subject", "/nodes/coupon/activity", "/nodes/coupon/activity", [field("/subject", "store")], "Make it a journey of members"),
    Case("not-available", "/subject", "/subject", [field("/subject", "store")], "Make it a journey of members"),
    Case("not-available", "/nodes/task", "/nodes/task", [command(command="insert_after", node="ab", port="a", add={"type": "task"}, id="task")], "Delete this node"),
    Case("hidden-case", "/nodes/how/cases/1/when", "/nodes/how/cases/1/when", [*SECOND, condition(WHEN, TIER), condition("/nodes/how/cases/1/when", {"and": [TIER, {"==": [{"var": "member.friend"}, True]}]})], "Ask it first"),
    Case("impossible-condition", "/nodes/how/cases/1/when", "/nodes/how/cases/1/when", [*SECOND, condition("/nodes/how/cases/1/when", NEVER)], "Take this case away"),
    Case("maybe-missing", "/nodes/say/params/text", "/nodes/say/params/text", [SAY, field("/nodes/say/params/text", "{{member.nickname}}")], "Where it is absent, use nothing"),
    Case("unused-value", "/nodes/coupon/save", "/nodes/coupon/save", [field("/nodes/coupon/save", "ticket")], "Do not save it"),
    Case("unknown-event", "/nodes/add/for/0/on", "/nodes/add/for/0/on", [field("/nodes/add/for/0/on", "contact.addd")], "Write “Added as a friend”"),
    Case("unknown-event", "/entry/0/on", "/entry/0/on", [field("/entry/0/on", "order.payed")], "Write “Order paid”"),
    Case("expires-in-quiet", "/nodes/offer", "/nodes/offer", [OFFER, field("/policies/quiet_hours/from", "21:30"), field("/policies/quiet_hours/to", "08:30")], "In quiet hours skip it"),
    Case("entry-overlap", "/entry/0", "/entry/0", [field("/entry/0/on", "contact.scanned")], why="who shall have them, a person must decide; it may be accepted"),
    Case("test-failed", "/tests/0", "/tests/0", [command(command="insert", pointer="/tests", value=TEST), test_as_json(0, WRONG)], "Let the test state what comes out now"),
    Case("unknown-holidays", "/nodes/rest/until", "/nodes/rest/until", [command(command="set", pointer="/nodes/rest", value={"type": "delay", "until": {"time": "10:00", "days": 400, "working_day": True}, "ports": {"done": "won"}})], why="the days are published by the state; a delay that needs none is the author's to choose"),
    Case("not-proved", WHEN, WHEN, [condition(WHEN, NEVER)], why="nothing is known to be wrong", unproved=True),
]  # fmt: skip
