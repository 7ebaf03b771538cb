"""Every role's log: one event a line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SPEAKING = """
import asyncio, gc, logging, sys, threading, warnings
import structlog
from workflows.service.log_lines import configure
configure(sys.argv[1] or None)
structlog.get_logger("ours").info("routed", events=3)
logging.getLogger("theirs").warning("slow: %s", "7 s")
logging.getLogger("httpx").info("not heard")
try:
    password = "hunter" + "2"
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("ours").exception("failed")
"""
TELLING = (
    SPEAKING
    + """
secret = "hunter" + "2"
logging.getLogger("theirs").error("it failed\\nwith " + secret, exc_info=ValueError(secret))
warnings.warn("deprecated: " + secret)
def fail():
    raise ValueError(secret)
async def forgotten():
    asyncio.create_task(fail_later())
    await asyncio.sleep(0.01)
    gc.collect()
async def fail_later():
    fail()
thread = threading.Thread(target=fail)
thread.start()
thread.join()
asyncio.run(forgotten())
fail()
"""
)


def said(style: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SPEAKING, style], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("style", ["json", ""])
def test_without_a_terminal_each_line_is_a_json_object(style: str) -> None:
    routed, slow, failed = [json.loads(line) for line in said(style)]
    assert (routed["event"], routed["events"], routed["level"], routed["logger"]) == ("routed", 3, "info", "ours")
    assert (slow["event"], slow["level"], slow["logger"]) == ("slow: 7 s", "warning", "theirs")
    assert failed["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert routed["timestamp"].endswith("Z")


def test_for_people_a_line_shows_level_event_and_values() -> None:
    routed, *_ = said("console")
    assert "[info " in routed
    assert "routed" in routed
    assert "events=3" in routed


@pytest.mark.parametrize("style", ["json", "console"])
def test_whatever_goes_wrong_is_logged_without_what_it_was_given(style: str) -> None:
    done = subprocess.run([sys.executable, "-c", TELLING, style], cwd=ROOT, check=False, capture_output=True, text=True)
    assert "hunter2" not in done.stdout + done.stderr
    for said_of in ("it failed", "UserWarning", "a thread ends", "Task exception was never", "the process ends"):
        assert said_of in done.stdout
    assert done.stderr == ""
    if style == "json":
        assert all(json.loads(line)["event"] for line in done.stdout.splitlines())


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_shows_no_values_of_variables(style: str) -> None:
    assert not [line for line in said(style) if "hunter2" in line]
