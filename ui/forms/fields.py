"""A form: the tree of fields that shows a value of any JSON by what its schema says of it.

Nothing is hidden: a value that its schema does not foresee is shown as JSON, a key that it does not know as a JSON
field of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from rules.documents.pointers import ABSENT, Absent
from rules.fallbacks import to_text
from rules.limits import is_storable
from rules.pointers import key_of, step_of
from rules.types import Json
from ui.forms.expressions import NOTHING, Chosen, chosen, is_computed
from ui.forms.shapes import Kind, Shape, Value, shape
from ui.forms.speech import Speech
from ui.forms.values import fits, written
from ui.words.wording import plain_json

ANY = shape({})
_PLAIN: tuple[Kind, ...] = ("text", "number", "boolean")


@dataclass(frozen=True)
class Choice:
    """One of a list to choose from; the text of none is empty. A field may be absent for some members."""

    text: str
    title: str
    may_be_absent: bool = False


@dataclass(frozen=True)
class Field:
    """A value at its pointer, as it is shown.

    `kind` is how it is shown, which is not always the shape's: `modes` are the ways in which it can be written.
    `parts` are the fields inside, `unknown` those of keys that the schema does not know. `chosen` is what an
    expression chooses from, where `kind` is `expression`.
    """

    pointer: str
    shape: Shape
    kind: Kind
    value: Value
    title: str
    help: str = ""
    text: str = ""
    modes: tuple[Kind, ...] = ()
    choices: tuple[Choice, ...] = ()
    chosen: Chosen = NOTHING
    parts: tuple[Field, ...] = ()
    unknown: tuple[Field, ...] = ()

    @property
    def present(self) -> bool:
        """Whether the document says anything here."""
        return not isinstance(self.value, Absent)

    @property
    def name(self) -> str:
        """Its last step, as a key."""
        return key_of(self.pointer.rpartition("/")[2])

    @property
    def id(self) -> str:
        """The id of its element on the page."""
        return f"f:{quote(self.pointer, safe='/-_.~', errors='replace')}"

    @property
    def is_carried(self) -> bool:
        """Whether a page can name its place: not where a key holds what HTML cannot carry."""
        return is_storable(self.pointer)

    @property
    def lines(self) -> int:
        """How many lines its text takes, as far as a page shows them before it scrolls."""
        return min(12, self.text.count("\n") + 1)

    def part(self, name: str) -> Field:
        """The part with this name. KeyError if there is none."""
        return {part.name: part for part in self.parts}[name]

    def leaves(self) -> Iterator[Field]:
        """All fields below, itself included, that are written on their own."""
        if self.kind in {"object", "list", "map", "union"}:
            for part in (*self.parts, *self.unknown):
                yield from part.leaves()
        elif self.kind != "const":
            yield self


def form_of(of: Shape, value: Value, pointer: str, speech: Speech, mode: Kind | None = None) -> Field:
    """The form of a value. `mode` asks for another way of writing it than its present value has; never raises."""
    modes = _modes(of, value)
    kind = mode if mode in modes else _kind(of, value)
    made = Field(pointer, of, kind, value, speech.title(of), speech.help(of), modes=modes)
    match kind:
        case "object":
            return _of_object(made, of, speech)
        case "union":
            return _of_union(made, speech)
        case "list":
            return _of_list(made, speech)
        case "map":
            return _of_map(made, speech)
        case "enum" | "boolean":
            return replace(made, text=_plain_text(value), choices=tuple(_choices(made, speech)))
        case "expression":
            return replace(made, chosen=chosen(value) or NOTHING)
        case _:
            return replace(made, text=_text(made, speech))


def _modes(of: Shape, value: Value) -> tuple[Kind, ...]:
    """The ways in which a value can be written; none where there is only one."""
    if of.kind in {"const", "condition", "union"}:
        return ()
    own: tuple[Kind, ...] = _PLAIN if of.kind == "any" else (of.kind,)
    computed: tuple[Kind, ...] = ("expression",) if of.computable and of.kind not in {"list", "object", "map"} else ()
    if of.kind in {"any", "field"} or computed:
        return (*own, *computed, "json")
    return (*own, "json") if _kind(of, value) == "json" and of.kind != "json" else ()


def _kind(of: Shape, value: Value) -> Kind:
    """How a value is shown: as its schema says where it fits, else as JSON."""
    if of.kind == "condition" or (of.kind == "const" and value == of.schema.get("const")):
        return of.kind
    if says_text(of, value):
        return "text"
    if of.computable and is_computed(value):
        return "expression" if chosen(value) is not None else "json"
    if of.kind == "any":
        return next((kind for kind in _PLAIN if fits(kind, value)), "json") if value is not None else "json"
    if of.kind == "expression":
        return "json"
    return of.kind if fits(of.kind, value) else "json"


def says_text(of: Shape, value: Value) -> bool:
    """Whether a computed value is a text with fields, some of them with what is written where they are absent.

    Where anything may stand, one field alone is a value rather than a text.
    """
    if not of.computable or of.kind not in {"text", "any"} or not isinstance(value, dict):
        return False
    return to_text(value) is not None and (of.kind == "text" or chosen(value) is None)


def _of_object(made: Field, of: Shape, speech: Speech) -> Field:
    held = made.value if isinstance(made.value, dict) else {}
    known = of.properties
    parts = [form_of(part, held.get(name, ABSENT), _below(made, name), speech) for name, part in known.items()]
    unknown = [
        form_of(_unnamed(name), held[name], _below(made, name), speech, "json") for name in held if name not in known
    ]
    return replace(made, parts=tuple(parts), unknown=tuple(unknown))


def _of_union(made: Field, speech: Speech) -> Field:
    """The form that the value has; which one that is can be chosen where a key tells them apart."""
    option = made.shape.option_for(made.value)
    choices = tuple(Choice(_tag(each, made.shape.tag), speech.option(each)) for each in made.shape.options)
    return replace(_of_object(made, option, speech), choices=choices, text=_tag(option, made.shape.tag))


def _of_list(made: Field, speech: Speech) -> Field:
    held = made.value if isinstance(made.value, list) else []
    parts = [form_of(made.shape.item, each, f"{made.pointer}/{i}", speech) for i, each in enumerate(held)]
    named = (replace(part, title=part.title or f"{made.title} {i}") for i, part in enumerate(parts, start=1))
    return replace(made, parts=tuple(named))


def _of_map(made: Field, speech: Speech) -> Field:
    held = made.value if isinstance(made.value, dict) else {}
    parts = (form_of(made.shape.item, each, _below(made, name), speech) for name, each in held.items())
    return replace(made, parts=tuple(replace(part, title=part.name) for part in parts))


def _choices(made: Field, speech: Speech) -> Iterator[Choice]:
    """What can be chosen; a present value that is none of it stays to be chosen."""
    of = made.shape
    values: tuple[Json, ...] = (True, False) if made.kind == "boolean" else of.choices
    yield Choice("", "" if isinstance(of.default, Absent) else speech.default(of, of.default))
    for value in values:
        yield Choice(_plain_text(value), speech.choice(of, value))
    if made.present and made.value is not None and made.value not in values:
        yield Choice(_plain_text(made.value), _plain_text(made.value))


def _text(made: Field, speech: Speech) -> str:
    """The text of a field; nothing stands in one that is to take the place of a value of another kind."""
    if made.kind == "text" and made.shape.computable and isinstance(made.value, dict):
        return to_text(made.value) or ""
    if made.kind not in {"json", "condition"} and not fits(made.kind, made.value):
        return ""
    return written(made.kind, made.value, speech.language)


def _plain_text(value: Value) -> str:
    return "" if value is None or isinstance(value, Absent) else plain_json(value)


def _tag(option: Shape, tag: str) -> str:
    part = option.properties.get(tag)
    return str(part.schema.get("const", "")) if part is not None else ""


def _unnamed(name: str) -> Shape:
    return shape({}, name=name)


def _below(made: Field, name: str) -> str:
    return f"{made.pointer}/{step_of(name)}"
