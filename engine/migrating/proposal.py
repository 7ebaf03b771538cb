"""The plan of a publication: who is inside, where each group goes and by which rule, what a map must say.

    propose(session, "hook", new_plan, read_in_flight(asked), plans)   → Proposal

Nothing is changed, and nothing is read run by run: it is cheap with a hundred thousand inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine.definitions.plans import Plans
from engine.definitions.versions import last_number
from engine.journeys.migration.moves import Move, Moves, needed
from engine.journeys.migration.purposes import Fate, can_rest, is_alike, successor
from engine.journeys.migration.texts import Lack, lacking, saved_until
from engine.journeys.plan import Plan, PlanError
from engine.migrating import words
from engine.migrating.asked import Fault, InFlight
from engine.migrating.standing import Crowd, Unsaved, crowds, unsaved


@dataclass(frozen=True)
class Lacking:
    """A text or param of the new version that would find nothing for so many runs; of `unsure` it cannot be told."""

    pointer: str
    name: str
    runs: int
    unsure: int


@dataclass(frozen=True)
class Group:
    """Runs of one version at one node, and where they go. Without a `move` they stay on their version.

    `ends`: what they come to ends them. `lacks` are texts that would find nothing.
    """

    version: int
    node: str | None
    by_status: Mapping[str, int]
    move: Move | None = None
    ends: bool = False
    lacks: tuple[Lacking, ...] = ()

    @property
    def runs(self) -> int:
        """How many they are."""
        return sum(self.by_status.values())


@dataclass(frozen=True)
class Need:
    """A node of older versions that a map must name: what became of it, who stands there, and what suggests itself."""

    node: str
    fate: Fate
    versions: tuple[int, ...]
    runs: int
    suggested: str | None
    target: str | None


@dataclass(frozen=True)
class Proposal:
    """The whole plan. `version` is the live one, `next` the number that publishing would give. `faults` forbid it."""

    version: int | None
    next: int
    in_flight: InFlight | None
    groups: Sequence[Group] = ()
    needs: Sequence[Need] = ()
    faults: Sequence[Fault] = ()

    @property
    def runs(self) -> int:
        """How many live runs older versions have, holdouts included."""
        return sum(group.runs for group in self.groups)

    @property
    def versions(self) -> dict[int, int]:
        """How many of them each older version has."""
        found: dict[int, int] = {}
        for group in self.groups:
            found[group.version] = found.get(group.version, 0) + group.runs
        return found

    @property
    def busy(self) -> int:
        """How many are in the middle of something, and are taken over later."""
        return sum(group.by_status.get("running", 0) for group in self.groups)

    @property
    def suggested(self) -> dict[str, str]:
        """The map that suggests itself."""
        return {need.node: need.suggested for need in self.needs if need.suggested is not None}


def propose(
    session: Session,
    journey: str,
    new: Plan | None,
    in_flight: InFlight | None,
    plans: Plans,
    inside: Sequence[Crowd] | None = None,
) -> Proposal:
    """The plan for publishing `new` (None for a document that cannot run yet, with which nobody can be migrated).

    `inside` are the `crowds` where the caller has counted them.
    """
    last = last_number(session, "journey", journey) or None
    inside = crowds(session, journey) if inside is None else inside
    nobody = Proposal(last, (last or 0) + 1, in_flight, [Group(c.version, c.node, c.by_status) for c in inside])
    if new is None:
        return nobody
    maker = _Maker(session, journey, new, in_flight.mapping if in_flight else {}, inside, plans)
    needs = maker.needs()
    if in_flight is None:
        return Proposal(last, nobody.next, None, nobody.groups, needs)
    faults = [*maker.faults(), *_unplaced(needs)]
    return Proposal(last, nobody.next, in_flight, maker.groups(), needs, faults)


@dataclass
class _Maker:
    session: Session
    journey: str
    new: Plan
    mapping: Mapping[str, str]
    inside: Sequence[Crowd]
    plans: Plans
    broken: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        found = {crowd.version: crowd.bundle_hash for crowd in self.inside}
        self.moves: dict[int, Moves] = {}
        for version, bundle in found.items():
            try:
                self.moves[version] = Moves(self.plans.get(self.session, bundle), self.new, self.mapping)
            except PlanError:
                self.broken.add(version)

    def needs(self) -> list[Need]:
        """What a map must name, over all older versions with people in them."""
        fates: dict[str, Fate] = {}
        versions: dict[str, list[int]] = {}
        for version, moves in self.moves.items():
            for node, fate in needed(moves, self._occupied(version, moves)).items():
                fates.setdefault(node, fate)
                versions.setdefault(node, []).append(version)
        return [self._need(node, fates[node], versions[node]) for node in sorted(fates)]

    def faults(self) -> list[Fault]:
        """What is wrong with the map itself."""
        known = {node for moves in self.moves.values() for node in moves.old.steps}
        found = [Fault("/in_flight", words.not_compiled(version)) for version in sorted(self.broken)]
        for node, target in sorted(self.mapping.items()):
            pointer = f"/in_flight/migrate/{node}"
            if self.moves and node not in known:
                found.append(Fault(pointer, words.unknown_node(node)))
            elif target not in self.new.steps:
                found.append(Fault(pointer, words.unknown_target(target)))
        return found

    def groups(self) -> list[Group]:
        """Where each group goes."""
        placed = [(crowd, self._move(crowd)) for crowd in self.inside]
        lacks = self._lacks(placed)
        return [
            Group(
                crowd.version, crowd.node, crowd.by_status, move,
                ends=not self.new.steps[move.target].ports, lacks=tuple(lacks.get((crowd.version, crowd.node), ())),
            )
            if move
            else Group(crowd.version, crowd.node, crowd.by_status)
            for crowd, move in placed
        ]  # fmt: skip

    def _occupied(self, version: int, moves: Moves) -> list[str]:
        """Where somebody of this version stands, or is about to."""
        here = [crowd for crowd in self.inside if crowd.version == version]
        starting = any(crowd.node is None and crowd.by_status.keys() - {"holdout"} for crowd in here)
        starts = {moves.old.start, *(entry.start for entry in moves.old.entries)} if starting else set()
        found = {crowd.node for crowd in here if crowd.node is not None and crowd.node in moves.old.steps}
        return sorted(found | starts)

    def _need(self, node: str, fate: Fate, versions: Sequence[int]) -> Need:
        runs = sum(crowd.runs for crowd in self.inside if crowd.node == node and crowd.version in versions)
        target = self.mapping.get(node)
        suggested = _suggestion(self.moves[max(versions)], node)
        return Need(node, fate, tuple(sorted(versions)), runs, suggested, target if target in self.new.steps else None)

    def _move(self, crowd: Crowd) -> Move | None:
        moves = self.moves.get(crowd.version)
        if moves is None:
            return None
        if crowd.node is None:
            return Move(self.new.start, "same", anew=False)
        return moves.of(crowd.node) if crowd.node in moves.old.steps else None

    def _lacks(self, placed: Iterable[tuple[Crowd, Move | None]]) -> dict[tuple[int, str | None], list[Lacking]]:
        """The texts that would find nothing, for each version and node; exactly counted where states are not sealed."""
        wanted: dict[tuple[int, str], list[Lack]] = {}
        for crowd, move in placed:
            if crowd.node is not None and move is not None:
                wanted[crowd.version, crowd.node] = lacking(self.new, move.target)
        asked = [(*place, lack.name) for place, lacks in wanted.items() for lack in lacks]
        counted = unsaved(self.session, self.journey, asked)
        return {place: self._told(place, lacks, counted) for place, lacks in wanted.items()}

    def _told(
        self, place: tuple[int, str], lacks: Sequence[Lack], counted: Mapping[tuple[int, str, str], Unsaved]
    ) -> list[Lacking]:
        version, node = place
        found = []
        for lack in lacks:
            known = counted.get((*place, lack.name), Unsaved(0, 0))
            may_have = lack.name in saved_until(self.moves[version].old, node)
            runs, unsure = (known.runs, known.sealed) if may_have else (known.runs + known.sealed, 0)
            if runs or unsure:
                found.append(Lacking(lack.pointer, lack.name, runs, unsure))
        return found


def _suggestion(moves: Moves, node: str) -> str | None:
    """The one new node that is for the same thing, else the next one on the way that is still there."""
    fresh = [each for each in moves.new.document.nodes if each not in moves.old.document.nodes]
    alike = [each for each in fresh if is_alike(moves.old, node, moves.new, each)]
    if len(alike) == 1 and can_rest(moves.new.document.nodes[alike[0]]):
        return alike[0]
    return successor(moves.old, moves.new, node)


def _unplaced(needs: Iterable[Need]) -> list[Fault]:
    return [
        Fault(
            f"/in_flight/migrate/{need.node}",
            words.unplaced(need.node, need.versions, need.runs, removed=need.fate == "removed"),
        )
        for need in needs
        if need.target is None
    ]
