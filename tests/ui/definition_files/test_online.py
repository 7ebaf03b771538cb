"""`definitions diff`, `apply` and `export`, against the real application."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.engine.definitions.samples import CATALOGUE
from ui.definition_files.command import Command
from ui.definition_files.files import FilesError
from ui.definition_files.online import apply_files, check_with, diff_files, export_files
from ui.definition_files.service import Service, ServiceError


def change(file: Path, **changes: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}, ensure_ascii=False))


def test_a_service_judges_references_and_keeps_nothing(service: Service, file: Path) -> None:
    nodes = json.loads(file.read_text())["nodes"]
    nodes["note"] |= {"activity": "coupon.issue", "params": {"batch": "NONE"}}
    nodes["note"]["ports"] = {"done": "wait", "sold_out": "wait"}
    change(file, nodes=nodes)
    assert Command("check", [file]).run(CATALOGUE).ok
    outcome = check_with([file], service, "en")
    assert not outcome.ok
    assert outcome.data["without_service"] is False
    assert "unknown-reference" in {finding["code"] for finding in outcome.data["findings"]}
    assert service.live("journey", "small") is None


def test_what_was_never_published_differs_in_everything_and_is_then_applied(service: Service, file: Path) -> None:
    [difference] = diff_files([file], service, "en").data["files"]
    assert difference["version"] is None
    assert difference["changes"]
    outcome = apply_files([file], service, "en")
    assert outcome.ok
    assert outcome.data["files"] == [{"file": str(file), "version": 1, "published": True}]
    assert diff_files([file], service, "en").data["files"] == [{"file": str(file), "version": 1, "changes": []}]


def test_applying_what_is_live_changes_nothing(service: Service, file: Path) -> None:
    apply_files([file], service, "en")
    again = apply_files([file], service, "en")
    assert again.ok
    assert again.data["files"] == [{"file": str(file), "version": 1, "published": False}]


def test_a_change_becomes_the_next_version(service: Service, file: Path) -> None:
    apply_files([file], service, "en")
    change(file, note="changed")
    [difference] = diff_files([file], service, "en").data["files"]
    assert difference["version"] == 1
    assert [one["pointer"] for one in difference["changes"]] == ["/note"]
    assert apply_files([file], service, "en").data["files"][0]["version"] == 2


def test_a_file_with_errors_is_not_published_and_they_are_shown_in_place(service: Service, file: Path) -> None:
    change(file, start="nowhere")
    outcome = apply_files([file], service, "en")
    assert not outcome.ok
    assert outcome.data["files"] == [{"file": str(file), "version": None, "published": False}]
    assert any(line.startswith(f"{file}:1:") and ": error [" in line for line in outcome.lines)
    assert service.live("journey", "small") is None


def test_live_versions_are_exported_below_a_folder_and_into_a_file(
    service: Service, file: Path, tmp_path: Path
) -> None:
    apply_files([file], service, "en")
    document = json.loads(file.read_text())
    outcome = export_files([tmp_path / "out"], service)
    assert outcome.ok
    target = tmp_path / "out" / "journey" / "small.json"
    assert outcome.data["files"] == [{"file": str(target), "version": 1}]
    assert json.loads(target.read_text()) == document
    change(file, note="local")
    assert export_files([file], service).ok
    assert json.loads(file.read_text()) == document


def test_a_file_whose_definition_is_not_live_cannot_be_exported(service: Service, file: Path) -> None:
    outcome = export_files([file], service)
    assert not outcome.ok
    assert "no version of journey small is live" in outcome.lines[0]


def test_a_file_that_names_nothing_cannot_be_exported(service: Service, tmp_path: Path) -> None:
    with pytest.raises(FilesError, match=r"new\.json"):
        export_files([tmp_path / "new.json"], service)


def test_a_refusal_is_told_in_the_services_own_words(service: Service, file: Path) -> None:
    stranger = Service("http://testserver", "no key", service._http._transport)
    with pytest.raises(ServiceError, match="401"):
        apply_files([file], stranger, "en")


def test_a_service_that_is_not_there_is_named(file: Path) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ServiceError, match=r"http://waystation\.example cannot be reached: refused"):
        diff_files([file], Service("http://waystation.example", "key", httpx.MockTransport(away)), "en")


@pytest.mark.parametrize("action", ["diff", "apply", "export"])
def test_without_an_address_it_is_said_how_to_give_one(action: str, file: Path) -> None:
    with pytest.raises(ServiceError, match="--url and --key"):
        Command(action, [file]).run(CATALOGUE)
