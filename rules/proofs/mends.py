"""What an author may do about what proofs find, each way ready to be carried out: a title, and commands on the table.

A mend does away with its finding and brings about no other: `tests/rules/proofs/test_mends.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from rules.documents.commands import Mend
from rules.proofs.boxes import box_conditions, plain_cell
from rules.proofs.budget import NotSettledError
from rules.proofs.findings import Finding
from rules.proofs.narrowing import narrowed
from rules.proofs.outcomes import output_words
from rules.proofs.space import Space, space_of
from rules.proofs.totals import amount
from rules.tables.document import Row
from rules.tables.table import Table
from rules.tables.wording import as_rule
from rules.types import Json
from rules.writing import summed


def mends(table: Table, found: Finding, *, now: datetime) -> list[Mend]:
    """Ways to do away with a finding of this table; none for what only people can decide."""
    return Mending(table, now).of(found)


class Mending:
    """A table whose findings are to be mended; its space is made once for all of them."""

    def __init__(self, table: Table, now: datetime) -> None:
        self.table = table
        self.now = now

    @cached_property
    def space(self) -> Space | None:
        """The space of the table's cases; None where that is not settled."""
        try:
            return space_of((self.table,), self.table.zone, self.now)
        except NotSettledError:
            return None

    def of(self, found: Finding) -> list[Mend]:
        """Ways to do away with a finding."""
        if found.code not in _MENDED or self.space is None:
            return []
        making = _Making(self.table, found, self.space)
        match found.code:
            case "overlap":
                return [*making.overlap()]
            case "gap":
                return [*making.gap()]
            case "share-total":
                return [*making.total()]
            case "disagree":
                return [*making.disagree()]
            case _:
                return [*making.needless()]


_MENDED = frozenset({"overlap", "gap", "hidden-row", "impossible-row", "share-total", "disagree"})


@dataclass(frozen=True)
class _Making:
    table: Table
    found: Finding
    space: Space
    numbers: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", {line.id: line.index for line in self.table.rows})

    @property
    def concerned(self) -> list[Row]:
        """The rows of the finding that are there."""
        return [self.table.document.rows[self.numbers[each]] for each in self.found.rows if each in self.numbers]

    def overlap(self) -> Iterator[Mend]:
        """Either row gives way to the other; or the first one counts."""
        if len(self.concerned) != 2:
            return
        one, other = self.concerned
        for row, keep in ((other, one), (one, other)):
            left = narrowed(self.space, self.numbers[row.id], self.numbers[keep.id])
            if left:
                yield _mend(_narrow(row.id, keep.id, len(left)), command="replace_row", row=row.id, rows=[*left])
            elif left is not None:
                yield _mend(_delete(row.id, [keep.id]), command="delete_row", row=row.id)
        if self.table.document.hit == "unique" and narrowed(
            self.space, *(self.numbers[row.id] for row in (other, one))
        ):
            yield _mend(FIRST_COUNTS, command="set_term", term="hit", value="first")

    def gap(self) -> Iterator[Mend]:
        """The row that is missing; or no promise to be complete."""
        if self.found.example is None:
            return
        then, source = self._suggested()
        row: dict[str, Json] = {**self._row_of_box(), "then": then}
        yield _mend(_add(source), command="insert_row", row=row)
        document = self.table.document
        if document.complete and document.otherwise is not None:
            yield _mend(NOT_COMPLETE, command="set_term", term="complete")

    def needless(self) -> Iterator[Mend]:
        """The row goes; or, where it is the narrower one, moves above the one that hides it."""
        if not self.concerned:
            return
        row, *hiders = [each.id for each in self.concerned]
        yield _mend(_delete(row, hiders), command="delete_row", row=row)
        if len(hiders) == 1 and self._is_narrower(self.numbers[row], self.numbers[hiders[0]]):
            yield _mend(_above(row, hiders[0]), command="move_row", row=row, to=self.numbers[hiders[0]])

    def total(self) -> Iterator[Mend]:
        """One of the rows gives what is missing, or leaves what is too much."""
        total = self.table.document.total
        if total is None:
            return
        given = [each.then.get(total.of) for each in self.concerned]
        if not given:
            yield from self._otherwise_total(total.of, total.exact)
        whole = total.exact if total.exact is not None else total.most
        if whole is None or any(isinstance(each, dict) and "minor" not in each for each in given):
            return
        missing = whole - sum(map(amount, given))
        for row, value in [*zip(self.concerned, given, strict=True)][::-1][:3]:
            wanted = amount(value) + missing
            if wanted >= 0 and isinstance(value, int):
                title = self._gives(row.id, total.of, wanted)
                yield _mend(title, command="set_cell", row=row.id, column=f"then:{total.of}", value=wanted)

    def disagree(self) -> Iterator[Mend]:
        """One row gives for the promised outputs what the other does."""
        promise = next((each for each in self.table.promises if each.pointer == self.found.pointer), None)
        if promise is None or len(self.concerned) != 2:
            return
        one, other = self.concerned
        for row, like in ((other, one), (one, other)):
            same = {key: like.then[key] for key in promise.same if key in like.then}
            if same and {key: row.then.get(key) for key in same} != same:
                then: Json = {**row.then, **same}
                yield _mend(_alike(row.id, like.id), command="replace_row", row=row.id, rows=[{"then": then}])

    def _gives(self, row: str, key: str, value: int) -> Mapping[str, str]:
        outputs = self.table.document.outputs
        told = summed(value, next((each.kind for each in self.table.outputs if each.key == key), ""))
        called = output_words(key, outputs)
        zh, en = ("默认结果", "the default") if row == "otherwise" else (f"行 {row} ", f"row {row}")
        return {"zh": f"{zh}的「{called[0]}」改为 {told}", "en": f"Let {en} give {called[1]} = {told}"}

    def _otherwise_total(self, of: str, exact: int | None) -> Iterator[Mend]:
        otherwise = self.table.document.otherwise
        items = otherwise if isinstance(otherwise, list) else [otherwise] if otherwise is not None else []
        if exact is None or len(items) != 1 or not isinstance(items[0].get(of), int):
            return
        item: dict[str, Json] = {**items[0], of: exact}
        value: Json = [item] if isinstance(otherwise, list) else item
        yield _mend(self._gives("otherwise", of, exact), command="set_term", term="otherwise", value=value)

    def _row_of_box(self) -> dict[str, Json]:
        """The box as a row: what its columns cannot say, and the rows that must not match there, as its condition."""
        fields = [column.field for column in self.table.columns]
        box = self.found.box
        when = [plain_cell(box.get(path)) if path not in fields[:i] else None for i, path in enumerate(fields)]
        beside = {path: cell for path, cell in box.items() if path not in fields}
        window = _window(beside.get("now"))
        if window:
            del beside["now"]
        ands = [*box_conditions(beside).values(), *self._refused(fields)]
        condition: dict[str, Json] = {} if not ands else {"and": ands[0] if len(ands) == 1 else {"and": ands}}
        return {"when": when, **condition, **({"valid": window} if window else {})}

    def _refused(self, fields: Sequence[str]) -> Iterator[Json]:
        """That rows with conditions of their own do not match; where the first match counts, those above go first."""
        if self.table.document.hit not in {"unique", "any"}:
            return
        for row in self.concerned:
            line = self.table.rows[self.numbers[row.id]]
            told: list[Json] = [condition.rule.tree.source for condition in line.conditions]
            free = {condition.column for condition in line.conditions}
            cells = [
                as_rule(cell, path)
                for i, (path, cell) in enumerate(zip(fields, row.when, strict=True))
                if cell is not None and i not in free and cell != self.found.box.get(path)
            ]
            yield {"!": [told[0] if len(told) == 1 and not cells else {"and": [*cells, *told]}]}

    def _suggested(self) -> tuple[Json, str | None]:
        """What the new row gives, and where that comes from: `otherwise`, else the row that is most like it."""
        document = self.table.document
        otherwise = document.otherwise
        if isinstance(otherwise, list):
            otherwise = otherwise[0] if len(otherwise) == 1 else None
        if otherwise is not None:
            return otherwise, "otherwise"
        when = self._row_of_box()["when"]
        cells = when if isinstance(when, list) else []
        alike = [sum(a == b for a, b in zip(row.when, cells, strict=False)) for row in document.rows]
        if not alike:
            return {}, None
        nearest = document.rows[max(range(len(alike)), key=lambda i: (alike[i], -i))]
        then = dict(nearest.then)
        if document.total is not None and document.total.exact is not None:
            then[document.total.of] = document.total.exact
        return then, nearest.id

    def _is_narrower(self, number: int, hider: int) -> bool:
        """Whether the row that hides has cases beside those of the row."""
        pairs = zip(self.space.boxes[number], self.space.boxes[hider], strict=True)
        return any(set(wide) - set(narrow) for narrow, wide in pairs)


