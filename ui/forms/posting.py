"""What a field sent, as the value that it means: unchanged, another value, or none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from rules.documents.pointers import ABSENT, Absent
from rules.fallbacks import FallbackError, from_text
from ui.forms.expressions import Chosen, expression_of
from ui.forms.fields import Field
from ui.forms.mistakes import Mistake
from ui.forms.shapes import Kind, Value, shape
from ui.forms.values import read, written
from ui.messages import Language


class Unchanged:
    """That a field says what it said before."""


UNCHANGED: Final = Unchanged()


@dataclass(frozen=True)
class Sent:
    """What came from a field: in which of its modes, its texts (one, but for expressions), and the last resort."""

    mode: Kind | None = None
    texts: tuple[str, ...] = ()
    otherwise: str = ""

    @property
    def text(self) -> str:
        """The text of a field with one."""
        return self.texts[0] if self.texts else ""


def meant(field: Field, sent: Sent, language: Language) -> Value | Unchanged:
    """The value that was sent. Raises Mistake, which leaves the document and what was typed alone."""
    if field.kind == "expression":
        return _meant_sources(field, sent, language)
    if as_browsers_send(field.text) == as_browsers_send(sent.text):
        return UNCHANGED
    value = _read(field, sent.text.replace("\r\n", "\n"))
    return UNCHANGED if _same(value, field.value) else value


def _read(field: Field, typed: str) -> Value:
    value = read(field.shape, field.kind, typed, field.value)
    if isinstance(value, str) and len(value) > (field.shape.longest or len(value)):
        raise Mistake("forms.mistake.long", most=f"{field.shape.longest:,}", n=f"{len(value):,}")
    if field.kind != "text" or not field.shape.computable or not isinstance(value, str):
        return value
    try:
        return from_text(value)
    except FallbackError as error:
        raise Mistake("forms.mistake.chip", shown=error.shown.strip()[:60]) from error


def as_browsers_send(shown: str) -> str:
    """A text as a browser sends it back: one kind of line ends, and no characters that HTML cannot carry."""
    carried = shown.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return carried.replace("\r\n", "\n").replace("\r", "\n")


def otherwise_text(choice: Chosen, language: Language) -> str:
    """The text of the value that holds where no field is there."""
    return written("text", choice.otherwise, language)


def _meant_sources(field: Field, sent: Sent, language: Language) -> Value | Unchanged:
    sources = tuple(text.strip() for text in sent.texts if text.strip())
    shown = otherwise_text(field.chosen, language)
    kept = as_browsers_send(shown) == as_browsers_send(sent.otherwise)
    otherwise = field.chosen.otherwise if kept else _literal(field, sent.otherwise)
    before = tuple(as_browsers_send(source).strip() for source in field.chosen.sources)
    if kept and sources == tuple(source for source in before if source):
        return UNCHANGED
    return expression_of(Chosen(sources, otherwise))


def _literal(field: Field, typed: str) -> Value:
    """The last resort as a value of the field's own kind; a number where numbers are asked for."""
    if not typed:
        return ABSENT
    of = field.shape if field.shape.kind not in {"any", "json"} else shape({"type": "string"})
    return read(of, of.kind, typed, ABSENT)


def _same(value: Value, present: Value) -> bool:
    """Whether both say the same; null says as little as nothing."""
    if isinstance(value, Absent) or isinstance(present, Absent):
        return isinstance(value, Absent) and (isinstance(present, Absent) or present is None)
    return json.dumps(value, sort_keys=True) == json.dumps(present, sort_keys=True)
