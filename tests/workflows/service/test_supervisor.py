"""The supervisor, with stand-ins for what it supervises."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workflows.service.stand_ins import LASTING, STUBBORN, Console, Scripted, eventually, never, runs, stand_in
from workflows.service.errors import FolderUnusableError, StartFailedError
from workflows.service.supervisor import Supervisor
from workflows.service.wakeups import Wakeups

ROOT = Path(__file__).parents[3]
PLAIN = LASTING.format(before="")


def test_all_are_started_and_the_pids_told_once_all_are_ready(tmp_path: Path) -> None:
    console = Console()
    with Wakeups() as wakeups:
        supervisor = console.supervise(stand_in(tmp_path, "a"), stand_in(tmp_path, "b"), wakeups=wakeups)
        assert supervisor.bring_up(20)
        pids = supervisor.pids()
        assert console.changes == [pids]
        assert all(pid and runs(pid) for pid in pids.values())
        supervisor.stop(["a", "b"])
    assert not any(runs(pid) for pid in pids.values() if pid)


def test_a_child_starts_only_after_those_it_needs(tmp_path: Path) -> None:
    needing = PLAIN + "\n"
    checks = f"import os, sys\nif not os.path.exists({str(tmp_path / 'first.ready')!r}): sys.exit(7)\n"
    console = Console()
    with Wakeups() as wakeups:
        supervisor = console.supervise(
            stand_in(tmp_path, "second", checks + needing, after=("first",)),
            stand_in(tmp_path, "first", "import time\ntime.sleep(0.3)\n" + PLAIN),
            wakeups=wakeups,
        )
        assert supervisor.bring_up(20)
        supervisor.stop(["second", "first"])
    assert not console.lines, "nobody ended and was started again"


def test_as_many_children_as_said_start_side_by_side(tmp_path: Path) -> None:
    ready = str(tmp_path / "b.ready")
    waiting = f"import os, time\nwhile not os.path.exists({ready!r}): time.sleep(0.01)\n" + PLAIN
    children = [stand_in(tmp_path, "a", waiting), stand_in(tmp_path, "b")]
    with Wakeups() as wakeups:
        supervisor = Supervisor(children, wakeups, say=print, changed=lambda _: None, abreast=2)
        try:
            assert supervisor.bring_up(20)
        finally:
            supervisor.stop(["a", "b"])


@pytest.mark.parametrize("abreast", [1, 2])
def test_no_more_children_start_at_a_time_than_said_and_those_named_first_are_first(
    tmp_path: Path, abreast: int
) -> None:
    names = ["a", "b", "c", "d"]
    noting = f"""
