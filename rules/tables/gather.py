"""What several rows make together: the outcome that a table's hit policy gives, and the total that it promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rules.messages import Message
from rules.tables import messages
from rules.tables.outputs import COUNT
from rules.tables.table import Output, Table
from rules.types import Json
from rules.writing import as_json, summed

_FOLDS: dict[str, Callable[[Iterable[int]], int]] = {"sum": sum, "min": min, "max": max}


def outcome_of(table: Table, given: Sequence[list[Json]]) -> Json:
    """The outcome of rows that match, from the values that each gives for the outputs; at least one row."""
    keys = [output.key for output in table.outputs]
    match table.document.gives:
        case "one":
            return dict(zip(keys, given[0], strict=False))
        case "list":
            return [dict(zip(keys, values, strict=False)) for values in given]
        case "count":
            return {COUNT.key: len(given)}
        case fold:
            found = {
                output.key: as_json(_FOLDS[fold](_number(values[i]) for values in given), output.type)
                for i, output in enumerate(table.outputs)
            }
            return dict(found)


def broken_total(table: Table, given: Sequence[list[Json]]) -> Message | None:
    """Why the rows together break the total that the table promises; None when they keep it."""
    total = table.document.total
    if total is None:
        return None
    at = _position(table.outputs, total.of)
    found = sum(_number(values[at]) for values in given)
    kind = table.outputs[at].kind
    told, whole = summed(found, kind), summed(total.whole, kind)
    if total.exact is not None and found != total.exact:
        return messages.broken_total(total.of, told, whole, f"exactly {whole}")
    if total.most is not None and found > total.most:
        return messages.broken_total(total.of, told, f"至多 {whole}", f"at most {whole}")
    return None


def _position(outputs: Sequence[Output], key: str) -> int:
    return next(i for i, output in enumerate(outputs) if output.key == key)


def _number(value: Json) -> int:
    """The integer of a value that is one, or of money."""
    if isinstance(value, dict):
        value = value.get("minor")
    if not isinstance(value, int):
        raise TypeError(f"{value!r} cannot be added up; the checks refuse outputs that are not numbers")
    return value
