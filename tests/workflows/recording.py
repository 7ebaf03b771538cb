"""Storing the histories of executions, so that later versions of the shell must replay them."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from pathlib import Path

from temporalio.client import WorkflowHandle

from engine.runs.models import Run
from tests.workflows.playing import Play

HISTORIES = Path(__file__).parent.parent / "histories"
RECORDING = bool(os.environ.get("WAYSTATION_RECORD_HISTORIES"))


async def record(play: Play, run: Run, name: str) -> int:
    """Store the history of a run's execution, if this run of the tests is to record; how many events it has."""
    return await record_execution(play.handle(run), name)


async def record_execution(handle: WorkflowHandle[object, object], name: str) -> int:
    """The same of one execution of several."""
    history = await handle.fetch_history()
    if RECORDING:
        text = re.sub(rf"(?<=[@\"]){re.escape(socket.gethostname())}(?=[\"-])", "worker", history.to_json())
        await asyncio.to_thread((HISTORIES / f"{name}.json").write_text, text + "\n")
    return len(history.events)
