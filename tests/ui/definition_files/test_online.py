"""`definitions diff`, `apply` and `export`, against the real application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engine.definitions.samples import CATALOGUE
from tests.ui.api.walking import SIMPLE
from ui.definition_files.applying import apply_files, is_same, store_files
from ui.definition_files.command import Command
from ui.definition_files.files import FilesError
from ui.definition_files.online import check_with, diff_files, export_files
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
    assert diff_files([file], service, "en").data["files"] == [
        {"file": str(file), "version": 1, "changes": [], "draft": None}
    ]


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


def test_a_draft_that_says_something_else_is_compared_too(service: Service, file: Path) -> None:
    apply_files([file], service, "en")
    change(file, note="of the draft")
    store_files([file], service, "en")
    change(file, note="of the file")
    outcome = diff_files([file], service, "en")
    [item] = outcome.data["files"]
    assert item["version"] == 1
    assert item["draft"] == {"revision": 2, "changes": [{"op": "changed", "pointer": "/note"}]}
    assert f"{file}: 1 change against the draft at revision 2" in outcome.lines


def test_drafts_are_stored_and_written_to_the_letter_however_unfinished(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "journey"
    folder.mkdir()
    text = '{"title":  "half",\r\n "big": 1e400, "odd": "\\u0000\\ud800 \U0001f600", "one": 1.0}'
    (folder / "odd.json").write_bytes(text.encode())
    stored = store_files([tmp_path], service, "en")
    assert stored.ok
    assert stored.data["files"] == [{"file": str(folder / "odd.json"), "stored": True}]
    assert stored.data["findings"], "errors are told, and a draft may have them"
    assert store_files([tmp_path], service, "en").data["files"][0]["stored"] is False
    assert export_files([tmp_path / "out"], service).data["files"] == []
    assert export_files([tmp_path / "out"], service, drafts=True).ok
    assert (tmp_path / "out" / "journey" / "odd.json").read_bytes() == text.encode()


def test_a_folder_of_all_kinds_goes_out_and_in_and_is_the_same(service: Service, tmp_path: Path) -> None:
    """The journey asks for a ruleset, which reads a field: each is published after what it names."""
    field = {"type": "integer", "title": {"zh": "等级分", "en": "Score"}}
    over = {"type": "end", "outcome": "over"}
    asks = {"type": "decide", "ruleset": "ranks", "save": "rank", "ports": {"done": "over", "uncertain": "over"}}
    documents: dict[str, dict[str, Any]] = {
        "fields/own": {"schema": "waystation/fields@1", "key": "own", "fields": {"member.rank_score": field}},
        "journey/asks": {**SIMPLE, "key": "asks", "start": "asks", "nodes": {"asks": asks, "over": over}},
        "ruleset/ranks": {
            "schema": "waystation/ruleset@1", "key": "ranks", "title": "Ranks",
            "inputs": [{"field": "member.rank_score"}], "outputs": [{"key": "rank", "type": "text"}],
            "rows": [{"id": "high", "when": [{"from": 100}], "then": {"rank": "A"}}], "otherwise": {"rank": "B"},
        },
    }  # fmt: skip
    for name, document in documents.items():
        path = tmp_path / "in" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")
    applied = apply_files([tmp_path / "in"], service, "en")
    assert applied.ok, applied.lines
    assert [each["version"] for each in applied.data["files"]] == [1, 1, 1]
    export_files([tmp_path / "out"], service)
    for name, document in documents.items():
        assert json.loads((tmp_path / "out" / f"{name}.json").read_text()) == document
    again = apply_files([tmp_path / "out"], service, "en")
    assert [each["published"] for each in again.data["files"]] == [False, False, False]
    before = {path: path.read_bytes() for path in (tmp_path / "in").rglob("*.json")}
    export_files([tmp_path / "in"], service)
    assert {path: path.read_bytes() for path in before} == before, "a file that says the same keeps its layout"


def test_one_and_true_are_not_the_same() -> None:
    assert is_same({"a": 1}, {"a": 1.0})
    assert not is_same({"a": 1}, {"a": True})
    assert not is_same({"a": float("inf")}, {"a": float("inf")})
