"""`rules`: what a condition, a decision and the proofs of a table cost.

A condition is timed beside `datalogic-py` with the same rule and the same dict; a long table beside a short one with
rows of the same kind. Both sides of a pair are timed in turn, in this process, with nothing else running.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import datalogic_py

from bench.figures import BenchError, Budget, Figure, Report, paired
from bench.tables import facts as facts_of
from bench.tables import table
from engine.definitions.context import event_fields as declared_events
from engine.journeys.fields import event_fields
from engine.members.fields import base_fields
from rules.compile import compile_rule
from rules.proofs.prove import prove
from rules.proofs.solver import Z3Prover
from rules.tables.compile import compile_ruleset
from rules.tables.decide import decide
from rules.types import Json

PAIRS, TIMES = 5, 20_000
QUICK = (1, 200)
LONG, SHORT, PROVED = 1_000, 10, 500
NOW, ZONE = datetime.fromisoformat("2026-11-22T10:00:00+08:00"), ZoneInfo("Asia/Shanghai")

FACTS: Mapping[str, Any] = {
    "member": {
        "id": "4711", "friend": True, "friend_of": ["a17"], "in_group": False, "is_staff": False, "registered": True,
        "store": "E01", "owner": "a17", "gender": "female", "birthday": "1990-05-17", "tier": "gold", "points": 1_200,
        "tags": ["tea", "vip"],
    },
    "store": {"key": "E01", "region": "east", "ownership": "own", "price_kind": "full", "mode": "distributed"},
    "event": {"type": "order.paid", "order_no": "o-1", "amount": 30_000, "currency": "CNY", "sales_channel": "mall"},
}  # fmt: skip
CONDITIONS: Mapping[str, Json] = {
    "amount": {">=": [{"var": "event.amount"}, 20_000]},
    "tier and friend": {
        "and": [{"==": [{"var": "member.friend"}, True]}, {"in": [{"var": "member.tier"}, ["gold", "black"]]}]
    },
    "seven tests": {
        "and": [
            {"or": [{"==": [{"var": "store.price_kind"}, "outlet"]}, {"==": [{"var": "store.ownership"}, "own"]}]},
            {"<=": [1_000, {"var": "member.points"}, 50_000]},
            {"!": {"==": [{"var": "member.is_staff"}, True]}},
            {"in": [{"var": "event.sales_channel"}, ["pos", "mini_program", "mall"]]},
            {"if": [{"==": [{"var": "member.gender"}, "male"]}, False, {"!=": [{"var": "store.key"}, "E99"]}]},
        ]
    },
}


def run(*, quick: bool = False) -> Report:
    """Measure."""
    pairs, times = QUICK if quick else (PAIRS, TIMES)
    figures = [_condition(name, pairs, times) for name in CONDITIONS]
    figures.append(_decision(pairs, times))
    figures += [_proofs(free=free, times=pairs) for free in (False, True)]
    return Report(
        figures,
        [
            f"{pairs} paired runs of {times} evaluations, Python {platform.python_version()}",
            f"a condition: facts with {sum(len(scope) for scope in FACTS.values())} fields, each condition true",
            "proofs: one output of one row edited; mixed: one row in ten has a free condition",
            f"a decision: rows of four cells, one in ten with a free condition, {LONG} and {SHORT} rows",
        ],
    )


def _condition(name: str, pairs: int, times: int) -> Figure:
    fields = {**base_fields(), **event_fields("order.paid", declared_events())}
    ours = compile_rule(CONDITIONS[name], fields)
    theirs = datalogic_py.Engine().compile(CONDITIONS[name])
    if ours.evaluate(FACTS, now=NOW, zone=ZONE) is not True or theirs.evaluate(FACTS) is not True:
        raise BenchError(f"the condition {name!r} is not true on both sides")
    measured = [
        (
            _microseconds(lambda: ours.evaluate(FACTS, now=NOW, zone=ZONE), times),
            _microseconds(lambda: theirs.evaluate(FACTS), times),
        )
        for _ in range(pairs)
    ]
    return paired(f"condition: {name}", "µs", measured, Budget("ratio", "<=", 1))


def _decision(pairs: int, times: int) -> Figure:
    long, short = (_decider(rows) for rows in (LONG, SHORT))
    measured = [(_microseconds(long, times // 4), _microseconds(short, times // 4)) for _ in range(pairs)]
    return paired("decision_1000_rows", "µs", measured, Budget("ratio", "<=", 3))


def _decider(rows: int) -> Callable[[], object]:
    """A function that decides once, on other facts each time: all rows of the table come up in turn."""
    compiled = compile_ruleset(table(rows, free=True), base_fields())
    asked = [facts_of(rows, number) for number in range(rows)]
    for number, given in enumerate(asked):
        if decide(compiled, given, now=NOW).rows != (f"r{number}",):
            raise BenchError(f"row r{number} of {rows} does not match its facts")
    place = 0

    def once() -> object:
        nonlocal place
        place = (place + 1) % rows
        return decide(compiled, asked[place], now=NOW)

    return once


def _proofs(*, free: bool, times: int) -> Figure:
    """All proofs of a table one row of which was edited, beside the version that is live, as on every edit."""
    live = compile_ruleset(table(PROVED, free=free), base_fields())
    document = table(PROVED, free=free)
    rows: Any = document["rows"]
    rows[PROVED // 2]["then"] = {"zone": "EDITED"}
    took, found = [], []
    for _ in range(times):
        began = time.perf_counter()
        edited = compile_ruleset(document, base_fields())
        found = prove(edited, now=NOW, prover=Z3Prover(), live=live)
        took.append(time.perf_counter() - began)
    if codes := {each.code for each in found} ^ {"changed"}:
        raise BenchError(f"the proofs find {', '.join(sorted(codes))} and should find the change alone")
    name = "proofs_500_rows, mixed" if free else "proofs_500_rows, pure"
    return Figure(name, median(took), "s", (Budget("value", "<=", 2),), note=f"median of {times}, compiling included")


def _microseconds(act: Callable[[], object], times: int) -> float:
    """How long one call takes: the middle of ten rounds."""
    rounds: Sequence[float] = [_round(act, max(1, times // 10)) for _ in range(10)]
    return 1e6 * median(rounds)


def _round(act: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) / times
