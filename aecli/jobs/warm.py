"""Jobs that start warm: forked from a process that has imported what a training needs.

The server of the standard library's multiprocessing forks them. It has one thread, and TensorFlow's
runtime is not awake in it: a job sets its threads and looks for its devices as any process does.
"""

import atexit
import contextlib
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from multiprocessing import connection, forkserver

from aecli import typed

PRELOAD = "aecli.jobs.preload"


class Forked:
    """A job's process, with what a subprocess.Popen has to wait for it, and to end it."""

    def __init__(self, process: multiprocessing.Process) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, -n where signal n ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if (code := self.returncode) is None:
            raise subprocess.TimeoutExpired("aecli", timeout or 0.0)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def obstacle(gpus: list[int] | None) -> str:
    """Why a fork is not known to be safe here; "" where it is."""
    if sys.platform != "linux":
        return f"on {sys.platform} a process is not forked safely"
    return "beside GPUs forking was never tried" if gpus else ""


def begin() -> None:
    """Have the server import everything, while this process goes on."""
    multiprocessing.set_forkserver_preload([PRELOAD])
    with _as_a_server():
        forkserver.ensure_running()


def start(folder: pathlib.Path, output: pathlib.Path, environment: dict[str, str]) -> Forked:
    """`aecli train resume=FOLDER` in a session of its own; what it says goes to output's end."""
    context = multiprocessing.get_context("forkserver")
    told = str(folder), str(output), {**os.environ, **environment}
    process = context.Process(target=_carry_out, args=told)
    with _as_a_server():
        process.start()
    return Forked(process)


@contextlib.contextmanager
def _as_a_server() -> Iterator[None]:
    """Nothing is imported from the current folder, and the parent's script not run once more."""
    before, main = os.environ.get("PYTHONSAFEPATH"), sys.modules["__main__"]
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        os.environ.pop("PYTHONSAFEPATH")
        if before is not None:
            os.environ["PYTHONSAFEPATH"] = before


def _carry_out(folder: str, output: str, environment: dict[str, str]) -> None:
    """In the job: become what `python -P -m aecli train resume=FOLDER` would be."""
    from aecli import cli, dispatch
    from aecli.jobs import preload

    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()  # Ctrl-C is for the parent, which passes it on once
    _follow_the_parent()
    sys.path[:] = preload.PATH
    for name in preload.ENVIRONMENT.keys() - environment.keys():
        os.environ.pop(name, None)
    os.environ.update(environment)
    _speak_to(output)
    sys.argv = ["aecli", "train", typed.override("resume", folder)]
    code = cli.lasting(lambda: dispatch.run_job(folder), "train")
    sys.stdout.flush()
    atexit._run_exitfuncs()  # multiprocessing leaves without
    sys.exit(code)


def _speak_to(output: str) -> None:
    from aecli.untrusted.bounded import open_in_place

    nothing = os.open(os.devnull, os.O_RDONLY)
    said = open_in_place(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for source, number in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, number)
    os.close(nothing)
    os.close(said)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115


def _follow_the_parent() -> None:
    """SIGTERM for this process once its parent is gone, whatever ended that."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # it was forked for one

    def watch() -> None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
