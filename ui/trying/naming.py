"""A name for the test that a walk may become: by which event, which ways, to which end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.journeys.trying.simulation import Simulation
from ui.messages import Language, text
from ui.words import wording

_USUAL = frozenset({"done", "else", "quiet"})
"""Ports that tell no walk from another."""
_MOST_PORTS = 3
_WIDTH = 24
"""Of each part, so that a name stays short."""


def name_of(found: Simulation, taken: Collection[str], nodes: Mapping[str, str], language: Language) -> str:
    """Such as "Scanned → Timed out → Done", with as few ports as tell it from those that are taken, then a number.

    `nodes` is what nodes are called: a walk that has not ended is named by where it rests.
    """
    names = [*_names(found, nodes, language)]
    numbered = [f"{names[0]} {n}" for n in range(2, len(taken) + 2)]
    return next(name for name in [*names, *numbered] if name not in taken)


def _names(found: Simulation, nodes: Mapping[str, str], language: Language) -> Iterator[str]:
    """With one port, then with more of them, the last ones first."""
    begin, end = _begin(found, language), _end(found, nodes, language)
    ports = [wording.port(port, language) for _, port in found.ports if port not in _USUAL]
    for most in range(1, _MOST_PORTS + 1):
        parts = [wording.clip(part, _WIDTH) for part in [*begin, *ports[-most:], end]]
        yield " → ".join(part for n, part in enumerate(parts) if parts[n - 1 : n] != [part])


def _begin(found: Simulation, language: Language) -> list[str]:
    """The event that let somebody in, or that did not."""
    on = [line.detail.get("type") for line in found.trace if line.kind in {"entry", "refused"}]
    return [wording.event(on[-1], language)] if on else []


def _end(found: Simulation, nodes: Mapping[str, str], language: Language) -> str:
    if found.outcome:
        return wording.outcome(found.outcome, language)
    rests = str(found.waiting_at["node"]) if found.waiting_at else ""
    return nodes.get(rests, rests) or text(language, "trying.nobody_enters")
