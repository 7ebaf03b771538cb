"""The commands of server.py: they say what they do, and what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMANDS = (
    "dev",
    "web",
    "worker",
    "router",
    "simulator",
    "demo",
    "migrate",
    "definitions",
    "new-activity",
    "new-operator",
)
KEY = "1:" + "A" * 43


def run(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
    command = [sys.executable, ROOT / "server.py", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=60)


def test_the_help_names_every_command_with_a_whole_sentence(tmp_path: Path) -> None:
    told = run("-h", folder=tmp_path)
    assert told.returncode == 0
    assert "..." not in told.stdout.partition("Commands:")[2]
    for name in COMMANDS:
        assert f"\n  {name} " in told.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, tmp_path: Path) -> None:
    told = run(name, "--help", folder=tmp_path)
    assert told.returncode == 0
    assert f"server.py {name}" in told.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["web", "worker", "router", "migrate"])
def test_a_role_without_a_database_says_so_in_a_sentence(name: str, tmp_path: Path) -> None:
    told = run(name, folder=tmp_path, WAYSTATION_SECRET_KEY=KEY)
    assert told.returncode == 1
    assert told.stderr.startswith("server.py: WAYSTATION_DATABASE_URL is not set")
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "WAYSTATION_SECRET_KEY is not set"),
        ({"WAYSTATION_SECRET_KEY": "short"}, "WAYSTATION_SECRET_KEY"),
        ({"WAYSTATION_SECRET_KEY": KEY, "WAYSTATION_WECOM_APPS": "{"}, "wecom_apps"),
        (
            {"WAYSTATION_SECRET_KEY": KEY, "WAYSTATION_WECOM_APPS": '{"a": {"corp_id": "ww"}}'},
            "WAYSTATION_WECOM_APPS_A_AGENT_ID: Field required",
        ),
        ({"WAYSTATION_SECRET_KEY": KEY, "WAYSTATION_LOG_STYLE": "loud"}, "WAYSTATION_LOG_STYLE"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, settings: dict[str, str], message: str) -> None:
    told = run("worker", folder=tmp_path, WAYSTATION_DATABASE_URL="postgresql://a@127.0.0.1:1/b", **settings)
    assert told.returncode == 1
    assert message in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "no Temporal server is configured: set TEMPORAL_ADDRESS"),
        ({"TEMPORAL_ADDRESS": "127.0.0.1:1"}, "Temporal cannot be reached"),
    ],
)
def test_a_missing_temporal_is_named(tmp_path: Path, settings: dict[str, str], message: str) -> None:
    url = "postgresql://a@127.0.0.1:1/b"
    told = run("router", folder=tmp_path, WAYSTATION_DATABASE_URL=url, WAYSTATION_SECRET_KEY=KEY, **settings)
    assert told.returncode == 1
    assert message in told.stderr
    assert "Traceback" not in told.stderr


def test_settings_are_read_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WAYSTATION_DATABASE_URL=mysql://a@127.0.0.1/b\n")
    told = run("migrate", folder=tmp_path)
    assert told.returncode == 1
    assert "WAYSTATION_DATABASE_URL: Value error, must begin with postgresql://" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_value_that_may_be_secret_is_not_shown(tmp_path: Path) -> None:
    told = run("web", folder=tmp_path, WAYSTATION_DATABASE_URL="mysql://a:secret-word@127.0.0.1/b")
    assert told.returncode == 1
    assert "secret-word" not in told.stderr + told.stdout


@pytest.mark.parametrize("command", [["dev"], []], ids=["dev", "nothing"])
@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str, command: list[str]) -> None:
    told = run(*command, "--port", port, folder=tmp_path)
    assert told.returncode == 2
    assert "--port" in told.stderr
    assert list(tmp_path.iterdir()) == []
