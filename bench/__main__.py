"""`python -m bench NAME [--json] [--quick]`: one benchmark, each figure beside its reference and its budget."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from types import FrameType
from typing import Annotated, Protocol

import typer

from bench import decisions, ingest, journeys, latency, memory, pages, rules, start
from bench.figures import BenchError, Report

QUICK = "a quick run proves nothing"


class Benchmark(Protocol):
    """A benchmark: measures, or with `quick` only tries itself out."""

    def __call__(self, *, quick: bool = False) -> Report: ...


BENCHMARKS: Mapping[str, Benchmark] = {
    "journeys": journeys.run,
    "latency": latency.run,
    "ingest": ingest.run,
    "start": start.run,
    "memory": memory.run,
    "rules": rules.run,
    "decisions": decisions.run,
    "pages": pages.run,
}


def app_of(benchmarks: Mapping[str, Benchmark]) -> typer.Typer:
    """The command over these benchmarks."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    names = ", ".join(benchmarks)

    @app.command()
    def bench(
        name: Annotated[str, typer.Argument(help="Which one; an unknown name is answered with those that there are.")],
        *,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")] = False,
        quick: Annotated[bool, typer.Option("--quick", help="Small and not conclusive: no figure is ever ok.")] = False,
    ) -> None:
        """Run one benchmark. It starts what it needs on free ports in a scratch folder, and removes it again."""
        if name not in benchmarks:
            raise typer.BadParameter(f"there is no benchmark {name}; there are {names}")
        report = _measured(benchmarks[name], quick=quick)
        lines = [json.dumps({"figures": [one.to_json() for one in report.figures]})] if as_json else report.lines()
        typer.echo("\n".join(lines))
        raise typer.Exit(0 if report.ok else 1)

    return app


def _measured(run: Benchmark, *, quick: bool) -> Report:
    """What a benchmark found. Its errors, also those of its tasks, are told in a sentence each."""
    said: list[str] = []
    try:
        report = run(quick=quick)
    except* BenchError as errors:
        said = [f"bench: {error}" for error in _single(errors)]
    if said:
        typer.echo("\n".join(said), err=True)
        raise typer.Exit(2)
    if quick:
        return replace(report, figures=[replace(one, objection=one.objection or QUICK) for one in report.figures])
    return report


def _single(errors: BaseException) -> list[BaseException]:
    """The errors of a group, and of the groups in it."""
    if isinstance(errors, BaseExceptionGroup):
        return [error for each in errors.exceptions for error in _single(each)]
    return [errors]


def _end(_number: int, _frame: FrameType | None) -> None:
    """Leave as after Ctrl-C: what was started is ended, and the scratch folder goes."""
    raise KeyboardInterrupt


def main() -> None:
    """Run, and end at once: Temporal's library sometimes aborts while Python is torn down, and hides the status."""
    status = 0
    signal.signal(signal.SIGTERM, _end)
    try:
        app_of(BENCHMARKS)()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except KeyboardInterrupt:
        status = 130
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
