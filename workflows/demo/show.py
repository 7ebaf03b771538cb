"""The demonstration on a terminal: a bar while it plays, tables when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from workflows.demo.fates import STAGES
from workflows.demo.luck import NAMES
from workflows.demo.run import Summary
from workflows.demo.tally import Cell


@contextmanager
def bar(console: Console, steps: int) -> Iterator[Callable[[], None]]:
    """A bar of so many steps; gives what is to be called after each."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("customers are on their way", total=steps)
        yield lambda: progress.advance(task)


def show(console: Console, summary: Summary) -> None:
    """The funnel by channel and by store as played and as told, who was held out, and whether all agrees."""
    fates = Counter(customer.fate.name for customer in summary.customers)
    console.print(
        f"{len(summary.customers)} customers: {', '.join(f'{n} × {name}' for name, n in fates.most_common())}"
    )
    console.print(_table("by channel", summary.played.channels, summary.funnel.channels))
    console.print(_table("by store", summary.played.stores, summary.funnel.stores))
    for name in sorted(summary.played.outcomes.keys() | summary.funnel.outcomes.keys()):
        console.print(f"outcome {name}: {_cell(summary.played.outcomes[name], summary.funnel.outcomes[name])}")
    names = ", ".join(f"{one.person} ({one.door.channel})" for one in summary.held_out) or "nobody"
    console.print(f"held out {_cell(summary.played.held_out, summary.funnel.held_out)}: {names}")
    for one in summary.failures:
        console.print(f"[red]{one.person} ({one.fate.name}): {one.failure}[/red]")
    if summary.struck is not None:
        told = ", ".join(f"{count} {NAMES.get(name, name)}" for name, count in summary.struck.most_common())
        console.print(f"faults: {told or 'none struck'}")
    if summary.agrees:
        console.print("[green]The funnel tells exactly what was played.[/green]")
    else:
        console.print(
            "[red]The funnel does not tell what was played: differing figures are shown as played ≠ told.[/red]"
        )


def _table(title: str, played: Counter[Cell], funnel: Counter[Cell]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(title.rpartition(" ")[2])
    for stage in STAGES.values():
        table.add_column(stage, justify="right")
    for key in sorted({key for key, _ in played.keys() | funnel.keys()}):
        table.add_row(key, *(_cell(played[key, stage], funnel[key, stage]) for stage in STAGES.values()))
    totals = [(_sum(played, stage), _sum(funnel, stage)) for stage in STAGES.values()]
    table.add_section()
    table.add_row("all", *(_cell(*both) for both in totals))
    return table


def _sum(cells: Counter[Cell], stage: str) -> int:
    return sum(count for (_, of), count in cells.items() if of == stage)


def _cell(played: int, funnel: int) -> str:
    return str(played) if played == funnel else f"[red]{played} ≠ {funnel}[/red]"
