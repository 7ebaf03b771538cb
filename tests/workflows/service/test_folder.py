"""DIR: one holder at a time, private files, `dev.json` whole at any moment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workflows.service.dev import DevOptions, keep_secrets, run_dev
from workflows.service.errors import ClusterError, FolderInUseError, FolderUnusableError
from workflows.service.folder import Folder, Running, read_running, write_private
from workflows.service.kept_secrets import load_or_make, mark_shown
from workflows.service.ports import Ports

RUNNING = Running(
    pid=1,
    url="http://127.0.0.1:8400",
    simulator_url="http://127.0.0.1:15001",
    temporal_address="127.0.0.1:15002",
    temporal_ui_url=None,
    database_url="postgresql://a:b@127.0.0.1:15003/c",
    database_dir=None,
    processes={"postgres": None, "web": 7},
)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_folder_is_for_its_owner_only_and_an_existing_one_keeps_its_mode(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    theirs.chmod(0o755)
    assert mode(Folder.at(theirs).path) == 0o755
    assert mode(Folder.at(theirs / "new").path) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FolderUnusableError, match=rf"{path} cannot be made"):
            Folder.at(path)


def test_dev_json_holds_exactly_the_keys_of_the_contract_and_is_private(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)
    folder.write_running(RUNNING)
    assert list(json.loads(folder.dev_json.read_text())) == [
        "pid", "url", "simulator_url", "temporal_address", "temporal_ui_url",
        "database_url", "database_dir", "processes",
    ]  # fmt: skip
    assert mode(folder.dev_json) == 0o600
    assert read_running(tmp_path) == RUNNING
    folder.forget_running()
    assert read_running(tmp_path) is None


def test_dev_json_is_replaced_never_rewritten(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)
    folder.write_running(RUNNING)
    with folder.dev_json.open() as before:
        folder.write_running(Running(**{**vars(RUNNING), "pid": 2}))
        assert json.load(before)["pid"] == 1
    assert read_running(tmp_path) == Running(**{**vars(RUNNING), "pid": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["dev.json"]


def test_a_file_that_cannot_be_written_keeps_what_it_said(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    write_private(path, "before")
    (tmp_path / f".dev.json.{os.getpid()}").mkdir()
    with pytest.raises(FolderUnusableError, match=r"dev\.json cannot be written: Is a directory"):
        write_private(path, "after")
    assert path.read_text() == "before"


def test_a_folder_in_which_something_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    options = DevOptions(data=tmp_path, port=Ports({}).take("web"), program=(), environment={})
    with pytest.raises(FolderUnusableError, match="lock cannot be used: Is a directory; mend that, or choose --data"):
        run_dev(options, print)


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)
    with folder.held("http://127.0.0.1:8400"):
        told = pytest.raises(FolderInUseError, match=rf"pid {os.getpid()} at http://127\.0\.0\.1:8400")
        with told, folder.held("http://127.0.0.1:8500"):
            pass
    with folder.held("http://127.0.0.1:8500"):
        pass


def test_the_folder_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    code = "import sys, os\nfrom workflows.service.folder import Folder\nfrom pathlib import Path\n"
    code += "with Folder.at(Path(sys.argv[1])).held('u'):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUseError, match=f"pid {holder.pid}"), Folder.at(tmp_path).held("v"):
            pass
        holder.kill()
    with Folder.at(tmp_path).held("v"):
        pass


def test_secrets_are_made_once_kept_private_and_completed_when_a_new_one_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = load_or_make(path)
    assert mode(path) == 0o600
    assert load_or_make(path) == first
    assert len(set(vars(first).values())) == len(vars(first))
    older = json.loads(path.read_text())
    del older["events_key"]
    path.write_text(json.dumps(older))
    completed = load_or_make(path)
    assert completed.secret_key == first.secret_key
    assert completed.events_key != first.events_key
    assert load_or_make(path) == completed


def test_that_the_password_was_shown_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    kept = load_or_make(path)
    assert not kept.password_shown
    mark_shown(path, kept)
    assert load_or_make(path).password_shown


def test_data_whose_key_was_lost_is_left_alone(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)
    keep_secrets(folder)
    (tmp_path / "ports.json").write_text("{}")
    keep_secrets(folder)
    folder.secrets.unlink()
    with pytest.raises(ClusterError, match=r"secrets\.json is missing"):
        keep_secrets(folder)
    assert not folder.secrets.exists()
