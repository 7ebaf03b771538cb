"""Laws of migrations, on random journeys, random edits of them, random maps and random plays.

After a migration every run stands at a node of the new version or has ended; it ends when time passes; no effect that
it had is repeated unless the old version would have repeated it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.journeys.check import check
from engine.journeys.editing import commands
from engine.journeys.editing.apply import apply
from engine.journeys.migration.migrate import Later, Migrated, migrate
from engine.journeys.migration.moves import Moves
from engine.journeys.migration.purposes import can_rest
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.state import Local, Outcome, Remote, State
from engine.journeys.steps import Activity
from rules.documents.commands import CommandError
from tests.engine.journeys.scripts import Player, Settle, Tell, Turn, scripts
from tests.engine.journeys.strategies import facts, journeys, results
from tests.engine.journeys.test_migration import rows_of
from tests.engine.journeys.world import CATALOGUE, CONTEXT, EVENTS, FIELDS, Host, Run, activity, document, wait
from tests.law import law

WAIT = {"type": "wait", "for": [{"on": "custom.b", "port": "got"}], "timeout": "PT5H"}
ADDS: tuple[dict[str, Any], ...] = (
    WAIT,
    {"type": "delay", "for": "PT1H"},
    {"type": "activity", "activity": "note", "params": {}},
    {"type": "activity", "activity": "coupon.issue", "params": {"batch": "B"}, "save": "it"},
    {"type": "activity", "activity": "call", "params": {"text": "x"}},
)


def compiled(source: Any) -> Plan:
    return compile_plan(source, CATALOGUE, FIELDS, EVENTS)


@st.composite
def edited(draw: st.DrawFn, source: dict[str, Any]) -> dict[str, Any]:
    """The document after some edits, each of which leaves it without errors."""
    for _ in range(draw(st.integers(1, 5))):
        after = _edited_once(draw, source)
        if after is not None and not any(each.severity == "error" for each in check(after, CONTEXT)):
            source = after
    return source


def _edited_once(draw: st.DrawFn, source: dict[str, Any]) -> dict[str, Any] | None:
    nodes: dict[str, Any] = source["nodes"]
    node = draw(st.sampled_from(sorted(nodes)))
    ports = sorted(nodes[node].get("ports", {})) or ["done"]
    port, to = draw(st.sampled_from(ports)), draw(st.sampled_from(sorted(nodes)))
    try:
        match draw(
            st.sampled_from(["delete", "delete", "insert", "insert", "rename", "connect", "replace", "replace"])
        ):
            case "delete":
                return apply(source, commands.Delete(command="delete", node=node))
            case "insert":
                add = dict(draw(st.sampled_from(ADDS)))
                given = {"command": "insert_after", "node": node, "port": port, "add": add}
                return apply(source, commands.InsertAfter.model_validate(given))
            case "rename":
                return apply(source, commands.RenameNode(command="rename_node", node=node, to=f"{node}x"))
            case "connect":
                return apply(source, commands.Connect(command="connect", node=node, port=port, to=to))
            case _:
                return {**source, "nodes": {**nodes, node: _another(draw(st.sampled_from(ADDS)), nodes[node], to)}}
    except CommandError:
        return None


def _another(add: dict[str, Any], before: dict[str, Any], to: str) -> dict[str, Any]:
    """Another node in the place of one, with the ports that it needs."""
    ports = before.get("ports", {})
    needed = {"wait": ["got", "timeout"], "delay": ["done"]}.get(add["type"], ["done"])
    needed = [*needed, *(["sold_out"] if add.get("activity") == "coupon.issue" else [])]
    return {**add, "ports": {port: ports.get(port, to) for port in needed}}


@st.composite
def maps(draw: st.DrawFn, old: Plan, new: Plan) -> dict[str, str]:
    """A place for each node that is not the same, and perhaps for some that are."""
    found = {}
    for node in old.steps:
        must = can_rest(old.document.nodes[node]) and Moves(old, new).fate(node) != "same"
        if must or not draw(st.integers(0, 5)):
            found[node] = draw(st.sampled_from(sorted(new.steps)))
    return found


def stands_somewhere(state: State, plan: Plan) -> bool:
    return (
        state.ended or state.holdout or (state.node in plan.steps and (state.next is None or state.next in plan.steps))
    )


def repeated(
    moves: Moves, before: State, earlier: Sequence[str], types: dict[str, str], later: Sequence[str]
) -> list[str]:
    """Effects of the new version that the run has had before, and that the old one would not have repeated."""
    had = {key.rpartition(":")[0]: types[key] for key in earlier}
    loop = moves.ahead.get(before.node or "", frozenset())
    found = []
    for target, step in moves.new.steps.items():
        again = [key for key in later if key.rpartition(":")[0] == target and key not in earlier]
        sources = [each for each in moves.sources(target) if each in had and each not in loop]
        same = isinstance(step.work, Activity) and any(had[each] == step.work.type.name for each in sources)
        if same and again and target not in {node for node in moves.new.steps if _loops(moves.new, node)}:
            found += again
    return found


def _loops(plan: Plan, node: str) -> bool:
    return node in Moves(plan, plan).ahead[node]


@law(120)
@given(st.data(), journeys(), scripts, scripts, facts, results)
def test_whoever_is_migrated_stands_somewhere_repeats_nothing_and_comes_to_an_end(
    data: st.DataObject, source: Any, script: Any, further: Any, given_facts: Any, told: Any
) -> None:
    old, new = compiled(source), compiled(data.draw(edited(source)))
    run = Run(old, Host(dict(given_facts), {name: list(each) for name, each in told.items()}))
    player = Player(run, watched=False)
    player.play(script)
    before, moves = run.state, Moves(old, new, data.draw(maps(old, new)))
    if before.ended:
        return
    earlier, rows = list(run.host.performed), rows_of(run)
    types = {each.key: each.type for each in run.commands if isinstance(each, Local | Remote)}
    done = migrate(moves, before, rows, version=2, now=player.now)
    if isinstance(done, Later):
        assert before.phase in {"moving", "ready", "acting", "retrying"} or before.stuck is not None
        return
    assert State.from_json(done.state.to_json()) == done.state
    assert stands_somewhere(done.state, new)
    assert done.state.run.version == 2
    assert (done.state.entered_at, done.state.vars) == (before.entered_at, before.vars)
    assert [each.event for each in done.state.kept] == [each.event for each in before.kept]
    _cross(run, new, done)
    player.play(further)
    assert stands_somewhere(run.state, new)
    player.run_out()
    assert run.state.ended or run.state.expires is None
    assert repeated(moves, before, earlier, types, list(run.host.performed)) == []


def chain(order: Sequence[str], renamed: dict[str, str]) -> dict[str, Any]:
    """A document that leads through these nodes one after the other: effects e0, e1, … and waits w0, w1, …"""
    nodes: dict[str, Any] = {}
    for node, to in pairwise([*(renamed.get(each, each) for each in order), "end"]):
        if "w" in node:
            nodes[node] = wait("custom.b", timeout="P1D", ports={"got": to, "timeout": to})
        elif int(node[1]) % 2:
            nodes[node] = activity("coupon.issue", {"batch": node[1]}, ports={"done": to, "sold_out": to})
        else:
            nodes[node] = activity("call" if node.startswith("e0") else "note", {"text": "x"}, ports={"done": to})
    return document(nodes)


@law(200)
@given(st.data(), st.permutations(["e0", "e1", "e2", "e3", "w0", "w1", "w2"]), st.integers(0, 7), st.integers(0, 7))
def test_whatever_the_order_becomes_each_effect_happens_once(
    data: st.DataObject, order: list[str], first: int, second: int
) -> None:
    after = data.draw(st.permutations(order))
    changed = data.draw(st.sets(st.sampled_from(order)))
    renamed = {node: f"{node}x" for node in changed}
    run = Run(compiled(chain(order, {})))
    player = Player(run, watched=False)
    for _ in range(first):
        player.play([Tell("custom.b", {}), Turn(), Settle(Outcome("")), Turn()])
    done = migrate(
        Moves(run.plan, compiled(chain(after, renamed)), renamed), run.state, rows_of(run), version=2, now=player.now
    )
    if isinstance(done, Migrated):
        _cross(run, compiled(chain(after, renamed)), done)
    for _ in range(second):
        player.play([Tell("custom.b", {}), Turn(), Settle(Outcome("")), Turn()])
    player.run_out()
    assert run.state.ended
    asked = [each.key for each in run.commands if isinstance(each, Local | Remote)]
    effects = [key.partition(":")[0].removesuffix("x") for key in asked]
    assert len(effects) == len(set(effects)), effects


def _cross(run: Run, new: Plan, done: Migrated) -> None:
    run.plan, run.state = new, done.state
    run.commands += done.commands


@law(60)
@given(st.data(), journeys(), scripts, facts, results)
def test_going_over_to_the_same_document_changes_nothing_of_what_a_run_does(
    data: st.DataObject, source: Any, script: Any, given_facts: Any, told: Any
) -> None:
    runs = [Run(compiled(source), Host(dict(given_facts), {n: list(each) for n, each in told.items()})) for _ in "ab"]
    players = [Player(run, watched=False) for run in runs]
    cut = data.draw(st.integers(0, len(script)))
    for player in players:
        player.play(script[:cut])
    crossing = runs[1]
    if not crossing.state.ended:
        done = migrate(
            Moves(crossing.plan, crossing.plan), crossing.state, rows_of(crossing), version=2, now=players[1].now
        )
        if isinstance(done, Migrated):
            _cross(crossing, crossing.plan, done)
            if done.look:
                players[1].take()
    for player in players:
        player.play(script[cut:])
        player.run_out()
    assert runs[1].path == runs[0].path
    assert runs[1].outcome == runs[0].outcome
    assert list(runs[1].host.performed) == list(runs[0].host.performed)