def _window(cell: Json) -> Json:
    """The window that says a cell of the moment; None where no window does."""
    if not isinstance(cell, dict) or not cell.keys() <= {"from", "to"}:
        return None
    return cell


def _mend(title: Mapping[str, str], **command: Json) -> Mend:
    return Mend(title, (command,))


FIRST_COUNTS = {
    "zh": "改为从上到下，命中第一行即止",
    "en": "Let the first row that matches count, from top to bottom",
}
NOT_COMPLETE = {
    "zh": "不再承诺完整：其余情况用默认结果",
    "en": "Promise no completeness: the default holds for the rest",
}


def _narrow(row: str, keep: str, parts: int) -> Mapping[str, str]:
    zh, en = (f"，拆成 {parts} 行", f", in {parts} rows") if parts > 1 else ("", "")
    return {
        "zh": f"收窄行 {row}：两行都匹配的情况归行 {keep}{zh}",
        "en": f"Narrow row {row}{en}: what both match is left to row {keep}",
    }


def _delete(row: str, others: Sequence[str]) -> Mapping[str, str]:
    if not others:
        return {"zh": f"删除行 {row}：它永远不会匹配", "en": f"Delete row {row}: it never matches"}
    first = others[:5]
    return {
        "zh": f"删除行 {row}：它的情况都归行 {'、'.join(first)}",
        "en": f"Delete row {row}: its cases all belong to {', '.join(first)}",
    }


def _above(row: str, hider: str) -> Mapping[str, str]:
    return {"zh": f"把行 {row} 移到行 {hider} 之上", "en": f"Move row {row} above row {hider}"}


def _add(source: str | None) -> Mapping[str, str]:
    match source:
        case None:
            return {"zh": "补上这一行，然后填写结果", "en": "Add the missing row, and then say what it gives"}
        case "otherwise":
            return {"zh": "补上这一行，结果与默认结果相同", "en": "Add the missing row; it gives what the default does"}
        case row:
            zh = f"补上这一行，结果先与行 {row} 相同，请核对"
            return {"zh": zh, "en": f"Add the missing row; it gives what row {row} does until you change it"}


def _alike(row: str, like: str) -> Mapping[str, str]:
    return {"zh": f"让行 {row} 与行 {like} 的结果相同", "en": f"Let row {row} give what row {like} does"}
