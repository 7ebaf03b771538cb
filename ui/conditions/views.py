"""What a page shows of a condition: the parts as templates read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rules.types import Json
from ui.conditions.values import Entry
from ui.scope import Offer


@dataclass(frozen=True)
class Mend:
    """What would mend a trouble: its name, and what to put where."""

    title: str
    at: str
    value: Json


@dataclass(frozen=True)
class Trouble:
    """What is wrong at a place, in the reader's language, and what would mend it."""

    code: str
    severity: str
    message: str
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True)
class Option:
    """One thing to choose from a list."""

    key: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class OperandView:
    """One operand: a value in its field, another field, a choice, or an expression that is only shown."""

    index: str
    id: str
    label: str
    entry: Entry | None = None
    field: Offer | None = None
    path: str = ""
    options: tuple[Option, ...] = ()
    words: str = ""
    json: str = ""
    may_be_field: bool = False
    troubles: tuple[Trouble, ...] = ()

    @property
    def source(self) -> str:
        """Where its value comes from: value, field, choice or expression."""
        if self.entry is not None:
            return "value"
        if self.options:
            return "choice"
        return "expression" if self.json else "field"


@dataclass(frozen=True)
class Standing:
    """Where a part stands: its place and id, what it was when it was shown, and what may be done with it there.

    `listed`: it is one of several in a group. `scope`: the number of the fields that it may name.
    """

    at: str
    id: str
    seen: str
    scope: int
    troubles: tuple[Trouble, ...] = ()
    listed: bool = False
    first: bool = True
    last: bool = True
    removable: bool = False


@dataclass(frozen=True)
class PartView:
    """One part of a condition. `kind` is always, never, group, not, lines, test, brief, named or block."""

    kind: str
    standing: Standing
    operator: str = ""
    words: str = ""
    json: str = ""
    path: str = ""
    tested: Offer | None = None
    tested_troubles: tuple[Trouble, ...] = ()
    choices: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    operands: tuple[OperandView, ...] = ()
    parts: tuple[PartView, ...] = ()


def walk(view: PartView) -> Iterator[PartView]:
    """A part and all those below it."""
    yield view
    for part in view.parts:
        yield from walk(part)
