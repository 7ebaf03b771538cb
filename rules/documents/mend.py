"""Reading a document: every breach of its format is a problem; what breaks it is left out, and the rest is kept.

A broken value is replaced by nothing, or where its place needs one by a stand-in. `Mended` names those places, so that
the checks of meaning say nothing about them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules.documents import words
from rules.documents.bounds import Mended
from rules.limits import escape
from rules.types import Json, Problem

MAX_ROUNDS = 50

Steps: TypeAlias = list[str | int]
"""The way from a document to a value in it: keys and positions."""

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class Format(Generic[Document]):
    """A format of documents.

    `stand_ins` holds, by key, what takes the place of a value that must be there. `tagged` are the top keys below which
    the third step of pydantic's places names a form of a union, which is no part of the document. `telling` are keys
    by which such forms are told apart: a broken value under one of them leaves a stand-in, lest the form be forgotten.
    """

    model: type[Document]
    stand_ins: Mapping[str, Json]
    tagged: frozenset[str] = frozenset()
    telling: frozenset[str] = frozenset()


def mend(
    document: dict[str, Json],
    form: Format[Document],
    mended: Mended,
    *,
    leaving: Callable[[Steps, Json], None] = lambda _steps, _holder: None,
) -> Document | None:
    """Validate, take what is wrong out of `document`, and again, until its model is left.

    `leaving` is told of each value, with what holds it, before it is taken out. None when no round was the last.
    """
    for _ in range(MAX_ROUNDS):
        try:
            return form.model.model_validate(document)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            for problem, steps in [(problem, _steps(document, problem, form)) for problem in problems]:
                if steps:
                    _tell(problem, steps, form, mended)
                    holder = _at(document, steps[:-1])
                    leaving(steps, holder)
                    _replace(holder, steps[-1], problem["type"], form)
    return None


def _tell(problem: ErrorDetails, steps: Steps, form: Format[Document], mended: Mended) -> None:
    kind = problem["type"]
    pointer = "".join(f"/{escape(str(step))}" for step in steps)
    if not mended.is_mended(pointer):
        shown = pointer.rpartition("/")[0] if kind == "missing" else pointer
        shown += "/type" if kind == "union_tag_invalid" else ""
        zh, en = words.of(problem, form.model)
        mended.problems.append(Problem("schema", shown, {"zh": zh, "en": en}))
    if kind != "extra_forbidden":
        mended.mend(pointer)


def _steps(document: Json, problem: ErrorDetails, form: Format[Document]) -> Steps:
    """The place of a problem as steps through the document."""
    places = list(problem["loc"])
    if len(places) > 2 and places[0] in form.tagged and places[2] != "[key]":
        del places[2]
    steps: Steps = []
    for i, place in enumerate(places):
        here = _at(document, steps)
        last_missing = problem["type"] == "missing" and i == len(places) - 1
        in_list = isinstance(here, list) and isinstance(place, int) and place < len(here)
        if last_missing or in_list or (isinstance(here, dict) and place in here):
            steps.append(place)
    return steps


def _at(document: Json, steps: Steps) -> Json:
    here = document
    for step in steps:
        if isinstance(here, dict):
            here = here.get(str(step))
        elif isinstance(here, list) and isinstance(step, int):
            here = here[step]
    return here


def _replace(holder: Json, step: str | int, kind: str, form: Format[Document]) -> None:
    """Take a broken value out of what holds it; put a stand-in where there must be one."""
    if isinstance(holder, list) and isinstance(step, int):
        holder[step] = "?" if kind.startswith("string") else {}
    elif isinstance(holder, dict) and (kind == "missing" or (step in form.telling and kind != "extra_forbidden")):
        holder[str(step)] = form.stand_ins.get(str(step))
    elif isinstance(holder, dict):
        holder.pop(str(step), None)
