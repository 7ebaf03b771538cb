"""What forms on pages stand on: the draft, what is to be chosen, and what the checks find in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import Session

from engine.definitions.context import context_of
from engine.definitions.kinds import Kind
from engine.definitions.things import find_thing
from engine.edits.store import Editable, editable
from engine.events.types import EVENT_TYPES
from engine.journeys.catalogue import Catalogue
from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from rules.documents.pointers import Absent, found, steps_of
from rules.types import Json
from ui.forms.around import Around
from ui.forms.deeds import Ground
from ui.forms.fields import Choice, Field
from ui.forms.journeys import journey_shape, refining
from ui.forms.posting import otherwise_text
from ui.forms.shapes import shape
from ui.forms.speech import Speech
from ui.forms.values import CURRENCY, written
from ui.journeys.outline import node_names
from ui.messages import Language, known, text
from ui.pages.visit import Visit
from ui.scope import fields_at, offers
from ui.words import wording

ANY_DOCUMENT = shape({"type": "object", "additionalProperties": True})


@dataclass(frozen=True)
class Workplace:
    """A form of a definition as somebody has it before them: where it is saved, and from which revision."""

    visit: Visit
    kind: Kind
    key: str
    draft: Editable
    ground: Ground
    around: Around

    @property
    def base(self) -> int:
        """The revision that is shown."""
        return self.draft.revision

    def has_place(self, pointer: str) -> bool:
        """Whether there is something in the document that a value at the pointer would belong to."""
        return isinstance(found(self.document, steps_of(pointer)[:-1]), dict)

    @property
    def document(self) -> dict[str, Json]:
        """What the draft says."""
        return self.ground.document

    @property
    def editable(self) -> bool:
        """Whether the visitor may change it."""
        return self.visit.may_operate_chain

    @property
    def address(self) -> str:
        """Where its fields are saved."""
        return f"/edit/{self.kind}/{self.key}/field"

    @property
    def choices(self) -> str:
        """Where what can be chosen is asked for."""
        return f"/edit/{self.kind}/{self.key}/choices"

    def has_node(self, node: str) -> bool:
        """Whether the journey has this node."""
        return any(choice.text == node for choice in self.around.nodes)

    def otherwise(self, of: Field) -> str:
        """The text of the value that holds where no field of an expression is there."""
        return otherwise_text(of.chosen, self.visit.language)

    def placeholder(self, of: Field) -> str:
        """What holds where nothing is written."""
        default = of.shape.default
        if isinstance(default, Absent) or not isinstance(default, str | int | float):
            return ""
        said = written(of.kind, default, self.visit.language)
        if of.name == "on_unknown":
            said = wording.port(said, self.visit.language)
        if of.name == "outcome":
            said = wording.outcome(said, self.visit.language)
        return text(self.visit.language, "forms.default", value=said)

    def without_node(self, of: Field) -> str:
        """What holds where an entry names no first node: that of the journey, by its name."""
        if of.pointer == "/start" or of.name != "start":
            return ""
        start = self.document.get("start")
        name = next((each.title for each in self.around.nodes if each.text == start), "")
        return text(self.visit.language, "forms.start_of_journey", node=name) if name else ""

    @property
    def outcomes(self) -> Sequence[Choice]:
        """The usual outcomes with their words, and those that this journey has already."""
        nodes = self.document.get("nodes")
        ends = nodes.values() if isinstance(nodes, dict) else ()
        own = [str(each["outcome"]) for each in ends if isinstance(each, dict) and each.get("outcome")]
        language = self.visit.language
        return [Choice(each, wording.outcome(each, language)) for each in dict.fromkeys([*wording.OUTCOMES, *own])]

    def currency(self, of: Field) -> str:
        """The currency of an amount."""
        held = of.value if isinstance(of.value, dict) else {}
        return str(held.get("currency", CURRENCY))

    def is_clock(self, typed: str) -> bool:
        """Whether a browser's own field for a time of day can show the text."""
        return not typed or _CLOCK.fullmatch(typed) is not None

    def is_hidden(self, of: Field) -> bool:
        """Whether a field has no place on the page: what is reserved, while nothing is written there."""
        return of.name in _RESERVED and not of.present

    def item_word(self, of: Field, item: Field) -> str:
        """What the items of a list are called."""
        if of.shape.item.kind == "union":
            return self.ground.speech.option(of.shape.item.option_for(item.value))
        key = f"forms.item.{of.name}"
        return text(self.visit.language, key if known(self.visit.language, key) else "forms.item.any")


_RESERVED = frozenset({"pressure"})
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def workplace(visit: Visit, session: Session, kind: Kind, key: str, *, findings: Sequence[Finding] = ()) -> Workplace:
    """The form's ground in the present draft, with what was found in it. Raises UnknownDefinitionError.

    Findings are looked for before the session is there: one request holds one connection.
    """
    draft = editable(session, kind, key)
    ground = ground_of(kind, draft.document, visit.deps.catalogue, visit.language)
    return Workplace(visit, kind, key, draft, ground, _around(visit, session, kind, draft, findings))


def ground_of(kind: Kind, document: dict[str, Json], catalogue: Catalogue, language: Language) -> Ground:
    """What forms of this document stand on, by its kind."""
    speech = Speech(language)
    if kind == "journey":
        return Ground(document, journey_shape(), speech, catalogue, refining(catalogue))
    return Ground(document, ANY_DOCUMENT, speech, catalogue)


def _around(visit: Visit, session: Session, kind: Kind, draft: Editable, findings: Sequence[Finding]) -> Around:
    language, document = visit.language, draft.document

    @cache
    def context() -> CheckContext:
        return context_of(session, visit.deps.catalogue, now=visit.now())

    @cache
    def thing(of: str, name: str) -> str | None:
        found = find_thing(session, of, name)
        return wording.title(found.title, language, found.key) if found else None

    @cache
    def titles(pointer: str) -> Mapping[str, str]:
        seen = offers(fields_at(kind, document, pointer, context()))
        return {each.path: each.title.zh if language == "zh" else each.title.en for each in seen}

    named = node_names(document, visit.deps.catalogue, language)
    names = list(named.values())
    return Around(
        language=language,
        thing=thing,
        titles=titles,
        nodes=[
            Choice(node, f"{name} · {node}" if name != node and names.count(name) > 1 else name)
            for node, name in named.items()
        ],
        events={name: wording.title(each.titles, language, name) for name, each in EVENT_TYPES.items()},
        activities=[
            Choice(name, wording.activity(name, visit.deps.catalogue, language))
            for name in sorted(visit.deps.catalogue)
        ],
        findings=findings,
    )
