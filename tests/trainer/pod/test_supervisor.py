"""Server and trainer under one roof: restarts, giving up, signals, and nobody left behind."""

from __future__ import annotations

import functools
import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from tests.trainer.pod.scripts import ENDLESS, SAVES, gone, program, wait_for, wait_until
from trainer.pod.board import Board
from trainer.pod.program import Program
from trainer.pod.server import Restarts, ServerGaveUp, ServerKeeper
from trainer.pod.supervisor import supervise

QUICK = Restarts(tries=3, first_wait_s=0.05, longest_wait_s=0.1, steady_s=0.0, probe_every_s=0.01)
DIES = "import sys; print('no such model', flush=True); sys.exit(4)"


class Pod:
    """A pod of two programs, and what was said."""

    def __init__(
        self, server: Program, trainer: Program, *, ready: Callable[[], bool] = lambda: False
    ) -> None:
        self.out = io.StringIO()
        self.server, self.trainer = server, trainer
        self.board = Board(Console(file=self.out, width=200), line_every_s=0.0)
        self.keeper = ServerKeeper(server, ready, QUICK, self.board.say)

    def run(self, resumes: Callable[[int], bool] | None = None) -> int:
        with self.board:
            return supervise(self.keeper, self.trainer, resumes=resumes or never, board=self.board)

    def assert_nobody_is_left(self) -> None:
        for log in (self.server.log, self.trainer.log):
            for pid in re.findall(r"started, process (\d+)", log.read_text()):
                assert gone(int(pid)), (log, pid)


def when(log: Path, text: str, act: Callable[[], object]) -> threading.Thread:
    """Do something as soon as a log holds a text."""

    def run() -> None:
        wait_for(log, text)
        act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def never(status: int) -> bool:  # noqa: ARG001
    return False


def always(status: int) -> bool:  # noqa: ARG001
    return True


@pytest.mark.parametrize("status", [0, 1, 3])
def test_the_trainers_end_is_the_pods_end(tmp_path: Path, status: int) -> None:
    asked: list[int] = []

    def resumes(ended: int) -> bool:
        asked.append(ended)
        return False

    code = f"import sys, time; time.sleep(0.5); print('done'); sys.exit({status})"
    pod = Pod(program("server", ENDLESS, tmp_path), program("trainer", code, tmp_path))
    assert pod.run(resumes) == status
    assert asked == [status]
    assert pod.trainer.log.read_text().count("trainer started") == 1
    pod.assert_nobody_is_left()
    assert f"trainer: ended with status {status}" in pod.out.getvalue()


def test_a_killed_server_is_started_again(tmp_path: Path) -> None:
    server, go = program("server", ENDLESS, tmp_path), tmp_path / "go"
    waits = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)\n"
    pod = Pod(server, program("trainer", waits, tmp_path, str(go)), ready=lambda: True)

    def ready(times: int) -> bool:
        return pod.out.getvalue().count("server: ready after") == times

    def kill_twice() -> None:
        for times in (1, 2):
            wait_until(functools.partial(ready, times))
            pid = re.findall(r"started, process (\d+)", server.log.read_text())[-1]
            os.kill(int(pid), signal.SIGKILL)
        wait_until(functools.partial(ready, 3))
        go.touch()

    killer = threading.Thread(target=kill_twice, daemon=True)
    killer.start()
    assert pod.run() == 0
    killer.join()
    assert pod.out.getvalue().count("server: ended with SIGKILL; starting it again") == 2
    assert server.log.read_text().count("server ended with SIGKILL") == 2
    pod.assert_nobody_is_left()


def test_a_server_that_never_runs_is_given_up_and_the_trainer_saves(tmp_path: Path) -> None:
    trainer = program("trainer", SAVES, tmp_path)
    after_a_step = (
        "import pathlib, sys, time\n"
        "while 'step' not in pathlib.Path(sys.argv[1]).read_text(): time.sleep(0.05)\n"
    )
    pod = Pod(program("server", after_a_step + DIES, tmp_path, str(trainer.log)), trainer)
    trainer.log.touch()
    assert pod.run(always) == 3, "what was told to end is not resumed"
    said = pod.out.getvalue()
    assert "the server ended 3 times in a row, the last time with status 4" in said
    assert "no such model" in said
    assert pod.server.log.read_text().count("server started") == 3
    assert "checkpoint saved" in trainer.log.read_text()
    pod.assert_nobody_is_left()


