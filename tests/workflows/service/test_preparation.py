"""The database is prepared when something of it changed, and only then."""

from pathlib import Path

import pytest

from workflows.service.preparation import Preparation, fingerprint


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "engine" / "seeds").mkdir(parents=True)
    (tmp_path / "engine" / "seeds" / "chain.py").write_text("STORES = 12")
    (tmp_path / "rules").mkdir()
    return tmp_path


def test_the_same_code_and_settings_have_the_same_fingerprint(code: Path) -> None:
    assert fingerprint(["--no-seed"], code) == fingerprint(["--no-seed"], code)


def test_other_settings_and_other_code_have_another(code: Path) -> None:
    seen = {
        fingerprint([], code),
        fingerprint(["--no-seed"], code),
        fingerprint(["a", "b"], code),
        fingerprint(["ab"], code),
    }
    (code / "engine" / "seeds" / "chain.py").write_text("STORES = 13")
    seen.add(fingerprint([], code))
    (code / "engine" / "seeds" / "chain.py").rename(code / "rules" / "chain.py")
    seen.add(fingerprint([], code))
    assert len(seen) == 6


def test_what_takes_no_part_in_preparing_changes_nothing(code: Path) -> None:
    before = fingerprint([], code)
    (code / "engine" / "README.md").write_text("# Engine")
    compiled = code / "engine" / "seeds" / "__pycache__"
    compiled.mkdir()
    for name in ("chain.cpython-311.pyc", "chain.cpython-311.pyc.140234"):
        (compiled / name).write_text("")
    assert fingerprint([], code) == before


def test_what_was_prepared_is_remembered_beside_it(tmp_path: Path) -> None:
    marks = (tmp_path / "cluster", tmp_path / "simulator")
    preparation = Preparation(marks, "a")
    assert preparation.needed
    preparation.done()
    assert not preparation.needed
    assert Preparation(marks, "b").needed
    marks[1].unlink()
    assert preparation.needed


def test_a_database_of_somebody_else_is_always_looked_at() -> None:
    preparation = Preparation((), "a")
    preparation.done()
    assert preparation.needed
