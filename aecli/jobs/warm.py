"""Jobs that start warm: forked from a process that has imported what a training needs.

The server of the standard library's multiprocessing forks them. It has one thread, and TensorFlow's
runtime is not awake in it: a job sets its threads and looks for its devices as any process does.
"""

import contextlib
import importlib
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Iterator, Mapping
from multiprocessing import connection, forkserver, resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

from aecli.training import programs

DOOR = __name__.partition(".")[0] + ".forked"  # a door of the package: no room imports it


class Forked:
    """A job's process, with what a subprocess.Popen has to wait for it, and to end it."""

    def __init__(self, process: BaseProcess) -> None:
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


def get_ready(config: Mapping[str, Any], gpus: list[int] | None) -> None:
    """Have the server begin to import, where jobs can be forked, before they are all known.

    config: of one of the jobs; the programs of all are kept as its trainer.program_cache says, as
    TensorFlow is imported once for them.
    """
    if not obstacle(gpus):
        programs.keep(config["trainer"].get("program_cache", True))
        begin()


def begin() -> None:
    """Have the server import everything, while this process goes on."""
    multiprocessing.set_forkserver_preload([DOOR])
    with _as_a_server():
        resource_tracker.ensure_running()  # it would undo the mask
    # Ctrl-C is for this process: the server inherits the mask, before it can ignore anything
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _as_a_server():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


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
    """In the job."""
    os.setsid()  # Ctrl-C is for the parent, which passes it on once
    _follow_the_parent()
    sys.exit(importlib.import_module(DOOR).carry_out(folder, output, environment))


def _follow_the_parent() -> None:
    """SIGTERM for this process once its parent is gone, whatever ended that."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # it was forked for one

    def watch() -> None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
