"""Why a rule comes to what it does: each sub-expression in words, with its value on the facts.

Literals are left out, since the words around them name them. Each part is evaluated by itself, also where the whole was
settled before it was reached; what goes wrong then is told of that part. A condition on the items of a list is shown
for the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.errors import EvaluationError
from rules.fields import Field
from rules.limits import MAX_NODES, MAX_WORK
from rules.moment import Moment
from rules.nodes import Items, Literal
from rules.sentences import sentences
from rules.tree import Expression, Facts, Value
from rules.types import Json
from rules.unknown import Unknown
from rules.writing import as_json

LONGEST = 200
"""Characters of a sentence; that of the whole is told in full elsewhere."""

LARGEST = 2_000
"""About so many characters of JSON are shown of one value."""

SHOWN_ITEMS = 20
"""Items of a list for which a condition on them is explained."""

MOST_PARTS = MAX_NODES
"""So many sub-expressions are told of: all of the longest rule; of lists within lists the first ones."""

_BUDGET = 2 * MAX_WORK
"""Work for all parts together."""


@dataclass(frozen=True)
class Explanation:
    """One sub-expression. `value` is null where it is unknown, where it went wrong, and where it is withheld.

    `cut` says that only the beginning of a long text or list is shown, of a large object nothing. `missing` are the
    facts that would decide it, `error` what went wrong, in both languages. `personal` says that it tells somebody's
    personal data; whoever asked decided whether `value` shows it. `item` is the number, in a list, of the item that it
    is about.
    """

    pointer: str
    sentence: dict[str, str]
    type: str
    value: Json = None
    cut: bool = False
    unknown: bool = False
    missing: tuple[str, ...] = ()
    error: dict[str, str] | None = None
    personal: bool = False
    item: int | None = None
    parts: tuple[Explanation, ...] = ()

    def walk(self) -> Iterator[Explanation]:
        """This one and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def to_json(self) -> dict[str, Json]:
        """It as the API shows it."""
        return {
            "pointer": self.pointer,
            "sentence": {**self.sentence},
            "type": self.type,
            "value": self.value,
            "cut": self.cut,
            "unknown": self.unknown,
            "missing": list(self.missing),
            "error": None if self.error is None else {**self.error},
            "personal": self.personal,
            "item": self.item,
            "parts": [part.to_json() for part in self.parts],
        }


def explain(
    tree: Expression,
    facts: Facts,
    *,
    now: datetime,
    zone: ZoneInfo,
    show_personal: bool = False,
    personal: Callable[[str], bool] | None = None,
    most: int = MOST_PARTS,
) -> Explanation:
    """The explanation of a checked tree without problems. Personal values are withheld unless they are to be shown.

    `personal` tells of a field's path whether it is personal whatever its declaration says. `most` is how many parts it
    may have; those beyond are left out.
    """
    moment = Moment(now, zone, _BUDGET)
    return _Explaining(moment, most, personal, show_personal=show_personal).of(tree, facts, None)


class _Explaining:
    def __init__(
        self, moment: Moment, most: int, personal: Callable[[str], bool] | None, *, show_personal: bool
    ) -> None:
        self.moment = moment
        self.left = most
        self.personal = personal
        self.show_personal = show_personal

    def of(self, node: Expression, facts: Facts, item: int | None) -> Explanation:
        value, error = self._evaluated(node, facts)
        personal = node.type.kind != "boolean" and any(map(self._is_personal, node.walk()))
        known = error is None and not isinstance(value, Unknown)
        shown = as_json(value, node.type) if known and (self.show_personal or not personal) else None
        beginning = _beginning(shown)
        return Explanation(
            pointer=node.pointer,
            sentence={language: _cut(said) for language, said in sentences(node, self.moment.zone).items()},
            type=node.type.name,
            value=beginning,
            cut=beginning is not shown,
            unknown=isinstance(value, Unknown),
            missing=tuple(sorted(value.missing)) if isinstance(value, Unknown) else (),
            error=error,
            personal=personal,
            item=item,
            parts=tuple(self._parts(node, facts)),
        )

    def _evaluated(self, node: Expression, facts: Facts) -> tuple[Value, dict[str, str] | None]:
        try:
            return node.closure()(facts, self.moment), None
        except EvaluationError as error:
            return None, error.message

    def _is_personal(self, node: Expression) -> bool:
        if not isinstance(node, Field):
            return False
        declared = node.declaration is not None and node.declaration.tells_personal
        return declared or (self.personal is not None and self.personal(node.name))

    def _parts(self, node: Expression, facts: Facts) -> Iterator[Explanation]:
        for part, seen, item in node.views(facts, self.moment, SHOWN_ITEMS):
            if self.left <= 0:
                return
            if not _is_written_out(part):
                self.left -= 1
                yield self.of(part, seen, item)


def _is_written_out(node: Expression) -> bool:
    return isinstance(node, Literal) or (isinstance(node, Items) and all(map(_is_written_out, node.items)))


def _beginning(value: Json) -> Json:
    """As much of a value as is shown: itself, where that is all of it."""
    if _fits(value):
        return value
    if isinstance(value, str):
        return f"{value[:LARGEST]}…"
    if not isinstance(value, list):
        return None
    shown: list[Json] = []
    for item in value:
        if not _fits([*shown, item]):
            break
        shown.append(item)
    return shown


def _fits(value: Json) -> bool:
    """Whether a value is no larger than what is shown; found without looking at all of a large one."""
    room, stack = LARGEST, [value]
    while stack and room >= 0:
        item = stack.pop()
        room -= 2 + (len(item) if isinstance(item, str | list | dict) else 10)
        if room >= 0 and isinstance(item, list):
            stack.extend(item)
        elif room >= 0 and isinstance(item, dict):
            stack.extend(item.values())
    return room >= 0


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
