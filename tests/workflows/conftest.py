"""Temporal for the suite: a test server that skips time, and a dev server where events are counted."""

from __future__ import annotations

import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from engine.secrets.keyring import KeyRing, new_key
from tests.workflows.clock import ServerClock
from workflows.codec import data_converter

RECORDED_KEYS = "1:" + "A" * 43
RECORDED_WITH = KeyRing.from_text(RECORDED_KEYS)
"""The keys of stored histories; they hold made-up runs."""
PROGRAMS = Path(sysconfig.get_path("scripts"))


@pytest.fixture(scope="session")
def ring() -> KeyRing:
    """The keys with which payloads are sealed."""
    return KeyRing.from_text(new_key())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def environment(ring: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """A server that skips time while a test waits for a result. Its clock is shared: one test at a time.

    Each module has one of its own: the server counts who keeps time from skipping, and a wait that was given up in the
    middle would keep it for all that follow.
    """
    server = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(PROGRAMS / "temporal-test-server"), data_converter=data_converter(ring)
    )
    async with server:
        yield server


@pytest.fixture
def client(environment: WorkflowEnvironment) -> Client:
    """A client of the server that skips time."""
    return environment.client


@pytest_asyncio.fixture
async def server_clock(environment: WorkflowEnvironment) -> ServerClock:
    """The test server's time, which is the only clock of a test that skips time."""
    return ServerClock(environment)


@pytest_asyncio.fixture(scope="session")
async def dev_client() -> AsyncIterator[Client]:
    """A client of a real dev server. Its histories may be recorded, so their key is no secret."""
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(PROGRAMS / "temporal"), data_converter=data_converter(RECORDED_WITH)
    )
    async with server:
        yield server.client
