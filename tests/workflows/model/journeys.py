"""The random journeys of the laws, made fit for the real log: other types of events, fields that are declared."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.engine.journeys.strategies import PUSHES, journeys
from tests.engine.journeys.world import activity, document, wait

FIELDS = {
    "event.n": {"type": "integer", "optional": True},
    "member.due": {"type": "instant", "optional": True},
}
"""What the random journeys read and the catalogue does not know."""


def adapted(document: dict[str, Any], key: str, *, entry: str = "custom.a") -> dict[str, Any]:
    """The document under another key; losing a contact, which has a meaning in the log, becomes an event of our own."""
    plain = json.dumps({**document, "key": key, "fields": FIELDS})
    changed: dict[str, Any] = json.loads(plain.replace("contact.lost", "custom.d").replace("custom.a", entry))
    return changed


@st.composite
def _busy(draw: st.DrawFn) -> dict[str, Any]:
    """Effects at once, a wait, effects again, and a goal that may be reached at any time."""
    names = draw(
        st.lists(st.sampled_from(["call", "once", "push", "note", "ping", "coupon.issue"]), min_size=2, max_size=4)
    )
    nodes: dict[str, Any] = {}
    for i, name in enumerate(names):
        ports = {"done": f"w{i}"}
        if name == "coupon.issue":
            ports["sold_out"] = f"w{i}"
        if draw(st.booleans()):
            ports["error"] = f"w{i}"
        if name in PUSHES and draw(st.booleans()):
            ports["quiet"] = f"w{i}"
        params = {"batch": "B"} if name == "coupon.issue" else {"text": "x"}
        nodes[f"a{i}"] = activity(name, params, stage=f"s{i}", ports=ports)
        then = f"a{i + 1}" if i + 1 < len(names) else "end"
        back = draw(st.sampled_from([then, then, "a0", "late"]))
        nodes[f"w{i}"] = wait("custom.b", timeout="PT10M", ports={"got": then, "timeout": back})
    policies: dict[str, Any] = {"max_age": "P1D", "reentry": draw(_reentries)}
    if draw(st.booleans()):
        policies["quiet_hours"] = {"from": "10:20", "to": "12:00"}
    return document(nodes, goal={"on": "contact.lost", "stage": "reached"}, policies=policies)


_reentries = st.sampled_from([{}, {"mode": "always"}, {"mode": "once"}])
documents = st.lists(st.one_of(_busy(), _busy(), journeys()), min_size=1, max_size=2)
"""The journeys of a play."""
