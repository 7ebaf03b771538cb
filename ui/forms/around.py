"""What stands beside the fields: the name of what a key names, a text as its reader sees it, what the checks find."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.journeys.findings import Finding
from rules.text import PLACEHOLDER
from ui.forms import durations
from ui.forms.fields import Choice, Field
from ui.forms.shapes import LEAVES
from ui.messages import Language, known, text
from ui.words import wording
from ui.words.recurrences import recurrence

_WITH_FIELDS = tuple(
    [part]
    for part in ("nodes", "tests", "title", "note", "subject", "start", "entry", "policies", "goal", "exits", "fields")
)


@dataclass(frozen=True)
class Piece:
    """A piece of a text: words, or a field with its path and its title; a field that is not in scope has none.

    `otherwise` is what stands where the field is absent.
    """

    text: str
    path: str = ""
    known: bool = True
    otherwise: str = ""


@dataclass(frozen=True)
class Around:
    """What a form needs of the world, as functions and tables; a form of nothing needs none of it.

    `thing(kind, key)` is the title of what a reference names, None where there is none; `nodes`, `events`, `activities`
    are what can be chosen; `titles` are those of the fields in scope, by pointer of the form.
    """

    language: Language
    thing: Callable[[str, str], str | None] = lambda _, __: None
    titles: Callable[[str], Mapping[str, str]] = lambda _: {}
    nodes: Sequence[Choice] = ()
    events: Mapping[str, str] = field(default_factory=dict)
    activities: Sequence[Choice] = ()
    findings: Sequence[Finding] = ()

    def note(self, of: Field) -> str:
        """What there is to say about the present value: a duration's way of counting, the name behind a key."""
        if not isinstance(of.value, str) or not of.value:
            return ""
        match of.kind:
            case "name" if of.name == "outcome":
                word = wording.outcome(of.value, self.language)
                return text(self.language, "forms.outcome_word", word=word) if word != of.value else ""
            case "event":
                which = f"forms.event_note.{of.value}"
                return text(self.language, which) if known(self.language, which) else ""
            case _ if of.name == "schedule":
                word = recurrence(of.value, self.language)
                return word if word != of.value else ""
            case "duration":
                how = durations.counting(of.value)
                long = text(self.language, "forms.very_long") if durations.is_very_long(of.value) else ""
                return f"{long} {text(self.language, f'forms.counted.{how}')} · {of.value}".strip() if how else ""
            case "reference":
                found = self.thing(of.shape.reference, of.value)
                return text(self.language, "forms.unknown_thing") if found is None else ""
            case _:
                return ""

    def called(self, of: Field) -> str:
        """What people call the thing, type of event or field whose key stands in a field; nothing if unknown."""
        if of.kind == "field":
            return self.titles(of.pointer).get(of.text, "") if of.text else ""
        if not isinstance(of.value, str) or not of.value:
            return ""
        match of.kind:
            case "reference":
                return self.thing(of.shape.reference, of.value) or ""
            case "event":
                return self.events.get(of.value, "")
            case _:
                return ""

    def pieces(self, of: Field) -> Sequence[Piece]:
        """A text with its fields told by their titles; nothing for a text without any."""
        if of.kind != "text" or not of.shape.computable or "{{" not in of.text:
            return ()
        return tuple(_pieces(of.text, self.titles(of.pointer)))

    def source_title(self, of: Field, path: str) -> str:
        """The title of a field that an expression may take its value from."""
        return self.titles(of.pointer).get(path, "")

    @property
    def without_field(self) -> Sequence[Finding]:
        """The findings about what a journey's forms have no field for: its key, its size, keys that there are not."""
        return [each for each in self.findings if each.pointer.split("/")[1:2] not in _WITH_FIELDS]

    def found(self, of: Field) -> Sequence[Finding]:
        """The findings that belong beside a field: of a leaf all below it, else those of the place itself."""
        if of.kind in LEAVES:
            return self.found_at(of.pointer, below=True)
        return self.found_at(of.pointer)

    def found_at(self, pointer: str, *, below: bool = False) -> Sequence[Finding]:
        """The findings at a place, and where asked for those below it."""
        return [
            each
            for each in self.findings
            if each.pointer == pointer or (below and each.pointer.startswith(f"{pointer}/"))
        ]


def _pieces(shown: str, titles: Mapping[str, str]) -> Iterator[Piece]:
    end = 0
    for match in PLACEHOLDER.finditer(shown):
        if match.start() > end:
            yield Piece(shown[end : match.start()])
        path, _, otherwise = match[1].partition("|")
        title = titles.get(path.strip())
        yield Piece(title or path.strip(), path.strip(), known=title is not None, otherwise=otherwise)
        end = match.end()
    if end < len(shown):
        yield Piece(shown[end:])
