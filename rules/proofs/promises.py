"""Promises between contexts: facts that differ in one field alone must give the same outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from rules.errors import EvaluationError
from rules.facts import value_parser
from rules.moment import Moment
from rules.proofs import messages
from rules.proofs.boxes import Words, box_words, field_title, lacking_json, lacking_words
from rules.proofs.budget import NotSettledError
from rules.proofs.claims import Claim, IsTrue, Not, World, asked_by
from rules.proofs.examples import Example, example_in, fact_json, is_broken, lacking
from rules.proofs.findings import MOST, Finding
from rules.proofs.outcomes import outcome_words
from rules.proofs.proving import Proving, UndecidedError
from rules.proofs.sides import Side, differences
from rules.proofs.space import Box
from rules.proofs.walk import Leaf, Walk
from rules.tables.decide import Decision
from rules.tables.outputs import COUNT
from rules.tables.table import Promise
from rules.types import Json
from rules.writing import written


def promises(proving: Proving) -> Iterator[Finding]:
    """A finding for each pair of rows, or of a row and `otherwise`, that breaks a promise."""
    for promise in proving.space.tables[0].promises:
        search = _Search(proving, promise)
        try:
            search.run()
        except NotSettledError:
            search.doubtful = True
        yield from search.findings()
        if search.doubtful:
            yield messages.not_proved("disagree", promise.pointer)


@dataclass(frozen=True)
class _Outcome:
    """What one context gives: the outputs that were promised to be the same, and the rows they come from."""

    outputs: str
    rows: tuple[str, ...]
    shown: Json = field(compare=False)


@dataclass
class _Breach:
    """Two outcomes that should be one, with the contexts that give each. `gone` are fields that are missing then."""

    box: Box
    example: Example
    gone: tuple[str, ...] = ()
    contexts: dict[_Outcome, list[Json]] = field(default_factory=dict)

    def add(self, outcome: _Outcome, value: Json) -> None:
        values = self.contexts.setdefault(outcome, [])
        if value not in values:
            values.append(value)


class _Search:
    """The breaches of one promise."""

    def __init__(self, proving: Proving, promise: Promise) -> None:
        self.proving = proving
        self.space = proving.space
        self.table = proving.space.tables[0]
        self.promise = promise
        self.type = self.table.known[promise.vary].value_type
        self.outputs = [i for i, each in enumerate(self.table.outputs) if each.key in promise.same]
        rules = [rule for rule in (promise.when, promise.unless) if rule is not None]
        self.asked = asked_by(rules)
        self.walk = Walk(self.space, proving.budget, without=promise.vary, asked=self.asked)
        self.asking = sum(1 << i for i, row in enumerate(self.space.rows) if promise.vary in row.asked)
        self.breaches: dict[frozenset[_Outcome], _Breach] = {}
        self.uncertain: dict[frozenset[_Outcome], _Breach] = {}
        self.doubtful = False

    def run(self) -> None:
        """Compare every two contexts. Raises NotSettledError."""
        worlds = [World(self.promise.vary, self.type, value_parser(self.type)(each)) for each in self.promise.among]
        for one, other in combinations(worlds, 2):
            masks = self._mask(one), self._mask(other)
            for leaf in self.walk.leaves(masks, self._agree):
                if len(self.breaches) > MOST:
                    return
                try:
                    self._compare((one, other), leaf)
                except NotSettledError:
                    self.doubtful = True
                except UndecidedError:
                    continue

    def _mask(self, world: World) -> int:
        """The rows whose cell holds for the context's value."""
        for axis in self.space.axes:
            if axis.field == world.field:
                return next((s.holds for s in axis.slots if s.atom is not None and s.atom.holds(world.value)), 0)
        return self.space.every

    def _agree(self, left: tuple[int, ...]) -> bool:
        return left[0] == left[1] and not left[0] & self.asking

    def _compare(self, worlds: tuple[World, World], leaf: Leaf) -> None:
        """Note where the two contexts differ: with all facts there, and without some."""
        for gone, example in lacking(example_in(self.space, leaf.box), self.space, self.promise.vary):
            self._note(worlds, leaf, example, gone)
        self._compare_known(worlds, leaf)

    def _compare_known(self, worlds: tuple[World, World], leaf: Leaf) -> None:
        sides = [Side(self.space, self.table, rows, world) for rows, world in zip(leaf.masks, worlds, strict=True)]
        provided = [side.put(claim) for side in sides for claim in self.proving.denied(leaf.doubt)]
        provided += [claim for side in sides for claim in self._provided(side)]
        if not provided and all(side.is_plain for side in sides):
            self._note(worlds, leaf, example_in(self.space, leaf.box))
            return
        for claims in differences(sides[0], sides[1], self.outputs):
            example = self._example(leaf.box, [*claims, *provided])
            if example is not None:
                self._note(worlds, leaf, example)

    def _provided(self, side: Side) -> Iterator[Claim]:
        """That the promise is about these facts."""
        if self.promise.when is not None:
            yield side.put(IsTrue(self.promise.when))
        if self.promise.unless is not None:
            yield side.put(Not(IsTrue(self.promise.unless)))

    def _example(self, box: Box, claims: Sequence[Claim]) -> Example | None:
        found = self.proving.find([*self.proving.within(box, self.space.asked | self.asked), *claims])
        return example_in(self.space, box, found) if found is not None else None

    def _note(self, worlds: tuple[World, World], leaf: Leaf, example: Example, gone: tuple[str, ...] = ()) -> None:
        """Note what the decisions confirm; where rows contradict each other, other findings tell of it."""
        shown = [fact_json(world.value, self.type, self.space.zone) for world in worlds]
        examples = [replace(example, values={**example.values, self.promise.vary: value}) for value in shown]
        decisions = [each.decide(self.table) for each in examples]
        if any(is_broken(each) for each in decisions) or not all(map(self._is_meant, examples)):
            return
        outcomes = [self._outcome(each) for each in decisions]
        if outcomes[0].outputs == outcomes[1].outputs:
            return
        wide = self.walk.around(leaf.box, [(self.space.every, rows) for rows in leaf.masks])
        found = self.uncertain if gone else self.breaches
        breach = found.setdefault(frozenset(outcomes), _Breach(wide, examples[0], gone))
        for outcome, value in zip(outcomes, shown, strict=True):
            breach.add(outcome, value)

    def _is_meant(self, example: Example) -> bool:
        """Whether the promise is about these facts."""
        facts, moment = example.facts, Moment(example.now, example.zone)
        when, unless = self.promise.when, self.promise.unless
        try:
            return (when is None or when(facts, moment) is True) and (
                unless is None or unless(facts, moment) is not True
            )
        except EvaluationError:
            return False

    def _outcome(self, decision: Decision) -> _Outcome:
        found = _narrowed(decision.outcome, self.promise.same)
        return _Outcome(json.dumps(found, sort_keys=True), decision.rows, found)

    def findings(self) -> Iterator[Finding]:
        """The breaches as findings; those that missing facts alone bring about where there are no others."""
        breaches = self.breaches or self.uncertain
        yield from map(self._finding, [*breaches.values()][:MOST])

    def _finding(self, breach: _Breach) -> Finding:
        promise = self.promise
        title = field_title(promise.vary, self.table.known.get(promise.vary))
        outputs = self.space.tables[0].document.outputs
        sides = [
            (self._named(values), outcome_words(outcome.shown, outputs), outcome.rows)
            for outcome, values in breach.contexts.items()
        ]
        told = [value for values in breach.contexts.values() for value in values]
        return Finding(
            code="disagree",
            severity="error" if promise.severity == "error" else "warning",
            pointer=promise.pointer,
            message=messages.disagree(promise.id, self._words(breach), title, sides),
            rows=tuple(dict.fromkeys(row for outcome in breach.contexts for row in outcome.rows)),
            box={**lacking_json(self.space, breach.box, breach.gone), promise.vary: told},
            example=breach.example.to_json(),
        )

    def _words(self, breach: _Breach) -> Words:
        gone = breach.gone
        words = lacking_words(self.space, breach.box, gone) if gone else box_words(self.space, breach.box)
        if self.promise.when is None and self.promise.unless is None:
            return words
        return f"{words[0]}，且承诺的条件成立", f"{words[1]}, where the conditions of the promise hold"

    def _named(self, values: Sequence[Json]) -> Words:
        parse = value_parser(self.type)
        zh, en = (
            [written(parse(v), self.type, language, self.space.zone) for v in values] for language in ("zh", "en")
        )
        return " 或 ".join(zh), " or ".join(en)


def _narrowed(outcome: Json, keys: Sequence[str]) -> Json:
    """The outputs of an outcome that were promised to be the same."""
    match outcome:
        case dict():
            return {key: value for key, value in outcome.items() if key in keys or key == COUNT.key}
        case list():
            return [_narrowed(each, keys) for each in outcome]
        case _:
            return outcome
