"""Random journeys without errors, random logs of events, random JSON: for laws of the interpreter and of `check`."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from engine.journeys.deadlines import Pause
from engine.journeys.state import EventIn, Failure, Outcome
from tests.engine.journeys.world import T0, document

TYPES = ("custom.b", "custom.c", "contact.lost")
TIMES = ("PT0S", "PT10M", "PT1H", "PT5H", "P1D")
PUSHES = ("push", "ping")
ACTIVITIES = ("note", "coupon.issue", "call", "once", *PUSHES)
"""Local and remote ones of each kind of contact, one of which must not be repeated."""

conditions = st.sampled_from(
    [
        {"==": [{"var": "event.n"}, 1]},
        {"<": [{"var": "event.n"}, 2]},
        {"==": [{"var": "member.tier"}, "gold"]},
        {"and": [{"==": [{"var": "member.friend"}, True]}, {"<": [{"var": "event.n"}, 3]}]},
    ]
)
untils = st.sampled_from(
    [
        {"time": "09:00"}, {"time": "18:00", "days": 1}, {"time": "10:00", "working_day": True},
        {"var": "member.due"},
    ]
)  # fmt: skip
tests_of_events = st.one_of(
    st.none(), st.sampled_from([{"==": [{"var": "event.n"}, 1]}, {"<": [{"var": "event.n"}, 2]}])
)


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, Any]:
    """A document that `check` finds no error in.

    Nodes are numbered; ports lead forward, so that every path ends, but those of waits may also go back.
    """
    count = draw(st.sampled_from([1, 2, 3, 4, 4, 5, 6, 7]))
    nodes: dict[str, Any] = {f"n{i}": draw(_node(i, count)) for i in range(count)}
    parts: dict[str, Any] = {"policies": draw(_policies())}
    if draw(st.booleans()):
        parts["entry"] = [{"on": "custom.a", "start": draw(st.sampled_from(sorted(nodes))), "save": "entry"}]
    if draw(st.booleans()):
        parts["goal"] = {"on": "contact.lost", **_when(draw), "stage": "reached"}
    if draw(st.booleans()):
        parts["exits"] = [
            {"on": draw(st.sampled_from(TYPES)), "when": {"==": [{"var": "event.n"}, 3]}, "outcome": f"left{i}"}
            for i in range(draw(st.integers(1, 2)))
        ]
    return document(nodes, **parts)


def _when(draw: st.DrawFn) -> dict[str, Any]:
    when = draw(tests_of_events)
    return {} if when is None else {"when": when}


@st.composite
def _policies(draw: st.DrawFn) -> dict[str, Any]:
    policies: dict[str, Any] = {"max_age": draw(st.sampled_from(["PT1H", "P1D", "P4D"]))}
    policies["reentry"] = draw(
        st.sampled_from([{}, {}, {"mode": "once"}, {"mode": "always"}, {"mode": "after_exit", "cooldown": "PT1H"}])
    )
    if not draw(st.integers(0, 3)):
        policies["holdout"] = {"share_bp": 5000, "salt": "s"}
    if draw(st.booleans()):
        policies["quiet_hours"] = draw(
            st.sampled_from([{"from": "09:00", "to": "12:00"}, {"from": "21:30", "to": "10:30"}])
        )
    return policies


@st.composite
def _node(draw: st.DrawFn, i: int, count: int) -> dict[str, Any]:
    further = [f"n{j}" for j in range(i + 1, count)]
    ahead = st.sampled_from([*further[:1] * 4, *further, "end", "late"])
    anywhere = st.sampled_from([*(f"n{j}" for j in range(count)), "end", "late"])
    stage = draw(st.sampled_from([{}, {"stage": f"s{i}"}]))
    match draw(st.sampled_from(["wait"] * 6 + ["delay", "until", "choice", "split", *ACTIVITIES])):
        case "wait":
            return {**stage, **draw(_wait(ahead, anywhere))}
        case "delay":
            return {**stage, "type": "delay", "for": draw(st.sampled_from(TIMES)), "ports": {"done": draw(ahead)}}
        case "until":
            return {**stage, "type": "delay", "until": draw(untils), "ports": {"done": draw(ahead)}}
        case "choice":
            cases = [{"when": draw(conditions), "port": "yes"}, {"when": draw(conditions), "port": "also"}]
            ports = {port: draw(ahead) for port in ("yes", "also", "else")}
            unknown = draw(st.sampled_from([{}, {"on_unknown": "also"}]))
            return {**stage, "type": "choice", "cases": cases, "ports": ports, **unknown}
        case "split":
            arms = [{"port": "a", "share_bp": 3000}, {"port": "b", "share_bp": 7000}]
            return {**stage, "type": "split", "arms": arms, "ports": {"a": draw(ahead), "b": draw(ahead)}}
        case name:
            return {**stage, **draw(_activity(name, ahead))}


@st.composite
def _wait(draw: st.DrawFn, ahead: st.SearchStrategy[str], anywhere: st.SearchStrategy[str]) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"on": draw(st.sampled_from(TYPES)), **_when(draw), "port": "got", "save": "it"}]
    if draw(st.booleans()):
        items.append({"on": draw(st.sampled_from(TYPES)), "port": "other"})
    ports = {item["port"]: draw(ahead if i == 0 else anywhere) for i, item in enumerate(items)}
    node: dict[str, Any] = {"type": "wait", "for": items, "since": draw(st.sampled_from(["entry", "node"]))}
    if draw(st.integers(0, 3)):
        node["timeout"] = draw(st.sampled_from(TIMES[1:]))
        ports["timeout"] = draw(anywhere)
    return {**node, "ports": ports}


@st.composite
def _activity(draw: st.DrawFn, name: str, ahead: st.SearchStrategy[str]) -> dict[str, Any]:
    params: dict[str, Any] = {
        "coupon.issue": {"batch": "B"},
        "note": {"text": draw(st.sampled_from(["x", "{{member.nickname}}"]))},
    }.get(name, {"text": draw(st.sampled_from(["x", "{{member.nickname}}"]))})
    ports = {"done": draw(ahead)}
    if name == "coupon.issue":
        ports["sold_out"] = draw(ahead)
    if draw(st.booleans()):
        ports["error"] = draw(ahead)
    if name in PUSHES and draw(st.booleans()):
        ports["quiet"] = draw(ahead)
    retry = draw(st.sampled_from([{}, {"retry": {"attempts": 2, "initial": "PT10M"}}]))
    return {"type": "activity", "activity": name, "params": params, "ports": ports, "save": "it", **retry}


minutes = st.sampled_from([0, 0, 1, 1, 5, 10, 30, 60, 61, 600, 1440, 3000])


@st.composite
def logs(draw: st.DrawFn, size: int = 8) -> list[EventIn]:
    """Events in order of acceptance; some late, some repeated, some of one moment."""
    accepted, found = T0, list[EventIn]()
    for i in range(draw(st.integers(0, size))):
        accepted += timedelta(minutes=draw(minutes))
        late = timedelta(minutes=draw(st.sampled_from([0, 0, 0, 1, 45, 2000])))
        data = draw(st.sampled_from([{}, {"n": 1}, {"n": 2}, {"n": 3}, {"n": "broken"}]))
        found.append(EventIn(101 + i, draw(st.sampled_from([*TYPES, "custom.a"])), accepted - late, accepted, data))
        if draw(st.integers(0, 4)) == 0:
            found.append(EventIn(201 + i, found[-1].type, found[-1].time, accepted, dict(data)))
    return found


moments = st.lists(minutes, min_size=1, max_size=6).map(
    lambda steps: [T0 + timedelta(minutes=sum(steps[: i + 1])) for i in range(len(steps))]
)
"""The times of turns, in order."""

outcomes = st.sampled_from(
    [Outcome(""), Outcome("", result={"id": "7"}), Failure("no"), Failure("no", final=True), Failure("unknown-outcome")]
)
results = st.fixed_dictionaries(
    {name: st.lists(outcomes, max_size=4) for name in ACTIVITIES}
    | {"coupon.issue": st.lists(st.one_of(outcomes, st.just(Outcome("", "sold_out"))), max_size=4)}
)
facts = st.fixed_dictionaries(
    {
        "member": st.fixed_dictionaries(
            {"friend": st.booleans()},
            optional={
                "tier": st.sampled_from(["gold", "silver", None]),
                "nickname": st.sampled_from(["Lin", 7, None]),
                "due": st.sampled_from(["2026-01-07T12:00:00+08:00", "2026-01-09T09:00:00+08:00", "soon", None]),
            },
        ),
        "store": st.just({"title": "S"}),
    }
)


@st.composite
def pauses(draw: st.DrawFn) -> list[Pause]:
    """A few pauses that are over and, perhaps, one that lasts."""
    start, found = T0, list[Pause]()
    for _ in range(draw(st.integers(0, 2))):
        start += timedelta(minutes=draw(minutes))
        end = start + timedelta(minutes=draw(minutes))
        found.append(Pause(start, end, draw(st.sampled_from(["hold", "extend"]))))
        start = end
    return found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["PT1H", "custom.b", "end", "{{member.tier}}", "{{", "n0", "wait", "done", "vars.it.n"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["on", "when", "port", "for", "ports", "type", "var", "$", "==", "time", "x", "\0", "a/b~c"]),
        inner, max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip
"""Any JSON, with a liking for the words of the format."""


@st.composite
def broken_journeys(draw: st.DrawFn) -> Any:
    """A journey in which a few places hold any JSON, or nothing."""
    source = copy.deepcopy(draw(journeys()))
    source["tests"] = [{"name": "t", "when": [{"at": "PT0S", "on": "custom.a"}], "then": {"path": ["n0"]}}]
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = source
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            child = holder[key]
            if isinstance(child, dict | list) and child and draw(st.integers(0, 3)):
                holder = child
                continue
            if isinstance(holder, dict) and draw(st.booleans()):
                del holder[key]
            else:
                holder[key] = draw(json_values)
            break
    return source
