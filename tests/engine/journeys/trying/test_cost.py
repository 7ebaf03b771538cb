"""What a journey costs each entrant: bounds from its graph, expectations from counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journeys.trying.cost import Bound, Expected, Kind, bounds, expected, total
from engine.journeys.trying.script import Script
from engine.journeys.trying.simulation import simulate
from tests.engine.journeys.world import activity, plan_of, wait

COUPON = {"type": "activity", "activity": "coupon.issue", "params": {"batch": "B"}}
ENDS = {"done": "end", "sold_out": "late"}
AGELESS: dict[str, Any] = {"policies": {}}


def found(nodes: dict[str, Any], **parts: Any) -> dict[str, tuple[int, int | None]]:
    return {
        each.kind.activity + (f"/{each.kind.batch}" if each.kind.batch else ""): (each.least, each.most)
        for each in bounds(plan_of(nodes, **parts))
    }


@pytest.mark.parametrize(
    ("nodes", "parts", "told"),
    [
        ({"a": activity("note")}, {}, {"note": (1, 1)}),
        ({"a": activity("note", ports={"done": "b"}), "b": activity("note")}, {}, {"note": (2, 2)}),
        ({"a": {**COUPON, "ports": {"done": "end", "sold_out": "late"}}}, {}, {"coupon.issue/B": (1, 1)}),
        (
            {"a": {**COUPON, "ports": {"done": "b", "sold_out": "late"}}, "b": activity("note")},
            {},
            {"coupon.issue/B": (1, 1), "note": (1, 1)},
        ),
        ({"a": activity("note", ports={"done": "end", "error": "late"})}, {}, {"note": (1, 1)}),
        ({"a": wait("custom.b", ports={"got": "b"}), "b": activity("note")}, {}, {"note": (0, 1)}),
        ({"a": wait("custom.b", ports={"got": "b"}), "b": activity("note")}, AGELESS, {"note": (1, 1)}),
        (
            {"a": wait("custom.b", ports={"got": "b"}), "b": activity("note")},
            {**AGELESS, "goal": {"on": "custom.c"}},
            {"note": (0, 1)},
        ),
        (
            {"a": wait("custom.b", timeout="P1D", ports={"got": "b"}), "b": activity("note", ports={"done": "a"})},
            {},
            {"note": (0, None)},
        ),
        (
            {
                "a": {
                    "type": "split",
                    "arms": [{"port": "x", "share_bp": 5_000}, {"port": "y", "share_bp": 5_000}],
                    "ports": {"x": "b", "y": "c"},
                },
                "b": activity("note", ports={"done": "c"}),
                "c": activity("note"),
            },
            {},
            {"note": (1, 2)},
        ),
    ],
)
def test_bounds(nodes: dict[str, Any], parts: dict[str, Any], told: dict[str, tuple[int, int | None]]) -> None:
    assert found(nodes, **parts) == told


def test_batches_are_counted_apart_where_the_document_names_them() -> None:
    nodes = {
        "a": {**COUPON, "ports": {"done": "b", "sold_out": "b"}},
        "b": {**COUPON, "params": {"batch": "C"}, "ports": {"done": "c", "sold_out": "c"}},
        "c": {
            **COUPON,
            "params": {"batch": {"$": {"var": "member.tier"}}},
            "ports": {"done": "end", "sold_out": "late"},
        },
    }
    assert found(nodes) == {"coupon.issue": (1, 1), "coupon.issue/B": (1, 1), "coupon.issue/C": (1, 1)}


def test_another_batch_for_who_comes_too_late_is_no_coupon_for_everybody() -> None:
    second = {**COUPON, "params": {"batch": "C"}, "ports": {"done": "end", "sold_out": "late"}}
    nodes = {"a": {**COUPON, "ports": {"done": "end", "sold_out": "b"}}, "b": second}
    assert found(nodes) == {"coupon.issue/B": (1, 1), "coupon.issue/C": (0, 1)}


def test_the_ways_behind_what_fails_count_for_at_most_alone() -> None:
    failing = {"a": activity("note", ports={"done": "end", "error": "b"}), "b": activity("push", ports={"done": "end"})}
    assert found(failing) == {"note": (1, 1), "push": (0, 1)}


def test_while_the_coupons_last_everybody_passes_what_stands_behind_one() -> None:
    in_group = {"when": {"==": [{"var": "member.tier"}, "gold"]}, "port": "yes"}
    nodes = {
        "coupon": {**COUPON, "ports": {"done": "tell", "sold_out": "how"}},
        "tell": activity("note", ports={"done": "how"}),
        "how": {"type": "choice", "cases": [in_group], "ports": {"yes": "end", "else": "rest"}},
        "rest": {"type": "delay", "for": "P1D", "ports": {"done": "again"}},
        "again": activity("note"),
    }
    assert found(nodes) == {"coupon.issue/B": (1, 1), "note": (1, 2)}


def test_what_quiet_hours_hold_back_may_not_happen() -> None:
    quiet = {"policies": {"max_age": "P9D", "quiet_hours": {"from": "21:00", "to": "08:00"}}}
    push = {"a": activity("push")}
    assert (found(push), found(push, **quiet)) == ({"push": (1, 1)}, {"push": (0, 1)})
    assert found({"a": activity("push", ports={"done": "end", "quiet": "late"})}) == {"push": (0, 1)}


def test_every_start_counts() -> None:
    entry = [{"on": "custom.a"}, {"on": "custom.b", "start": "two"}]
    nodes = {"one": {"type": "end", "outcome": "no"}, "two": activity("note")}
    assert found(nodes, entry=entry) == {"note": (0, 1)}


def test_expectations_are_per_thousand_entrants() -> None:
    note, coupon = Kind("note"), Kind("coupon.issue", "B")
    assert expected({note: 30, coupon: 5}, 40) == [Expected(coupon, 125.0), Expected(note, 750.0)]
    assert expected({note: 3}, 0) == []


def test_the_sum_has_no_upper_bound_where_a_part_has_none() -> None:
    assert total([Bound(Kind("a"), 1, 2), Bound(Kind("b"), 0, 3)]) == (1, 5)
    assert total([Bound(Kind("a"), 1, 2), Bound(Kind("b"), 0, None)]) == (1, None)


@given(ports=st.lists(st.tuples(st.sampled_from("nwce"), st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=6))
def test_no_simulation_breaks_the_bounds(ports: list[tuple[str, int, int]]) -> None:
    """Random graphs of notes, waits and choices, walked to their end; loops without a wait are left out by `next`."""
    names = [f"n{i}" for i in range(len(ports))]

    def target(i: int, step: int) -> str:
        return names[i + 1 + step] if i + 1 + step < len(names) else "end"

    nodes: dict[str, Any] = {}
    for i, (kind, a, b) in enumerate(ports):
        match kind:
            case "n":
                nodes[names[i]] = activity("note", ports={"done": target(i, a)})
            case "w":
                nodes[names[i]] = wait("custom.b", timeout="P1D", ports={"got": target(i, a), "timeout": target(i, b)})
            case "c":
                case = {"when": {"==": [{"var": "member.tier"}, "gold"]}, "port": "yes"}
                nodes[names[i]] = {
                    "type": "choice",
                    "cases": [case],
                    "ports": {"yes": target(i, a), "else": target(i, b)},
                }
            case _:
                nodes[names[i]] = {"type": "end", "outcome": "over"}
    plan = plan_of(nodes)
    known = {each.kind.activity: each for each in bounds(plan)}
    for tier in ("gold", "none"):
        when = [{"at": "PT0S", "on": "custom.a"}, {"at": "PT5M", "on": "custom.b"}]
        script = Script.model_validate({"given": {"member": {"tier": tier}}, "when": when})
        effects = [each.activity for each in simulate(plan, script).effects]
        for name, bound in known.items():
            assert bound.least <= effects.count(name) <= (bound.most if bound.most is not None else 100)