import os, sys, time
ready = [name for name in {names!r} if os.path.exists(os.path.join({str(tmp_path)!r}, name + ".ready"))]
print(len(ready), flush=True)
time.sleep(0.2)
"""
    children = [stand_in(tmp_path, name, noting + PLAIN) for name in names]
    with Wakeups() as wakeups:
        supervisor = Supervisor(children, wakeups, say=print, changed=lambda _: None, abreast=abreast)
        assert supervisor.bring_up(20)
        supervisor.stop(names)
    ready_before = [int(child.log.tail(99)[0]) for child in children]
    assert all(ready > place - abreast for place, ready in enumerate(ready_before))


def test_what_runs_once_is_ready_when_it_has_ended_well_and_has_no_pid(tmp_path: Path) -> None:
    console = Console()
    with Wakeups() as wakeups:
        supervisor = console.supervise(
            stand_in(tmp_path, "once", "print('done')", once=True, ready=never),
            stand_in(tmp_path, "lasting", after=("once",)),
            wakeups=wakeups,
        )
        assert supervisor.bring_up(20)
        assert list(supervisor.pids()) == ["lasting"]
        supervisor.stop(["lasting", "once"])


@pytest.mark.parametrize("once", [True, False])
def test_a_child_that_cannot_start_is_named_with_the_end_of_its_log(tmp_path: Path, *, once: bool) -> None:
    broken = stand_in(tmp_path, "broken", "import sys\nsys.exit('no such table')", once=once)
    with Wakeups() as wakeups:
        supervisor = Console().supervise(broken, wakeups=wakeups)
        with pytest.raises(StartFailedError, match=r"(?s)broken does not start: exit status 1.*no such table"):
            supervisor.bring_up(20)


def test_a_child_that_is_never_ready_is_named(tmp_path: Path) -> None:
    with Wakeups() as wakeups:
        supervisor = Console().supervise(stand_in(tmp_path, "sleepy", ready=never), wakeups=wakeups)
        with pytest.raises(StartFailedError, match="not ready in time: sleepy"):
            supervisor.bring_up(0.3)
        supervisor.stop(["sleepy"])


def test_what_runs_once_may_take_longer_than_others_have_to_be_ready(tmp_path: Path) -> None:
    with Wakeups() as wakeups:
        slow = stand_in(tmp_path, "slow", "import time\ntime.sleep(1.5)", once=True, ready=never)
        assert Console().supervise(slow, wakeups=wakeups).bring_up(0.5)


def test_a_child_that_dies_is_named_started_again_and_the_pids_told_anew(tmp_path: Path) -> None:
    console = Console()
    with Scripted(lambda: len(console.changes) == 2) as wakeups:
        supervisor = console.supervise(stand_in(tmp_path, "a"), stand_in(tmp_path, "b"), wakeups=wakeups)
        assert supervisor.bring_up(20)
        before = supervisor.pids()
        os.kill(before["a"] or 0, signal.SIGKILL)
        supervisor.watch()
        after = supervisor.pids()
        supervisor.stop(["a", "b"])
    assert f"a (pid {before['a']}) ended: SIGKILL; starting it again" in console.text
    assert f"a runs again (pid {after['a']})" in console.text
    assert console.changes == [before, after]
    assert after["a"] != before["a"]
    assert after["b"] == before["b"]


def test_one_that_dies_again_and_again_waits_longer_each_time(tmp_path: Path) -> None:
    console = Console()
    dying = "import pathlib, sys\npathlib.Path(sys.argv[1]).write_text('')\nimport time\ntime.sleep(0.1)\nsys.exit(3)"
    with Scripted(lambda: console.text.count("ended: exit status 3") == 3) as wakeups:
        supervisor = console.supervise(stand_in(tmp_path, "a", dying), wakeups=wakeups)
        assert supervisor.bring_up(20)
        supervisor.watch()
        supervisor.stop(["a"])
    waits = [float(line.rsplit(" in ", 1)[1].split()[0]) for line in console.lines if "starting it again in" in line]
    assert waits == sorted(waits)
    assert len(set(waits)) == 3


def test_one_that_ends_before_it_is_ready_is_told_with_its_words_and_the_others_are_not_kept_waiting(
    tmp_path: Path,
) -> None:
    console, flag = Console(), tmp_path / "broken"
    breaking = f"import os, sys\nif os.path.exists({str(flag)!r}): sys.exit('the port is taken')\n" + PLAIN
    others: list[int] = []

    def strike() -> bool:
        if not others and console.changes:
            flag.touch()
            others.append(console.changes[0]["a"] or 0)
            os.kill(console.changes[0]["broken"] or 0, signal.SIGKILL)
        if len(console.changes) == 2 and len(others) == 1:
            others.append(console.changes[1]["a"] or 0)
            os.kill(others[1], signal.SIGKILL)
        if len(console.changes) == 3:
            flag.unlink(missing_ok=True)
        return len(console.changes) == 4

    with Scripted(strike, 40) as wakeups:
        supervisor = console.supervise(stand_in(tmp_path, "a"), stand_in(tmp_path, "broken", breaking), wakeups=wakeups)
        assert supervisor.bring_up(20)
        supervisor.watch()
        supervisor.stop(["a", "broken"])
    first, second, third, fourth = console.changes
    assert second == {"a": first["a"], "broken": None}
    assert third["broken"] is None
    assert third["a"] not in {None, first["a"]}
    assert fourth["a"] == third["a"]
    assert fourth["broken"]
    assert "broken ends before it is ready. What it said:" in console.text
    assert console.text.count("| the port is taken") == 2


def test_one_whose_process_cannot_be_made_is_told_and_tried_again(tmp_path: Path) -> None:
    console, program = Console(), tmp_path / "program"
    program.symlink_to(sys.executable)
    child = stand_in(tmp_path, "a")

    def strike() -> bool:
        if program.exists() and len(console.changes) == 1 and "cannot be started" not in console.text:
            program.unlink()
            os.kill(console.changes[0]["a"] or 0, signal.SIGKILL)
        elif "cannot be started" in console.text and not program.exists():
            program.symlink_to(sys.executable)
        return len(console.changes) == 2 and console.changes[1]["a"] is not None

    with Scripted(strike) as wakeups:
        supervisor = console.supervise(replace(child, argv=(str(program), *child.argv[1:])), wakeups=wakeups)
        assert supervisor.bring_up(20)
        supervisor.watch()
        supervisor.stop(["a"])
    assert "a cannot be started: No such file or directory; starting it again in" in console.text


def test_what_cannot_be_told_now_is_told_later(tmp_path: Path) -> None:
    console, refused = Console(), [3]

    def changed(pids: dict[str, int | None]) -> None:
        if console.changes and refused[0]:
            refused[0] -= 1
            raise FolderUnusableError("dev.json cannot be written: No space left on device")
        console.changes.append(pids)

    with Scripted(lambda: len(console.changes) == 2) as wakeups:
        supervisor = Supervisor([stand_in(tmp_path, "a")], wakeups, say=console.lines.append, changed=changed)
        assert supervisor.bring_up(20)
        os.kill(console.changes[0]["a"] or 0, signal.SIGKILL)
        supervisor.watch()
        supervisor.stop(["a"])
    assert refused == [0]
    assert console.text.count("No space left on device") == 1
    assert console.changes[1]["a"] not in {None, console.changes[0]["a"]}


def test_a_start_is_retried_when_a_child_fails_at_first(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    at_first = f"import os, sys\nif not os.path.exists({str(flag)!r}):\n    open({str(flag)!r}, 'w')\n    sys.exit(4)\n"
    console = Console()
    with Wakeups() as wakeups:
        supervisor = console.supervise(stand_in(tmp_path, "a", at_first + PLAIN), wakeups=wakeups)
        assert supervisor.bring_up(20)
        supervisor.stop(["a"])
    assert "a ended while starting (exit status 4); starting it again" in console.text


def test_they_end_in_the_order_given(tmp_path: Path) -> None:
    with Wakeups() as wakeups:
        children = [stand_in(tmp_path, name) for name in ("x", "y", "z")]
        supervisor = Console().supervise(*children, wakeups=wakeups)
        assert supervisor.bring_up(20)
        supervisor.stop(["y", "z", "x"])
    assert (tmp_path / "ends").read_text().split() == ["y", "z", "x"]


def test_one_that_does_not_end_in_time_is_killed_and_named(tmp_path: Path) -> None:
    console = Console()
    with Wakeups() as wakeups:
        supervisor = console.supervise(stand_in(tmp_path, "deaf", STUBBORN, patience=0.2), wakeups=wakeups)
        assert supervisor.bring_up(20)
        pid = supervisor.pids()["deaf"] or 0
        supervisor.stop(["deaf"])
    assert not runs(pid)
    assert "deaf" in console.text
    assert "killed" in console.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_watch_and_an_unfinished_start(tmp_path: Path, number: signal.Signals) -> None:
    with Wakeups() as wakeups:
        supervisor = Console().supervise(stand_in(tmp_path, "a"), wakeups=wakeups)
        assert supervisor.bring_up(20)
        signal.raise_signal(number)
        supervisor.watch()
        assert not supervisor.bring_up(20)
        supervisor.stop(["a"])


def test_lines_of_level_error_reach_the_console_and_others_do_not(tmp_path: Path) -> None:
    console = Console()
    late = (
        "time.sleep(0.5)\nprint('[info ] fine')\nprint('[error    ] the till is on fire', flush=True)\nsignal.pause()"
    )
    speaking = "import time\nprint('[error    ] before it was ready')\n" + PLAIN.replace("signal.pause()", late)
    with Scripted(lambda: "on fire" in console.text) as wakeups:
        supervisor = console.supervise(stand_in(tmp_path, "a", speaking), wakeups=wakeups)
        assert supervisor.bring_up(20)
        supervisor.watch()
        supervisor.stop(["a"])
    assert console.lines == ["a: [error    ] the till is on fire"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal to orphans is Linux's")
def test_a_killed_supervisor_leaves_nothing(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from tests.workflows.service.stand_ins import STUBBORN, stand_in
        from workflows.service.supervisor import Supervisor
        from workflows.service.wakeups import Wakeups
        folder = Path(sys.argv[1])
        with Wakeups() as wakeups:
            children = [stand_in(folder, name, STUBBORN) for name in ("a", "b")]
            tell = lambda pids: print(*pids.values(), flush=True)
            supervisor = Supervisor(children, wakeups, say=print, changed=tell)
            supervisor.bring_up(20)
            supervisor.watch()
    """)
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(word) for word in supervisor.stdout.readline().split()]
        assert len(pids) == 2
        supervisor.kill()
    assert eventually(lambda: not any(runs(pid) for pid in pids))
