"""`definitions check` and `test`: files judged without a service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.definitions.samples import CATALOGUE, text_of
from tests.engine.rulesets.zones import zones
from ui.definition_files.files import FilesError
from ui.definition_files.offline import check_files, play_files
from ui.definition_files.outcome import Outcome


def check(*paths: Path, language: str = "en") -> Outcome:
    return check_files(paths, CATALOGUE, language)


def test_a_good_file_is_well_and_it_is_said_what_was_not_judged(file: Path) -> None:
    outcome = check(file)
    assert outcome.ok
    assert outcome.data == {"findings": [], "without_service": True}
    assert "references, HQ's own fields and overlaps" in outcome.lines[-1]
    assert "没有核对" in check(file, language="zh").lines[-1]


def test_a_finding_names_file_line_and_column(file: Path) -> None:
    text = file.read_text()
    file.write_text(text.replace('"schema"', '"surprise": 1,\n   "schema"', 1))
    outcome = check(file)
    line = 1 + text[: text.index('"schema"')].count("\n")
    assert not outcome.ok
    [finding] = outcome.data["findings"]
    assert (finding["file"], finding["line"], finding["pointer"]) == (str(file), line, "/surprise")
    assert outcome.lines[0].startswith(f"{file}:{line}:{finding['column']}: error [schema] ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n "a": 1,\n "a": 2}', (3, 2)),
        ("[]", (1, 1)),
        ('{"schema": "waystation/cake@1", "key": "a"}', (1, 12)),
        ('{"schema": "waystation/journey@1",\n "key": "No Key"}', (2, 9)),
        ('{"key": "a"}', (1, 1)),
    ],
)
def test_what_cannot_be_read_is_a_finding_at_its_place(file: Path, text: str, place: tuple[int, int]) -> None:
    file.write_text(text)
    outcome = check(file)
    assert not outcome.ok
    [finding] = outcome.data["findings"]
    assert (finding["line"], finding["column"]) == place


def test_bytes_that_are_no_text_are_a_finding(file: Path) -> None:
    file.write_bytes(b'{"a": "\xff"}')
    assert not check(file).ok


def test_folders_are_searched_and_one_bad_file_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "bad.json").write_text("{")
    (tmp_path / "good.json").write_text(text_of())
    (tmp_path / "README.md").write_text("not a definition")
    outcome = check(tmp_path)
    assert [Path(one["file"]).name for one in outcome.data["findings"]] == ["bad.json"]
    assert "2 files, 1 finding" in outcome.lines
    assert "2 个文件，1 处问题" in check(tmp_path, language="zh").lines


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match=r"missing\.json"):
        check(tmp_path / "missing.json")


def test_a_member_field_that_only_hq_may_know_is_no_error(file: Path) -> None:
    document = json.loads(file.read_text())
    document["goal"] = {"on": "order.paid", "when": {"==": [{"var": "member.shoe_size"}, 42]}}
    file.write_text(json.dumps(document))
    outcome = check(file)
    assert [(one["code"], one["severity"]) for one in outcome.data["findings"]] == [("unknown-field", "warning")]
    assert outcome.ok


def test_embedded_tests_are_played_with_their_coverage(file: Path) -> None:
    outcome = play_files([file], CATALOGUE, "en")
    assert outcome.ok
    [played] = outcome.data["files"]
    assert played["file"] == str(file)
    assert all(test["ok"] for test in played["tests"])
    assert played["coverage"]["ports"]


def test_a_failing_test_is_named_with_its_differences(file: Path) -> None:
    document = json.loads(file.read_text())
    document["tests"] = [{"name": "never so", "when": [], "then": {"outcome": "elsewhere"}}]
    file.write_text(json.dumps(document))
    outcome = play_files([file], CATALOGUE, "en")
    assert not outcome.ok
    assert any("failed   never so" in line for line in outcome.lines)


def test_a_file_that_cannot_be_played_is_not_well(file: Path) -> None:
    document = json.loads(file.read_text())
    document["start"] = "nowhere"
    file.write_text(json.dumps(document))
    outcome = play_files([file], CATALOGUE, "en")
    assert not outcome.ok
    assert outcome.data["findings"]


def test_a_journey_that_asks_a_ruleset_is_played_with_the_file_of_it(file: Path) -> None:
    end = {"type": "end", "outcome": "over"}
    ask = {"type": "decide", "ruleset": "zones", "save": "zone", "ports": {"done": "yes", "uncertain": "no"}}
    tests = [{"name": "gold", "given": {"member": {"tier": "gold"}}, "when": [{"at": "PT0S", "on": "contact.scanned"}],
              "then": {"path": ["ask", "yes"]}}]  # fmt: skip
    rows = [{"id": "gold", "when": [{"condition": "gold"}, None], "then": {"zone": "SPECIAL"}}]
    file.write_text(text_of(start="ask", nodes={"ask": ask, "yes": end, "no": end}, tests=tests))
    alone = play_files([file], CATALOGUE, "en")
    assert not alone.ok
    assert "ruleset that the journey asks is not among the files" in "".join(alone.lines)
    ruleset = file.with_name("zones.json")
    ruleset.write_text(json.dumps(zones(rows=rows, tests=[])))
    together = play_files([file, ruleset], CATALOGUE, "en")
    assert together.ok, together.lines
    assert any("ok       gold" in line for line in together.lines)
    assert check(file, ruleset).ok
