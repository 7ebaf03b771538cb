"""`python -m bench NAME [--json] [--quick]`: one benchmark, each figure beside its reference and its budget."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, NoReturn, Protocol

import typer

from bench import ingest, journeys, latency, memory, start
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
}


def bench(
    name: Annotated[str, typer.Argument(help=", ".join(BENCHMARKS))],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller and not conclusive: no figure is ever ok.")] = False,
) -> None:
    """Run one benchmark. It starts what it needs on free ports in a scratch folder, and removes it again."""
    run = BENCHMARKS.get(name)
    if run is None:
        raise typer.BadParameter(f"there is no benchmark {name}; there are {', '.join(BENCHMARKS)}")
    try:
        report = run(quick=quick)
    except* BenchError as errors:
        typer.echo("\n".join(f"bench: {error}" for error in _leaves(errors)), err=True)
        _leave(2)
    if quick:
        report = replace(report, figures=[replace(one, objection=one.objection or QUICK) for one in report.figures])
    lines = [json.dumps({"figures": [one.to_json() for one in report.figures]})] if as_json else report.lines()
    typer.echo("\n".join(lines))
    _leave(0 if report.ok else 1)


def _leaves(errors: BaseException) -> list[str]:
    """What the errors in a group say."""
    if isinstance(errors, BaseExceptionGroup):
        return [said for each in errors.exceptions for said in _leaves(each)]
    return [str(errors)]


def _leave(status: int) -> NoReturn:
    """End now: Temporal's native library sometimes aborts while Python is torn down, and hides the status."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(bench)
    app()
