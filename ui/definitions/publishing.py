"""What the page of publishing shows: what changes, what it costs, who enters, and who is inside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.coupons.models import CouponBatch
from engine.journeys.catalogue import ActivityType
from engine.journeys.document import DelayNode, EndNode, WaitNode
from engine.journeys.graph import Graph
from engine.journeys.plan import Plan
from engine.journeys.steps import Activity
from engine.journeys.trying import cost
from engine.migrating.proposal import Group, Proposal
from rules.types import Json
from ui.journeys.canvas import Mark
from ui.journeys.outline import Outline, outline
from ui.messages import Language, text
from ui.words import wording

Batches: TypeAlias = Callable[[Collection[str]], Mapping[str, CouponBatch]]
"""Finds coupon batches by their keys."""


@dataclass(frozen=True)
class Cost:
    """An effect, and how many of it an entrant has at least and at most; None: a loop repeats it.

    `title` is what the batch of a coupon is called, `worth` tells so many coupons in money where the batch knows.
    """

    kind: cost.Kind
    name: str
    title: str
    least: int
    most: int | None
    worth: Callable[[int], str] = lambda _: ""


@dataclass(frozen=True)
class Row:
    """People of one version at one node as the table shows them."""

    group: Group
    name: str
    target: str | None
    status: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Place:
    """A node that needs a place: its select, with what may be chosen."""

    node: str
    name: str
    fate: str
    versions: str
    runs: int
    chosen: str | None
    suggested: bool


@dataclass(frozen=True)
class Restart:
    """A wait that begins anew for so many who are moved to it, and how long it is; nothing for a time of day."""

    name: str
    runs: int
    length: str


@dataclass(frozen=True)
class People:
    """Who would stand where on the picture of the new version."""

    at: Mapping[str, int] = field(default_factory=dict)
    stuck: Mapping[str, int] = field(default_factory=dict)


def marks(before: Mapping[str, Json], after: Mapping[str, Json], language: Language) -> dict[str, Mark]:
    """Which nodes of the new version are new or changed."""
    old, new = _nodes(before), _nodes(after)
    found: dict[str, Mark] = {}
    for node, body in new.items():
        if node not in old:
            found[node] = Mark("added", text(language, "migrate.node_added"))
        elif body != old[node]:
            found[node] = Mark("changed", text(language, "migrate.node_changed"))
    return found


def costs(plan: Plan, catalogue: Mapping[str, ActivityType], batches: Batches, language: Language) -> list[Cost]:
    """What an entrant costs. `batches` finds those that are named."""
    bounds = cost.bounds(plan)
    known = batches({each.kind.batch for each in bounds if each.kind.batch})
    return [_cost(each, known.get(each.kind.batch), catalogue, language) for each in bounds]


def _cost(
    bound: cost.Bound, batch: CouponBatch | None, catalogue: Mapping[str, ActivityType], language: Language
) -> Cost:
    name = wording.activity(bound.kind.activity, catalogue, language)
    if batch is None:
        return Cost(bound.kind, name, "", bound.least, bound.most)
    value, currency = batch.value, batch.currency

    def worth(coupons: int) -> str:
        return wording.money(coupons * value, currency, language) if value else ""

    title = wording.title(batch.title, language)
    return Cost(bound.kind, name, title, bound.least, bound.most, worth)


def tells_nobody(plan: Plan) -> bool:
    """Whether it issues coupons, and neither writes to the customer nor tells staff behind one."""
    types = {node: step.work.type for node, step in plan.steps.items() if isinstance(step.work, Activity)}
    issuing = [plan.steps[node].ports for node, type_ in types.items() if cost.batch_param(type_) is not None]
    graph = Graph({node: step.ports for node, step in plan.steps.items()}, (plan.start,))
    behind = graph.reachable(ports["done"] for ports in issuing if "done" in ports)
    told = any(type_.contact != "none" or (type_.tells_staff and node in behind) for node, type_ in types.items())
    return bool(issuing) and not told


@dataclass(frozen=True)
class Deeds:
    """What customers notice of a journey: the coupons that it issues, and the steps by which somebody is told."""

    issues: Sequence[str]
    tells: Sequence[str]


def deeds(
    plans: Mapping[str, Plan], catalogue: Mapping[str, ActivityType], batches: Batches, language: Language
) -> dict[str, Deeds]:
    """What customers notice of each of several journeys, each said once. `batches` finds those that are named."""
    worked = {key: _worked(plan) for key, plan in plans.items()}
    known = batches({kind.batch for steps in worked.values() for _, kind in steps if kind and kind.batch})
    return {key: _deeds(steps, catalogue, known, language) for key, steps in worked.items()}


def _worked(plan: Plan) -> list[tuple[ActivityType, cost.Kind | None]]:
    """The activities of a journey, each with what it costs."""
    return [(step.work.type, cost.kind_of(step)) for step in plan.steps.values() if isinstance(step.work, Activity)]


def _deeds(
    steps: Iterable[tuple[ActivityType, cost.Kind | None]],
    catalogue: Mapping[str, ActivityType],
    known: Mapping[str, CouponBatch],
    language: Language,
) -> Deeds:
    issues: dict[str, None] = {}
    tells: dict[str, None] = {}
    for type_, kind in steps:
        called = wording.activity(type_.name, catalogue, language)
        if cost.batch_param(type_) is not None:
            batch = known.get(kind.batch) if kind else None
            issues[wording.title(batch.title, language) if batch else (kind and kind.batch) or called] = None
        elif type_.contact != "none" or type_.tells_staff:
            tells[called] = None
    return Deeds(tuple(issues), tuple(tells))


def rows(proposal: Proposal, names: Names) -> list[Row]:
    """The groups as a table."""
    return [
        Row(
            group,
            names.of(group.version, group.node),
            names.new(group.move.target) if group.move and group.node is not None else None,
            sorted(group.by_status.items()),
        )
        for group in proposal.groups
    ]


def places(proposal: Proposal, names: Names) -> list[Place]:
    """The nodes that a map must name, with the choice that was made or suggests itself."""
    return [
        Place(
            need.node,
            names.of(max(need.versions), need.node),
            need.fate,
            ", ".join(f"v{version}" for version in need.versions),
            need.runs,
            need.target or need.suggested,
            need.target is None,
        )
        for need in proposal.needs
    ]


def restarts(groups: Iterable[Group], plan: Plan, names: Names, language: Language) -> list[Restart]:
    """The waits of the new version whose clock begins anew, with those for whom it does."""
    runs: dict[str, int] = {}
    for group in groups:
        if group.move is not None and group.move.anew and group.node is not None and not group.ends:
            runs[group.move.target] = runs.get(group.move.target, 0) + group.runs
    found: list[Restart] = []
    for target, n in runs.items():
        match plan.document.nodes[target]:
            case WaitNode(timeout=length) | DelayNode(length=length):
                told = wording.iso_duration(length, language) if length is not None else ""
                found.append(Restart(names.new(target), n, told))
    return found


def people(groups: Iterable[Group], *, moving: bool) -> People:
    """How many would stand at each node: where they go, or where they stand."""
    at: dict[str, int] = {}
    stuck: dict[str, int] = {}
    for group in groups:
        node = (group.move.target if group.move else None) if moving else group.node
        if node is not None and group.node is not None:
            at[node] = at.get(node, 0) + group.runs
            stuck[node] = stuck.get(node, 0) + group.by_status.get("stuck", 0)
    return People(at, {node: runs for node, runs in stuck.items() if runs})


class Names:
    """What nodes are called, in the new version and in each older one."""

    def __init__(self, outlines: Mapping[int, Outline], new: Outline, language: Language) -> None:
        self._outlines, self._new, self._language = outlines, new, language

    def of(self, version: int, node: str | None) -> str:
        """A node of an older version; where nobody stands yet, that."""
        if node is None:
            return text(self._language, "migrate.before_first")
        known = self._outlines.get(version)
        return known.name_of(node) if known else node

    def new(self, node: str) -> str:
        """A node of the new version."""
        return self._new.name_of(node)


def targets(plan: Plan, shown: Outline) -> list[tuple[str, str]]:
    """Where a map may lead: the new version's nodes, ends behind the others."""
    nodes = plan.document.nodes
    listed = [(step.id, step.name) for step in shown.steps if step.id in nodes]
    return sorted(listed, key=lambda one: isinstance(nodes[one[0]], EndNode))


def outlines(
    documents: Mapping[int, dict[str, Json]], catalogue: Mapping[str, ActivityType], language: Language
) -> dict[int, Outline]:
    """The older versions as people read them."""
    return {version: outline(document, catalogue, language) for version, document in documents.items()}


def _nodes(document: Mapping[str, Json]) -> Mapping[str, Json]:
    nodes = document.get("nodes")
    return nodes if isinstance(nodes, dict) else {}
