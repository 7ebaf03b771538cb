"""The gate and the windows."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock
from engine.wecom.errors import RateLimitedError
from engine.wecom.pace import Gate, Windows


async def test_no_more_than_so_many_are_inside() -> None:
    gate, inside, most = Gate(3), 0, 0

    async def visit() -> None:
        nonlocal inside, most
        async with gate:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(20)))
    assert most == 3


async def test_a_gate_narrows_at_once_and_widens_slowly_and_never_shuts() -> None:
    gate = Gate(8)
    gate.narrow()
    assert gate.width == 4
    gate.widen()
    assert gate.width == 4
    for _ in range(100):
        gate.widen()
    assert gate.width == 8
    for _ in range(10):
        gate.narrow()
    assert gate.width == 1
    async with gate:
        pass


def test_a_window_is_a_minute_then_an_hour_and_forgotten_after_an_answer() -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    windows = Windows(clock)
    windows.close("a")
    windows.close("a")
    windows.answered("a")
    assert windows.left("a") == 60
    with pytest.raises(RateLimitedError):
        windows.check("a")
    windows.check("b")
    clock.advance(timedelta(seconds=60))
    windows.close("a")
    assert windows.left("a") == 3600
    clock.advance(timedelta(hours=1))
    windows.answered("a")
    windows.close("a")
    assert windows.left("a") == 60
