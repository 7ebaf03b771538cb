"""Cases that can never be taken and conditions that can never hold: what only proofs find in a journey."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.journeys import messages
from engine.journeys.checks.expressions import chosen_by, tested
from engine.journeys.checks.world import may_both_hold, overlap
from engine.journeys.context import CheckContext, Proofs
from engine.journeys.document import ChoiceNode, Journey
from engine.journeys.document_entries import EventEntry
from engine.journeys.fields import DocumentFields
from engine.journeys.findings import Finding, finding
from engine.journeys.parse import Reading
from rules.compile import Rule, compile_rule
from rules.errors import EvaluationError, RuleError
from rules.facts import nested
from rules.fields import Field
from rules.limits import escape
from rules.nodes import Items, Literal
from rules.proofs.budget import Budget, NotSettledError
from rules.proofs.claims import Found, IsTrue, Not, Problem
from rules.types import Conditions, Fields, Json
from rules.writing import instant_text

SOME_DAY = datetime(2026, 1, 7, 2, tzinfo=UTC)


def check(reading: Reading, journey: Journey, scope: DocumentFields, context: CheckContext) -> Iterator[Finding]:
    """The findings; none where no proofs are tried. What is not settled in time is told once."""
    if context.proofs is None:
        return
    proving = _Proving(journey, context, context.proofs)
    for place, on, when in tested(journey):
        if when is not None and not reading.has_mended(place):
            fields = scope.at_entry(on) if place.startswith("/entry") else scope.at_event(on)
            yield from proving.condition(when, fields, f"{place}/when")
    for place, rule in chosen_by(journey):
        if not reading.has_mended(place):
            yield from proving.condition(rule, scope.at_audience, place)
    for node_id, node in journey.nodes.items():
        pointer = f"/nodes/{escape(node_id)}"
        if isinstance(node, ChoiceNode) and not reading.has_mended(pointer):
            yield from proving.cases([case.when for case in node.cases], scope.at_node(node_id), f"{pointer}/cases")
    yield from _overlaps(proving, journey, scope, context)
    if proving.doubtful is not None:
        yield finding("not-proved", proving.doubtful, *messages.NOT_PROVED)


def _overlaps(proving: _Proving, journey: Journey, scope: DocumentFields, context: CheckContext) -> Iterator[Finding]:
    """Other live journeys that take the same event on another condition, where somebody can meet both."""
    for i, entry in enumerate(journey.entry):
        if not isinstance(entry, EventEntry) or entry.when is None:
            continue
        fields = scope.at_entry(entry.on)
        own = _compiled(entry.when, fields, proving.named)
        if own is None:
            continue
        for other in context.live or ():
            whens = [when for on, when in other.entries if on == entry.on]
            if other.key == journey.key or any(may_both_hold(entry.when, when) for when in whens):
                continue
            if any(proving.meet(own, when, fields, f"/entry/{i}/when") for when in whens):
                yield overlap(i, other.key, messages.entry_overlap(other.key, entry.on))


class _Proving:
    """Asks the prover about one condition after the other, all in one stretch of time."""

    def __init__(self, journey: Journey, context: CheckContext, proofs: Proofs) -> None:
        self.zone = ZoneInfo(journey.policies.time_zone)
        self.proofs = proofs
        self.now = context.now or SOME_DAY
        self.named = context.conditions
        self.budget = Budget(proofs.seconds)
        self.doubtful: str | None = None
        self._problems: dict[int, tuple[Fields, Problem]] = {}

    def condition(self, when: Json, fields: Fields, pointer: str) -> Iterator[Finding]:
        """That a condition is never true."""
        rule = _compiled(when, fields, self.named)
        if rule is None or _is_plain(rule):
            return
        try:
            if self._problem(fields).is_possible([IsTrue(rule)]):
                return
        except NotSettledError:
            self.doubtful = self.doubtful or pointer
            return
        why = messages.NO_VALUE_CHOSEN if _lacks_values(rule) else messages.IMPOSSIBLE_CONDITION
        yield finding("impossible-condition", pointer, *why)

    def meet(self, one: Rule, when: Json, fields: Fields, pointer: str) -> bool:
        """Whether there is somebody for whom both conditions hold; False as well where that cannot be told."""
        other = _compiled(when, fields, self.named)
        if other is None:
            return False
        try:
            return self._problem(fields).is_possible([IsTrue(one), IsTrue(other)])
        except NotSettledError:
            self.doubtful = self.doubtful or pointer
            return False

    def cases(self, conditions: Sequence[Json], fields: Fields, pointer: str) -> Iterator[Finding]:
        """That a case is never true, or never true before one above it is."""
        above: list[Rule] = []
        for i, when in enumerate(conditions):
            rule = _compiled(when, fields, self.named)
            if rule is None:
                return
            place = f"{pointer}/{i}/when"
            impossible = [*self.condition(when, fields, place)]
            yield from impossible
            if above and not impossible:
                yield from self._hidden(rule, above, fields, place)
            above.append(rule)

    def _hidden(self, rule: Rule, above: Sequence[Rule], fields: Fields, pointer: str) -> Iterator[Finding]:
        try:
            problem = self._problem(fields)
            if problem.is_possible([IsTrue(rule), *(Not(IsTrue(each)) for each in above)]):
                return
            example = self._example(rule, problem.find([IsTrue(rule)]))
        except NotSettledError:
            self.doubtful = self.doubtful or pointer
            return
        yield finding("hidden-case", pointer, *messages.HIDDEN_CASE, example)

    def _example(self, rule: Rule, found: Found | None) -> Json:
        """Facts for which the case is true and one above it is taken; None where they do not bear it out."""
        if found is None:
            return None
        facts, now = nested(found.values), found.now or self.now
        try:
            confirmed = rule.evaluate(facts, now=now, zone=self.zone) is True
        except EvaluationError:
            return None
        when: dict[str, Json] = {"now": instant_text(now.astimezone(self.zone))} if found.now else {}
        return {**when, **facts} if confirmed else None

    def _problem(self, fields: Fields) -> Problem:
        """The questions about these fields. Raises NotSettledError where nothing can be asked."""
        if self.proofs.prover is None:
            raise NotSettledError
        if id(fields) not in self._problems:
            problem = self.proofs.prover.problem(fields, self.zone, self.now, self.budget)
            self._problems[id(fields)] = fields, problem
        return self._problems[id(fields)][1]


def _compiled(when: Json, fields: Fields, conditions: Conditions) -> Rule | None:
    """The condition; None where other checks tell what is wrong with it."""
    try:
        return compile_rule(when, fields, conditions=conditions)
    except RuleError:
        return None


def _is_plain(rule: Rule) -> bool:
    """Whether a condition is a single test that compares with something: of that there is hardly anything to prove."""
    nodes = [*rule.tree.walk()]
    is_single = sum(node.type.kind == "boolean" and not isinstance(node, Literal | Field) for node in nodes) <= 1
    return is_single and not _lacks_values(rule)


def _lacks_values(rule: Rule) -> bool:
    """Whether somewhere in a condition no value is chosen."""
    return any(isinstance(node, Items) and not node.items for node in rule.tree.walk())
