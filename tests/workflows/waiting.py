"""Waiting for what happens on a server that skips time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from tests.workflows.world import World

PATIENCE = 120
"""Seconds after which a wait is given up: far beyond what a busy machine needs."""


async def closed(client: Client, workflow_id: str) -> None:
    """Let time skip until the execution has closed.

    The test server cuts a long poll short when it skips further than the poll may last; then the client asks again.
    """
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
    await client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _has_result(handle):  # noqa: ASYNC110 - it is a long poll
                await asyncio.sleep(0)
    finally:
        await client.test_service.lock_time_skipping(LockTimeSkippingRequest())


async def _has_result(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await handle.result()
    except RuntimeError as error:
        if "No completion event" not in str(error):
            raise
        return False
    return True


async def close_all(client: Client, world: World) -> None:
    """Terminate what a test left open: the next one has runs with the same ids in another database."""
    for run in await asyncio.to_thread(world.runs):
        with suppress(RPCError):
            await client.get_workflow_handle(run.workflow_id).terminate()


async def until(true: Callable[[], object]) -> None:
    """Wait in real time, without skipping any, until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - rows in a database tell nobody
            await asyncio.sleep(0.02)
