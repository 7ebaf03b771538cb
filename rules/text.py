"""Texts with `{{path}}` in them: a field's value, written as people write its type. Nothing in a text is ever code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from rules import messages
from rules.errors import RuleError
from rules.fields import MOMENT, Field
from rules.limits import check_json
from rules.moment import Moment
from rules.tree import Checker, Closure, Facts
from rules.types import Fields, Problem
from rules.unknown import Unknown
from rules.writing import WRITABLE, written
from rules.zones import HOME

PLACEHOLDER: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
PATH: Final = re.compile(r"[^\W\d][\w-]*(\.\w[\w-]*)*")
_EPOCH = datetime.fromtimestamp(0, UTC)


class Text:
    """A compiled text. `fields` are the paths that it shows, `optional_fields` those of them declared optional."""

    __slots__ = ("_needs_now", "_pieces", "fields", "optional_fields")

    def __init__(self, pieces: list[str | Field], fields: Fields) -> None:
        shown = [piece for piece in pieces if isinstance(piece, Field) and piece.path is not None]
        paths = {field.path for field in shown if field.path is not None}
        self._pieces: list[str | tuple[Closure, Field]] = [
            (piece.closure(), piece) if isinstance(piece, Field) else piece for piece in pieces
        ]
        self._needs_now = bool(paths & MOMENT.keys())
        self.fields = frozenset(paths - MOMENT.keys())
        self.optional_fields = frozenset(path for path in self.fields if fields[path].optional)

    def render(
        self,
        facts: Facts,
        language: str = "zh",
        *,
        now: datetime | None = None,
        zone: ZoneInfo = HOME,
    ) -> str | Unknown:
        """The text in `language` (`zh` or `en`), instants in `zone`.

        A missing field shows as nothing, since a message without a name is better than none (ADR 0015); a text that is
        one field and nothing else is a value, and Unknown without it.

        `now` is needed only by texts that show `{{now}}` or `{{today}}`. Raises EvaluationError.
        """
        if self._needs_now and now is None:
            raise ValueError("this text shows {{now}} or {{today}}: pass `now`")
        return self.render_at(facts, Moment(now or _EPOCH, zone), language)

    def render_at(self, facts: Facts, moment: Moment, language: str) -> str | Unknown:
        """The same in a moment shared with others."""
        found: list[str] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                found.append(piece)
                continue
            closure, field = piece
            value = closure(facts, moment)
            if not isinstance(value, Unknown):
                found.append(written(value, field.type, language, moment.zone))
            elif len(self._pieces) == 1:
                return value
        return "".join(found)


def paths_in(text: str) -> frozenset[str]:
    """The paths between `{{` and `}}`, whether or not they name a field."""
    return frozenset(found.strip() for found in PLACEHOLDER.findall(text))


def compile_text(text: str, fields: Fields, pointer: str = "") -> Text:
    """The text, compiled. Raises RuleError with all problems found."""
    pieces, problems = _read(text, fields, pointer)
    if problems:
        raise RuleError(problems)
    return Text(pieces, fields)


def check_text(text: str, fields: Fields, pointer: str = "") -> list[Problem]:
    """What is wrong with the text."""
    return _read(text, fields, pointer)[1]


def _read(text: str, fields: Fields, pointer: str) -> tuple[list[str | Field], list[Problem]]:
    if problems := check_json(text, pointer=pointer):
        return [], problems
    checker = Checker(fields)
    pieces = list(_pieces(text, pointer, checker))
    for piece in pieces:
        if isinstance(piece, Field):
            found = checker.infer(piece)
            if found.kind not in WRITABLE:
                checker.report("type-mismatch", piece, messages.not_for_text(piece.path or "", found))
    return pieces, checker.problems


def _pieces(text: str, pointer: str, checker: Checker) -> Iterator[str | Field]:
    end = 0
    for match in PLACEHOLDER.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        end = match.end()
        path = match[1].strip()
        if PATH.fullmatch(path):
            yield Field("field", pointer=pointer, path=path)
        else:
            checker.problems.append(Problem("schema", pointer, messages.bad_placeholder(match[1])))
    if "{{" in text[end:]:
        checker.problems.append(Problem("schema", pointer, messages.open_placeholder()))
    if end < len(text):
        yield text[end:]