def test_a_server_that_was_steady_starts_a_new_row(tmp_path: Path) -> None:
    said: list[str] = []
    later = program("server", "import time; time.sleep(0.3)\n" + DIES, tmp_path)

    def starts(keeper: ServerKeeper) -> int:
        keeper.mind()
        return keeper.starts

    steady = ServerKeeper(later, lambda: True, QUICK, said.append)
    wait_until(lambda: starts(steady) > QUICK.tries + 1)
    steady.end()
    never_ready = ServerKeeper(later, lambda: False, QUICK, said.append)
    with pytest.raises(ServerGaveUp, match="3 times in a row"):
        wait_until(lambda: starts(never_ready) > QUICK.tries + 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_the_trainer_save_and_then_ends_the_server(
    tmp_path: Path, number: signal.Signals
) -> None:
    server = program(
        "server", "import signal\nsignal.signal(signal.SIGTERM, lambda *_: exit(0))\n" + ENDLESS, tmp_path
    )
    pod = Pod(server, program("trainer", SAVES, tmp_path))

    def stop() -> None:
        wait_for(server.log, "up")
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # an impatient second one breaks nothing

    before = signal.getsignal(number)
    sender = when(pod.trainer.log, "step 1", stop)
    assert pod.run(always) == 3
    sender.join()
    assert signal.getsignal(number) is before
    said = pod.out.getvalue()
    assert f"{number.name}: asking the trainer to end" in said
    assert said.index("trainer: ended with status 3") < said.index("server: ended with status 0")
    assert "checkpoint saved" in pod.trainer.log.read_text()
    pod.assert_nobody_is_left()


def test_under_nohup_a_lost_connection_ends_nothing(tmp_path: Path) -> None:
    pod = Pod(
        program("server", ENDLESS, tmp_path),
        program("trainer", "import time; print('up', flush=True); time.sleep(1)", tmp_path),
    )
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        sender = when(pod.trainer.log, "up", lambda: os.kill(os.getpid(), signal.SIGHUP))
        assert pod.run() == 0
        sender.join()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_trainer_that_an_outage_broke_off_is_resumed(tmp_path: Path) -> None:
    resumed = "import sys; print(sys.argv[1:]); sys.exit(0 if '--resume' in sys.argv else 3)"
    pod = Pod(program("server", ENDLESS, tmp_path), program("trainer", resumed, tmp_path, "--set", "a=b"))
    assert pod.run(lambda status: status == 3) == 0
    log = pod.trainer.log.read_text()
    assert log.index("['--set', 'a=b']") < log.index("['--set', 'a=b', '--resume']")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_a_killed_supervisor_leaves_nobody(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from rich.console import Console\n"
        "from tests.trainer.pod.scripts import ENDLESS, SAVES, program\n"
        "from trainer.pod.board import Board\n"
        "from trainer.pod.server import Restarts, ServerKeeper\n"
        "from trainer.pod.supervisor import supervise\n"
        "folder, board = Path(sys.argv[1]), Board(Console())\n"
        "keeper = ServerKeeper(program('server', ENDLESS, folder), lambda: True, Restarts(), board.say)\n"
        "supervise(keeper, program('trainer', SAVES, folder), resumes=lambda status: False, board=board)\n"
    )
    root = Path(__file__).parents[3]
    pod = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=root, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_for(tmp_path / "server.log", "up")
        wait_for(tmp_path / "trainer.log", "step 1")
    finally:
        pod.send_signal(signal.SIGKILL)
        pod.communicate()
    wait_for(tmp_path / "trainer.log", "checkpoint saved")
    for name in ("server", "trainer"):
        found = re.search(r"started, process (\d+)", (tmp_path / f"{name}.log").read_text())
        assert found is not None
        pid = int(found[1])
        wait_until(functools.partial(gone, pid))


def test_a_terminal_shows_how_things_stand() -> None:
    out = io.StringIO()
    with Board(Console(file=out, width=80, force_terminal=True)) as board:
        board.say("server: [started]")
        board.show("up", 3, "step 4 of 9")
    shown = out.getvalue()
    assert "server: [started]" in shown
    assert re.search(r"server .*up, 2 restarts", shown)
    assert "step 4 of 9" in shown
