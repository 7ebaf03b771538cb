"""`definitions check|test|diff|apply|export`: what they say, where they point, and how they exit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from engine.access.store import add_key
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.definitions.samples import CATALOGUE, journey, text_of
from ui.app import create_app
from ui.commands import definition_work as work
from ui.commands.definitions import make_app
from ui.commands.files import read_files
from ui.commands.remote import Remote, RemoteError
from ui.dependencies import Dependencies

APP = make_app(lambda: CATALOGUE)


class InThisProcess(httpx.BaseTransport):
    """An application, asked without a network by a client that waits."""

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            answer = await self._inner.handle_async_request(request)
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            body = b"".join([part async for part in answer.stream])
            return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))

        return asyncio.run(ask())


def client(app: FastAPI, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(transport=InThisProcess(app), base_url="http://test", headers=headers)


@pytest.fixture
def remote(database: Database, keys: KeyRing, clock: FixedClock) -> Iterator[Remote]:
    """A service of its own."""
    with database.begin() as session:
        add_key(session, "ci", "the-key", {"definitions"}, now=clock.now())
    app = create_app(Dependencies(database, clock, keys, CATALOGUE))
    with client(app, "the-key") as asking:
        yield Remote(asking)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, arguments, env={"WAYSTATION_URL": "", "WAYSTATION_API_KEY": ""})


def written(folder: Path, text: str | None = None, name: str = "small.json") -> Path:
    path = folder / name
    path.write_text(text or text_of(), encoding="utf-8")
    return path


def test_a_good_file_passes_and_what_was_not_judged_is_said(tmp_path: Path) -> None:
    done = run("check", str(written(tmp_path)))
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "1 file(s), 0 error(s), 0 warning(s)",
        "Without a service these were not judged: references, headquarters' own fields, overlaps of entries.",
    ]


def test_findings_stand_at_their_line_and_column(tmp_path: Path) -> None:
    path = written(tmp_path, text_of(start="nowhere"))
    line = next(n for n, text in enumerate(path.read_text().splitlines(), start=1) if '"start"' in text)
    done = run("check", str(tmp_path))
    assert done.exit_code == 1
    assert f"{path}:{line}:12: error unknown-node:" in done.stdout
    told = json.loads(run("check", str(path), "--json").stdout)
    [finding] = [one for one in told["findings"] if one["code"] == "unknown-node"]
    assert (finding["file"], finding["line"], finding["column"], finding["pointer"]) == (str(path), line, 12, "/start")
    assert told["not_judged"] == ["references", "headquarters' own fields", "overlaps of entries"]


@pytest.mark.parametrize(
    ("content", "place"),
    [(b'{\n "a": 1,\n "a": 2}', "3:2"), (b'{"a": 1,}', "1:9"), (b"\xff", "1:1"), (b"[]", "1:1")],
)
def test_a_file_that_cannot_be_read_is_an_error_at_its_place(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    for command in ("check", "test"):
        done = run(command, str(path))
        assert done.exit_code == 1
        assert f"{path}:{place}: error schema:" in done.stdout


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "none.json"))
    assert (done.exit_code, "cannot be read" in done.stdout) == (1, True)


def test_warnings_do_not_fail(tmp_path: Path) -> None:
    condition = {"==": [{"var": "member.favourite"}, "figs"]}
    done = run("check", str(written(tmp_path, text_of(entry=[{"on": "contact.scanned", "when": condition}]))))
    assert (done.exit_code, "warning unknown-field" in done.stdout) == (0, True)


def test_tests_are_run_and_unvisited_ports_are_named(tmp_path: Path) -> None:
    done = run("test", str(written(tmp_path)))
    assert done.exit_code == 0
    assert f"ok     {tmp_path / 'small.json'}: who adds is done" in done.stdout
    assert "no test visits wait.timeout" in done.stdout


def test_a_failed_test_shows_its_differences(tmp_path: Path) -> None:
    tests = [{**journey()["tests"][0], "then": {"outcome": "not_added"}}]
    path = written(tmp_path, text_of(tests=tests))
    done = run("test", str(path))
    assert done.exit_code == 1
    assert '{"field": "outcome", "expected": "not_added", "actual": "added"}' in done.stdout
    told = json.loads(run("test", str(path), "--json").stdout)
    assert told["tests"][0]["ok"] is False
    assert told["findings"][0]["code"] == "test-failed"


@pytest.mark.parametrize("command", ["diff", "apply", "export"])
def test_what_needs_a_service_says_so(tmp_path: Path, command: str) -> None:
    done = run(command, str(written(tmp_path)))
    assert (done.exit_code, "This needs a running service" in done.stderr) == (1, True)


def test_a_service_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run("check", str(written(tmp_path)), "--url", "http://127.0.0.1:9", "--key", "x")
    assert (done.exit_code, "http://127.0.0.1:9 cannot be reached" in done.stderr) == (1, True)


def test_a_service_judges_references_too(tmp_path: Path, remote: Remote) -> None:
    nodes = journey()["nodes"]
    nodes["note"] |= {"activity": "coupon.issue", "params": {"batch": "NONE"}}
    nodes["note"]["ports"] = {"done": "wait", "sold_out": "wait"}
    files = read_files([written(tmp_path, text_of(nodes=nodes))])
    assert not work.check(files, CATALOGUE).failed
    report = work.check(files, CATALOGUE, remote)
    assert (report.failed, report.content["not_judged"]) == (True, [])
    assert "unknown-reference" in report.lines[0]


def test_applying_publishes_what_differs_and_nothing_else(tmp_path: Path, remote: Remote) -> None:
    files = read_files([written(tmp_path)])
    assert work.apply(files, remote, "from git").lines == ["journey/small: published as version 1"]
    assert work.apply(files, remote).lines == ["journey/small: unchanged at version 1"]
    changed = read_files([written(tmp_path, text_of(title="Other"))])
    assert work.compare(changed, remote).lines == [
        "journey/small: 1 difference(s) from version 1",
        "  changed /title",
    ]
    assert work.apply(changed, remote).lines == ["journey/small: published as version 2"]


def test_nothing_is_applied_if_one_file_has_errors(tmp_path: Path, remote: Remote) -> None:
    written(tmp_path)
    written(tmp_path, text_of(key="other", start="nowhere"), "other.json")
    report = work.apply(read_files([tmp_path]), remote)
    assert (report.failed, report.lines[-1]) == (True, "Nothing was published.")
    assert remote.live("journey", "small") is None


def test_an_export_can_be_applied_again(tmp_path: Path, remote: Remote) -> None:
    work.apply(read_files([written(tmp_path)]), remote)
    folder = tmp_path / "out"
    report = work.export([folder], remote)
    assert report.lines == [f"{folder / 'journey' / 'small.json'}: version 1"]
    assert work.apply(read_files([folder]), remote).lines == ["journey/small: unchanged at version 1"]


def test_a_key_without_the_scope_is_told(tmp_path: Path, database: Database, clock: FixedClock, keys: KeyRing) -> None:
    app = create_app(Dependencies(database, clock, keys, CATALOGUE))
    with client(app, "no") as asking, pytest.raises(RemoteError, match="API key"):
        work.apply(read_files([written(tmp_path)]), Remote(asking))
