"""`python -m bench.soak`: an hour of traffic with faults. Does the funnel tell what was played, and does anything grow?

Not one of the benchmarks: it judges no speed. It starts the whole service as its users do, lets `server.py demo` play,
takes a sample now and then, and prints what each process and each table came to. Exit status 1 when the funnel tells
something else than was played, when a process keeps growing, when a queue does not give its room back, or when a table
is not in the product's list of what bounds or trims each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.service import ROOT, SERVER, Service, own_environment, service
from bench.soak_samples import Sample, sample
from bench.soak_verdict import Verdict, growing

SAMPLES = 6
TOLD, PROBLEMS = "demo.json", "demo.log"
AFTERWARDS = 900.0
"""Seconds that the demonstration may take for comparing, once all customers have come."""


@dataclass(frozen=True)
class Soak:
    """What to play: so many customers within so many seconds, with or without faults, in a chain of so many stores."""

    customers: int
    seconds: float
    faults: bool
    stores: int | None

    def run(self) -> Verdict:
        """Start a service, play, and judge."""
        options = ("--stores", str(self.stores)) if self.stores else ()
        with service(*options) as one:
            samples = [sample(one, 0.0)]
            _say(samples)
            playing = self._begin(one)
            began = time.monotonic()
            while playing.poll() is None:
                due = began + len(samples) * self.seconds / SAMPLES
                _wait(playing, due - time.monotonic())
                if playing.poll() is None and len(samples) <= SAMPLES:
                    samples.append(sample(one, time.monotonic() - began))
                    _say(samples)
                elif time.monotonic() > began + self.seconds + AFTERWARDS:
                    playing.kill()
            playing.wait()
            samples.append(sample(one, time.monotonic() - began))
            _say(samples)
            return Verdict(_summary(one.folder), samples, growing(samples))

    def _begin(self, one: Service) -> subprocess.Popen[bytes]:
        """The play. It tells into files: a pipe that nobody reads meanwhile would stop it once it is full."""
        asked = ("--customers", str(self.customers), "--seconds", str(self.seconds))
        faults = ("--faults",) if self.faults else ()
        with (one.folder / TOLD).open("wb") as told, (one.folder / PROBLEMS).open("wb") as problems:
            return subprocess.Popen(
                [sys.executable, SERVER, "demo", "--json", "--data", one.folder / "data", *asked, *faults],
                stdout=told,
                stderr=problems,
                cwd=ROOT,
                env=own_environment(os.environ),
            )


def _wait(playing: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait so long, or until the play is over."""
    deadline = time.monotonic() + max(seconds, 1.0)
    while playing.poll() is None and time.monotonic() < deadline:
        time.sleep(0.5)


def _summary(folder: Path) -> dict[str, Any]:
    try:
        summary: dict[str, Any] = json.loads((folder / TOLD).read_text(encoding="utf-8"))
    except ValueError:
        problem = (folder / PROBLEMS).read_text(encoding="utf-8", errors="replace")[-2000:]
        return {"agrees": False, "failures": [{"person": "the demonstration", "problem": problem}]}
    return summary


def _say(samples: Sequence[Sample]) -> None:
    latest = samples[-1]
    told = ", ".join(f"{name} {size / 2**20:.0f}" for name, size in latest.processes.items())
    print(f"{latest.at / 60:5.1f} min  MB: {told}; {latest.accepted} events, {latest.unrouted} not routed", flush=True)


def soak(
    *,
    customers: Annotated[int, typer.Option(help="How many people come.", min=1)] = 6_000,
    seconds: Annotated[float, typer.Option(help="Within how many seconds they come.", min=30)] = 3_600,
    faults: Annotated[bool, typer.Option(help="Whether WeCom has its bad days meanwhile.")] = True,
    stores: Annotated[int | None, typer.Option(help="How many stores the chain has.", min=1)] = None,
) -> None:
    """Let the service run for an hour, and see what it comes to."""
    verdict = Soak(customers, seconds, faults, stores).run()
    print("\n".join(verdict.lines()))
    sys.stdout.flush()
    raise typer.Exit(0 if verdict.ok else 1)


if __name__ == "__main__":
    typer.run(soak)
