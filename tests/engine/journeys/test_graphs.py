"""The picture behind a document: reachability, depth, stages, loops."""

from __future__ import annotations

import pytest

from engine.journeys.graph import Edge, Graph, stages_of
from engine.journeys.parse import parse
from tests.engine.journeys.world import activity, document, plan_of, wait


def graph(edges: str, *starts: str) -> Graph:
    """A graph from text: `a>b` for each edge."""
    ports: dict[str, dict[str, str]] = {}
    for pair in edges.split():
        source, _, target = pair.partition(">")
        ports.setdefault(source, {})
        if target:
            ports[source][f"to_{target}"] = target
            ports.setdefault(target, {})
    return Graph(ports, starts or ("a",))


def test_edges_name_source_port_and_target_and_leave_out_what_does_not_exist() -> None:
    assert Graph({"a": {"x": "b", "y": "gone"}, "b": {}}, ("a",)).edges == (Edge("a", "x", "b"),)


def test_a_node_is_reachable_through_any_start() -> None:
    assert graph("a>b c>d e>a", "a", "c").reachable(("a", "c")) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("edges", "depths"),
    [
        ("a>b b>c a>c", {"a": 0, "b": 1, "c": 2}),
        ("a>b b>c c>a c>d", {"a": 0, "b": 1, "c": 2, "d": 3}),
        ("a>a a>b", {"a": 0, "b": 1}),
        ("a>b a>c c>b b>d", {"a": 0, "c": 1, "b": 2, "d": 3}),
        ("a>b b>z a>y y>x x>z", {"a": 0, "b": 1, "y": 1, "x": 2, "z": 3}),
    ],
)
def test_depth_is_the_longest_path_without_back_edges(edges, depths) -> None:
    assert graph(edges).depth == depths


@pytest.mark.parametrize(
    ("edges", "loops"),
    [("a>b b>c", []), ("a>a", ["a"]), ("a>b b>a c>c", ["ab", "c"]), ("a>b b>c c>a c>d d>c", ["abcd"])],
)
def test_loops_are_the_largest_sets_that_lead_to_one_another(edges, loops) -> None:
    found = graph(edges).loops(frozenset("abcd") & graph(edges).ports.keys())
    assert ["".join(sorted(loop)) for loop in found] == loops


def test_stages_are_ordered_by_depth_then_by_node_id_and_the_goals_is_last() -> None:
    nodes = {
        "z": wait("custom.b", timeout="PT1H", stage="first", ports={"got": "y", "timeout": "x"}),
        "y": activity("note", stage="third"),
        "x": activity("note", stage="second", title={"zh": "二", "en": "Two"}),
    }
    goal = {"on": "custom.c", "stage": "bought"}
    plan = plan_of(nodes, goal=goal)
    assert plan.stages == ("first", "second", "third", "bought")
    assert plan.stage_titles["second"] == {"zh": "二", "en": "Two"}
    assert plan.stage_titles["bought"] == {"zh": "bought", "en": "bought"}


def test_the_order_of_an_objects_keys_means_nothing() -> None:
    nodes = {
        "m": wait("custom.b", timeout="PT1H", stage="m", ports={"got": "k", "timeout": "l"}),
        "k": wait("custom.b", timeout="PT1H", stage="k", ports={"got": "l"}),
        "l": wait("custom.b", timeout="PT1H", stage="l", ports={"got": "k"}),
    }
    one, _ = parse(document(nodes, start="m"))
    other, _ = parse(document(dict(reversed(nodes.items())), start="m"))
    assert one is not None
    assert other is not None
    from_one, from_other = (
        stages_of(each, Graph({k: n.ports for k, n in each.nodes.items()}, ("m",))) for each in (one, other)
    )
    assert list(from_one) == list(from_other)
