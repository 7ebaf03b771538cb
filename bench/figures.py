"""A figure: what was measured, what it is compared with, and whether it keeps its budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

Of = Literal["value", "ratio"]
Operator = Literal[">=", "<="]


class BenchError(Exception):
    """A benchmark could not be run; the message says why."""


@dataclass(frozen=True)
class Budget:
    """A limit on a figure's value, or on its ratio to the reference."""

    of: Of
    op: Operator
    limit: float

    def holds(self, measured: float | None) -> bool:
        """Whether what was measured keeps the limit. What could not be measured does not."""
        if measured is None:
            return False
        return measured >= self.limit if self.op == ">=" else measured <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.op == '>=' else '≤'} {self.limit:g}{' ×' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Figure:
    """One measured figure. `ratio` is given where it is no quotient of value and reference (a median of pairs).

    `objection` says why the figure does not count whatever its value: a quick run, personal data that was found.
    """

    name: str
    value: float
    unit: str
    budget: tuple[Budget, ...]
    reference: float | None = None
    paired_ratio: float | None = None
    note: str = ""
    objection: str | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the reference."""
        if self.paired_ratio is not None:
            return self.paired_ratio
        return self.value / self.reference if self.reference else None

    @property
    def ok(self) -> bool:
        """Whether every budget is kept and nothing speaks against the figure."""
        measured = {"value": self.value, "ratio": self.ratio}
        return self.objection is None and all(limit.holds(measured[limit.of]) for limit in self.budget)

    def to_json(self) -> dict[str, Any]:
        """The figure as `bench --json` prints it."""
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "reference": _rounded(self.reference),
            "ratio": _rounded(self.ratio),
            "budget": [{"of": one.of, "op": one.op, "limit": one.limit} for one in self.budget],
            "ok": self.ok,
        }


@dataclass(frozen=True)
class Report:
    """What a benchmark found. `circumstances` are settings without which the figures mean nothing."""

    figures: Sequence[Figure]
    circumstances: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether every figure keeps its budget."""
        return all(figure.ok for figure in self.figures)

    def lines(self) -> list[str]:
        """The report for a person."""
        table = [("figure", "value", "reference", "ratio", "budget", ""), *(_row(figure) for figure in self.figures)]
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        notes = [f"{figure.name}: {figure.note}" for figure in self.figures if figure.note]
        objections = [
            f"{figure.name} does not count: {figure.objection}" for figure in self.figures if figure.objection
        ]
        return [*lines, "", *self.circumstances, *notes, *objections]


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        raise BenchError("nothing was measured")
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def paired(name: str, unit: str, pairs: Sequence[tuple[float, float]], budget: Budget) -> Figure:
    """A figure of several runs, each with a reference of its own: the medians, and the median of the ratios."""
    ratios = [ours / theirs for ours, theirs in pairs]
    return Figure(
        name,
        median(ours for ours, _ in pairs),
        unit,
        (budget,),
        reference=median(theirs for _, theirs in pairs),
        paired_ratio=median(ratios),
        note="ratios of the pairs " + ", ".join(f"{ratio:.2f}" for ratio in ratios),
    )


def _row(figure: Figure) -> tuple[str, ...]:
    verdict = "ok" if figure.ok else "does not count" if figure.objection else "MISSED"
    reference = "" if figure.reference is None else f"{figure.reference:.4g} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    budget = ", ".join(str(one) for one in figure.budget)
    return (figure.name, f"{figure.value:.4g} {figure.unit}", reference, ratio, budget, verdict)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
