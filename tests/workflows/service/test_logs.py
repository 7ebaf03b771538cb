"""Log files: rotated at a start, their end and their errors read back."""

from pathlib import Path

import pytest

from workflows.service import logs
from workflows.service.logs import LogFile


@pytest.fixture
def log(tmp_path: Path) -> LogFile:
    return LogFile(tmp_path / "logs" / "web.log")


def write(log: LogFile, *lines: str) -> None:
    with log.open() as file:
        file.write("".join(f"{line}\n" for line in lines).encode())


def test_a_small_file_is_appended_to_and_private(log: LogFile) -> None:
    for line in ("one", "two"):
        log.rotate()
        write(log, line)
    assert log.tail(5) == ["one", "two"]
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_a_large_one_is_set_aside_and_three_are_kept(log: LogFile) -> None:
    for number in range(6):
        log.rotate()
        write(log, f"{number} " + "x" * logs.ROTATE_ABOVE)
    names = sorted(path.name for path in log.path.parent.iterdir())
    assert names == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert [(log.path.parent / name).read_text()[0] for name in names] == ["5", "4", "3", "2"]


def test_one_that_grows_large_under_a_childs_hands_is_emptied_and_its_lines_are_kept(log: LogFile) -> None:
    log.rotate()
    with log.open() as child:
        for number in range(5):
            child.write(f"{number} {'x' * logs.ROTATE_ABOVE}\n".encode())
            child.flush()
            log.turn_over()
        child.write(b"[error    ] after all\n")
        child.flush()
    assert log.new_trouble() == ["[error    ] after all"]
    assert log.path.read_text() == "[error    ] after all\n"
    assert [log._numbered(number).read_text()[0] for number in (1, 2, 3)] == ["4", "3", "2"]
    assert not log._numbered(4).exists()


def test_errors_are_reported_once_and_only_those_written_since_the_start(log: LogFile) -> None:
    log.rotate()
    write(log, "2026 [error    ] of the last start")
    log.rotate()
    assert log.new_trouble() == []
    trouble = [
        "2026 [error    ] in words",
        '{"level": "critical", "event": "as JSON"}',
        "2026 UTC [1] PANIC:  said PostgreSQL",
    ]
    write(log, "2026 [info     ] an error in passing", *trouble, '{"level": "info"}')
    assert log.new_trouble() == trouble
    assert log.new_trouble() == []


def test_a_log_that_was_never_written_is_empty(log: LogFile) -> None:
    assert log.tail(3) == []
    assert log.new_trouble() == []
