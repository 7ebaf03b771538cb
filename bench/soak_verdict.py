"""What an hour came to: tables for people, and whether something grew that should not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.soak_samples import Sample
from engine.retention.tables import TABLES, Bounded, Trimmed

WARM = 1 / 3
"""By this part of the play every cache is full; memory is compared with what it was then."""
SHARE, SLACK = 0.15, 16 * 2**20
"""So much more memory, in parts and in bytes, is no growth: allocators breathe."""
EMPTYING = frozenset({"member_queue", "funnel_deltas", "alert_signals", "job_parts"})
"""Tables that empty themselves again and again: what they take up must not follow what went through them."""
MB = 2**20
SMALL = 0.5
"""Megabytes below which a table that never grew is left out."""


@dataclass(frozen=True)
class Verdict:
    """The demonstration's own summary, all samples, and what grew without bound."""

    summary: Mapping[str, Any]
    samples: Sequence[Sample]
    growth: Sequence[str]

    @property
    def ok(self) -> bool:
        """Whether the funnel agrees and nothing grew that should not."""
        return bool(self.summary["agrees"]) and not self.growth

    def lines(self) -> list[str]:
        """For people."""
        return [
            "",
            *_table("memory, MB", self.samples, lambda one: one.processes, lambda _: ""),
            *_table("files, MB", self.samples, lambda one: one.files, lambda _: ""),
            *_table("tables, rows", self.samples, _rows, fate, scale=1),
            *_table("tables, MB", self.samples, _sizes, lambda _: ""),
            *self._told(),
        ]

    def _told(self) -> list[str]:
        summary = self.summary
        stages = (
            f"{one['stage']} {one['people']['played']} played, {one['people']['funnel']} told"
            for one in summary.get("stages", ())
        )
        faults = (f"{name} {count}" for name, count in (summary.get("faults") or {}).items())
        failures = [f"  {one['person']}: {one['problem']}" for one in summary["failures"]]
        agrees = "the funnel tells exactly what was played" if summary["agrees"] else "THE FUNNEL DOES NOT AGREE"
        return [
            f"customers: {summary.get('customers')}; {'; '.join(stages)}",
            f"faults: {', '.join(faults) or 'none'}",
            *failures,
            *(f"  differs: {one}" for one in differences(summary)),
            *(f"GROWS: {one}" for one in self.growth),
            f"{agrees}; {'something grows' if self.growth else 'processes and queues stay as they were'}",
        ]


def differences(told: Any, path: str = "") -> list[str]:
    """Where the summary's funnel tells another number than was played: `stores/E01/added: 3 played, 2 told`."""
    if isinstance(told, Mapping):
        if told.keys() == {"played", "funnel"}:
            was, says = told["played"], told["funnel"]
            return [] if was == says else [f"{path}: {was} played, {says} told"]
        named = {str(key): value for key, value in told.items()}
    elif isinstance(told, Sequence) and not isinstance(told, str):
        named = {_name(value, index): value for index, value in enumerate(told)}
    else:
        return []
    return [line for name, value in named.items() for line in differences(value, f"{path}/{name}".lstrip("/"))]


def _name(value: Any, index: int) -> str:
    """What an item of a list is called: by its key or stage where it has one."""
    return str(value.get("key", value.get("stage", index))) if isinstance(value, Mapping) else str(index)


def growing(samples: Sequence[Sample]) -> list[str]:
    """Processes that are larger at the end than when they were warm, and queues that take up what went through them."""
    last = samples[-1]
    warm = next((one for one in samples if one.at >= last.at * WARM), last)
    found = [
        f"{name}: {warm.processes[name] / MB:.0f} MB at {warm.at / 60:.0f} min, {size / MB:.0f} MB at the end"
        for name, size in last.processes.items()
        if name in warm.processes and size > warm.processes[name] * (1 + SHARE) + SLACK
    ]
    found += [
        f"table {name}: {warm.tables[name].size / MB:.1f} MB when warm, {table.size / MB:.1f} MB at the end"
        for name, table in last.tables.items()
        if name in EMPTYING and table.size > 2 * warm.tables[name].size + MB
    ]
    return found + [f"table {name}: nothing is known to bound or to trim it" for name in last.tables.keys() - TABLES]


def fate(table: str) -> str:
    """What bounds a table, as the product's own list has it."""
    match TABLES.get(table):
        case Bounded(by):
            return f"bounded: {by}"
        case Trimmed(chore, kept):
            return f"trimmed by {chore!r}: {kept}"
        case _:
            return "NOTHING KNOWN"


def _rows(one: Sample) -> Mapping[str, int]:
    return {name: table.rows for name, table in one.tables.items()}


def _sizes(one: Sample) -> Mapping[str, int]:
    return {name: table.size for name, table in one.tables.items()}


def _table(
    title: str,
    samples: Sequence[Sample],
    of: Callable[[Sample], Mapping[str, int]],
    note: Callable[[str], str],
    *,
    scale: int = MB,
) -> list[str]:
    """A line for each thing, a column for each sample; what never changed and is small is left out."""
    shown = f"{title:<24}" + "".join(f"{one.at / 60:>8.1f}m" for one in samples)
    lines = [shown]
    for name in of(samples[-1]):
        values = [of(one).get(name, 0) / scale for one in samples]
        if len(set(values)) == 1 and (scale == 1 or values[0] < SMALL):
            continue
        figures = "".join(f"{value:>9.0f}" if scale == 1 else f"{value:>9.1f}" for value in values)
        lines.append(f"  {name:<22}{figures}  {note(name)}".rstrip())
    return [*lines, ""]
