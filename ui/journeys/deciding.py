"""What the branches of a journey decide on, in words: for pictures that say it on the branch's card."""

from collections.abc import Iterator, Mapping, Sequence

from engine.journeys.context import CheckContext
from engine.journeys.fields import DocumentFields
from engine.journeys.parse import read
from rules.compile import compile_rule
from rules.errors import RuleError
from rules.sentences import sentence
from rules.types import Conditions, Fields, Json
from rules.zones import HOME
from ui.messages import Language, text
from ui.words.wording import clip

_WIDTH = 160
"""Longer sentences are cut: a card shows 30, what lies over it all of this."""


def decisions(document: Mapping[str, Json], context: CheckContext, language: Language) -> dict[str, str]:
    """What the first case of each branch asks, by the node's id, with the number of its cases if there are several.

    A branch whose condition cannot be read is not among them. The context must still be able to ask.
    """
    if not any(branches(document)):
        return {}
    journey = read(dict(document)).journey
    scope = journey and DocumentFields(journey, context.catalogue, context.fields, context.events, context.rulebook)
    told: dict[str, str] = {}
    for node, cases in branches(document):
        fields = scope.at_node(node) if scope else context.fields
        said = _said(cases[0].get("when"), fields, context.conditions, language)
        if said:
            told[node] = said if len(cases) == 1 else text(language, "does.choice", n=len(cases), first=said)
    return told


def branches(document: Mapping[str, Json]) -> Iterator[tuple[str, Sequence[Mapping[str, Json]]]]:
    """The branches that have a case, each with all that it has."""
    nodes = document.get("nodes")
    for key, node in nodes.items() if isinstance(nodes, dict) else ():
        if isinstance(node, dict) and node.get("type") == "choice":
            listed = node.get("cases")
            cases = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
            if cases:
                yield key, cases


def _said(condition: Json, fields: Fields, conditions: Conditions, language: Language) -> str:
    """A condition as a sentence on one line; nothing where it cannot be read."""
    try:
        said = sentence(compile_rule(condition, fields, conditions=conditions).tree, language, HOME)
    except RuleError:
        return ""
    return clip(" ".join(said.split()), _WIDTH)
