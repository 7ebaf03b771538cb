"""Laws of commands: nothing is lost but what is named, ids stay unique, and no document is too broken."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.journeys.canonical import content_hash
from engine.journeys.check import check
from engine.journeys.editing import commands
from engine.journeys.editing.apply import apply
from engine.journeys.editing.commands import JourneyCommand
from engine.journeys.editing.rough import nodes_of, rough_graph, starts_of, targets_of
from rules.documents.commands import CommandError
from tests.engine.journeys.strategies import broken_journeys, journeys, json_values
from tests.engine.journeys.world import CONTEXT

PORTS = st.sampled_from(
    ["got", "other", "timeout", "done", "yes", "also", "else", "a", "b", "sold_out", "error", "x y"]
)
ADDS = st.one_of(
    st.sampled_from(["wait", "delay", "choice", "split", "end", "journey", "task", "decide", "?"]).map(
        lambda kind: {"type": kind}
    ),
    st.sampled_from(["note", "coupon.issue", "push"]).map(lambda name: {"type": "activity", "activity": name}),
    st.dictionaries(st.sampled_from(["type", "for", "ports", "cases", "outcome"]), json_values, max_size=3),
)
NEW = st.none() | st.sampled_from(["n1", "new", "so nicht"])


def _commands(ids: list[str]) -> st.SearchStrategy[JourneyCommand]:
    nodes = st.sampled_from([*ids, "nowhere"])
    return st.one_of(
        st.builds(commands.InsertAfter, command=st.just("insert_after"), node=nodes, port=PORTS, add=ADDS, id=NEW),
        st.builds(
            commands.InsertStart,
            command=st.just("insert_start"),
            add=ADDS,
            entry=st.none() | st.integers(0, 2),
            id=NEW,
        ),
        st.builds(commands.Delete, command=st.just("delete"), node=nodes),
        st.builds(commands.DeleteBranch, command=st.just("delete_branch"), node=nodes, port=PORTS),
        st.builds(commands.Duplicate, command=st.just("duplicate"), node=nodes, branch=st.booleans()),
        st.builds(
            commands.MoveBranch,
            command=st.just("move_branch"),
            node=nodes,
            port=PORTS,
            to_node=nodes,
            to_port=PORTS,
        ),
        st.builds(commands.Connect, command=st.just("connect"), node=nodes, port=PORTS, to=nodes),
        st.builds(commands.Disconnect, command=st.just("disconnect"), node=nodes, port=PORTS),
        st.builds(
            commands.SetParams,
            command=st.just("set_params"),
            node=nodes,
            params=st.dictionaries(st.text(max_size=3), json_values, max_size=2),
        ),
        st.builds(commands.RenameNode, command=st.just("rename_node"), node=nodes, to=st.sampled_from(["n1", "x"])),
        st.builds(
            commands.LabelStage, command=st.just("label_stage"), node=nodes, stage=st.sampled_from([None, "s", " "])
        ),
    )


def done(source: dict[str, Any], command: JourneyCommand) -> dict[str, Any] | None:
    """The document after a command; None where it is refused."""
    try:
        return apply(source, command)
    except CommandError:
        return None


def ids_of(source: Any) -> list[str]:
    nodes = source.get("nodes")
    return sorted(nodes) if isinstance(nodes, dict) else []


def may_go(source: dict[str, Any], command: JourneyCommand) -> set[str]:
    """The nodes that a command may take out: the one it names, or what is behind the port that it names."""
    match command:
        case commands.Delete(node=node) | commands.RenameNode(node=node):
            return {node}
        case commands.DeleteBranch(node=node, port=port):
            graph = rough_graph(source)
            return set(graph.reachable([graph.ports[node].get(port, "")])) - {node}
        case _:
            return set()


@given(st.data(), journeys())
def test_after_any_commands_each_node_is_there_that_none_of_them_took_out(
    data: st.DataObject, source: dict[str, Any]
) -> None:
    for _ in range(4):
        command = data.draw(_commands(ids_of(source)))
        after = done(source, command)
        if after is None:
            continue
        gone = ids_of(source) and set(ids_of(source)) - set(ids_of(after))
        assert not gone or gone <= may_go(source, command)
        source = after


@given(st.data(), journeys())
def test_a_deleted_node_is_named_nowhere_and_ways_in_join_its_ways_out(
    data: st.DataObject, source: dict[str, Any]
) -> None:
    node = data.draw(st.sampled_from(ids_of(source)))
    into = [
        (key, port) for key, each in nodes_of(source).items() for port, to in targets_of(each).items() if to == node
    ]
    after = done(source, commands.Delete(command="delete", node=node))
    assume(after is not None)
    assert after is not None
    out = set(targets_of(nodes_of(source)[node]).values()) - {node}
    led = [targets_of(nodes_of(after)[key]).get(port) for key, port in into if key != node]
    assert set(led) <= (out or {None})
    assert len(set(led)) <= 1
    assert node not in starts_of(after)
    assert all(node not in targets_of(each).values() for each in nodes_of(after).values())


@given(st.data(), broken_journeys() | st.dictionaries(st.sampled_from(["nodes", "entry", "start"]), json_values))
def test_no_document_is_too_broken(data: st.DataObject, source: Any) -> None:
    assume(isinstance(source, dict))
    before = copy.deepcopy(source)
    after = done(source, data.draw(_commands(ids_of(source))))
    assert repr(source) == repr(before), "a command never changes the document that it is given"
    if after is not None:
        check(after, CONTEXT)


@given(st.data(), journeys())
def test_a_copy_of_a_branch_changes_nothing_that_is_there(data: st.DataObject, source: dict[str, Any]) -> None:
    node = data.draw(st.sampled_from(ids_of(source)))
    after = done(source, commands.Duplicate(command="duplicate", node=node, branch=True))
    assert after is not None
    assert {key: each for key, each in after["nodes"].items() if key in source["nodes"]} == source["nodes"]


@given(st.data(), journeys())
def test_renaming_to_and_fro_gives_the_same_document(data: st.DataObject, source: dict[str, Any]) -> None:
    node = data.draw(st.sampled_from(ids_of(source)))
    there = apply(source, commands.RenameNode(command="rename_node", node=node, to="elsewhere"))
    back = apply(there, commands.RenameNode(command="rename_node", node="elsewhere", to=node))
    assert content_hash(back) == content_hash(source)


@given(st.data(), journeys())
def test_inserting_leads_everybody_on_to_where_they_went(data: st.DataObject, source: dict[str, Any]) -> None:
    graph = rough_graph(source)
    assume(graph.edges)
    edge = data.draw(st.sampled_from(graph.edges))
    kind = data.draw(st.sampled_from(["wait", "delay", "choice", "split"]))
    undecided = {"type-mismatch"} if kind == "choice" else set()
    insert = commands.InsertAfter(command="insert_after", node=edge.source, port=edge.port, add={"type": kind})
    after = apply(source, insert)
    assert rough_graph(after).reachable(starts_of(after)) >= graph.reachable(graph.starts)
    errors = {each.code for each in check(after, CONTEXT) if each.severity == "error"}
    assert errors == undecided, "a branch begins without a condition"
