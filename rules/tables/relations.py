"""What is wrong between the values of a ruleset: ids given twice, hit policies that do not fit, sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.limits import escape
from rules.tables import messages
from rules.tables.document import MAX_ROWS, Ruleset
from rules.tables.outputs import SUMMABLE, check_output
from rules.tables.parse import Reading
from rules.types import Fields, Problem, fits


def known_fields(declared: Fields, catalogue: Fields, problems: list[Problem]) -> Fields:
    """The catalogue with what a document or a call declares.

    A field of the catalogue may be declared more narrowly, so that proofs know its values; never of another type, and
    what is personal, or may be missing, stays so.
    """
    found = dict(declared)
    for path, own in declared.items():
        known = catalogue.get(path)
        if known is None:
            continue
        if not fits(own.value_type, known.value_type):
            message = messages.other_type(path, own.value_type, known.value_type)
            problems.append(Problem("type-mismatch", f"/fields/{escape(path)}", message))
            found[path] = known
        else:
            kept = {"personal": known.tells_personal or own.personal, "optional": known.optional or own.optional}
            found[path] = own.model_copy(update=kept)
    return {**catalogue, **found}


def check_relations(ruleset: Ruleset, reading: Reading) -> Iterator[Problem]:
    """The problems that no single value shows."""
    if len(ruleset.rows) > MAX_ROWS:
        yield Problem("schema", "/rows", messages.too_many_rows(len(ruleset.rows), MAX_ROWS))
    yield from _doubles((row.id for row in ruleset.rows), "/rows", "id", "行", "row")
    yield from _doubles((output.key for output in ruleset.outputs), "/outputs", "key", "结果", "output")
    yield from _doubles((each.id for each in ruleset.agree), "/agree", "id", "承诺", "promise")
    for i, output in enumerate(ruleset.outputs):
        yield from check_output(output, f"/outputs/{i}")
    yield from _check_cells(ruleset, reading)
    yield from _check_hit(ruleset)
    yield from _check_agreements(ruleset)


def _doubles(ids: Iterable[str], pointer: str, key: str, zh: str, en: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, id_ in enumerate(ids):
        if id_ in seen:
            yield Problem("schema", f"{pointer}/{i}/{key}", messages.duplicate_id(zh, en, id_))
        seen.add(id_)


def _check_cells(ruleset: Ruleset, reading: Reading) -> Iterator[Problem]:
    """Rows with too few cells, or too many. Nothing is said where the columns themselves are broken."""
    wanted = len(ruleset.inputs)
    if reading.is_mended("/inputs"):
        return
    for i, row in enumerate(ruleset.rows):
        if len(row.when) != wanted:
            yield Problem("schema", f"/rows/{i}/when", messages.wrong_cells(row.id, len(row.when), wanted))


def _check_hit(ruleset: Ruleset) -> Iterator[Problem]:
    if ruleset.hit != "collect":
        if ruleset.aggregate is not None:
            yield Problem("schema", "/aggregate", messages.AGGREGATE_WITHOUT_COLLECT)
        if ruleset.total is not None:
            yield Problem("schema", "/total", messages.TOTAL_WITHOUT_COLLECT)
    elif ruleset.gives in {"sum", "min", "max"}:
        for i, output in enumerate(ruleset.outputs):
            if output.optional or output.type not in SUMMABLE:
                message = messages.not_summable(output.key, output.type)
                yield Problem("type-mismatch", f"/outputs/{i}/type", message)
    if ruleset.hit == "collect" and ruleset.total is not None:
        yield from _check_total(ruleset)
    if ruleset.on_unknown == "otherwise" and ruleset.otherwise is None:
        yield Problem("schema", "/on_unknown", messages.UNKNOWN_WITHOUT_OTHERWISE)


def _check_total(ruleset: Ruleset) -> Iterator[Problem]:
    total = ruleset.total
    if total is None:
        return
    if (total.exact is None) == (total.most is None):
        yield Problem("schema", "/total", messages.TOTAL_FORM)
    known = {output.key: output for output in ruleset.outputs}
    found = known.get(total.of)
    if found is None:
        yield Problem("schema", "/total/of", messages.unknown_output(total.of, known))
    elif found.optional or found.type not in SUMMABLE:
        yield Problem("type-mismatch", "/total/of", messages.not_summable(found.key, found.type))


def _check_agreements(ruleset: Ruleset) -> Iterator[Problem]:
    known = [output.key for output in ruleset.outputs]
    for i, promise in enumerate(ruleset.agree):
        for j, key in enumerate(promise.same):
            if key not in known:
                yield Problem("schema", f"/agree/{i}/same/{j}", messages.unknown_output(key, known))
