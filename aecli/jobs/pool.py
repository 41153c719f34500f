"""Runs jobs as processes, several at once; a job that dies costs that job alone."""

import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from aecli import typed
from aecli.files import writing
from aecli.jobs import warm
from aecli.training.signals import Signals
from aecli.untrusted.bounded import open_in_place

PARENT = "AECLI_PARENT_PIPE"  # in a child: a pipe that ends with the parent
GRACE = 20  # seconds for the children to save and go
LOOK = 0.01  # seconds between two looks at the children


@dataclasses.dataclass
class Work:
    """One process to be: the run folder to train, where its words go, and how it ended."""

    folder: pathlib.Path
    output: pathlib.Path
    code: int | None = None  # of the exit; -9 where SIGKILL ended it
    process: subprocess.Popen | warm.Forked | None = None
    environment: dict[str, str] = dataclasses.field(default_factory=dict)  # beside our own


def run_all(
    works: Iterable[Work],
    at_once: int,
    gpus: list[int] | None,
    ended: Callable[[Work], None],
    several: bool = False,
) -> None:
    """Run them in order, `at_once` at a time, each with a GPU of its own where there are some.

    A work is asked for when there is room for it; ended(work) is called after each. Interrupted or
    an error stops all of them, and is raised once they have gone. A child goes with its parent,
    whatever ends that. several: it pays to have them start warm.
    """
    fork = several and _is_ready(gpus)
    waiting, running = iter(works), {}
    slots = deque(range(at_once))
    ours, theirs = os.pipe()
    os.set_inheritable(ours, True)
    try:
        with Signals():
            while True:
                while slots and (work := next(waiting, None)) is not None:
                    slot = slots.popleft()
                    running[slot] = work
                    gpu = None if not gpus else gpus[slot % len(gpus)]
                    fork = fork and _forked(work)
                    if not fork:
                        _start(work, ours, gpu)
                if not running:
                    return
                for slot, work in list(running.items()):
                    if work.process.poll() is not None:
                        work.code = work.process.returncode
                        slots.append(slot)
                        del running[slot]
                        ended(work)
                time.sleep(LOOK)
    finally:
        _stop([work.process for work in running.values() if work.process is not None])
        os.close(ours)
        os.close(theirs)


def _is_ready(gpus: list[int] | None) -> bool:
    """Whether jobs can be forked; told once where they cannot."""
    if reason := warm.obstacle(gpus):
        print(f"note: each job starts anew, some seconds later: {reason}", file=sys.stderr)
        return False
    warm.begin()
    return True


def _forked(work: Work) -> bool:
    """Start it warm; False where the server is gone, as when its imports fail."""
    with writing(work.output):
        open(work.output, "ab", opener=open_in_place).close()
    try:
        work.process = warm.start(work.folder, work.output, work.environment)
    except (EOFError, ConnectionError):
        print("note: each job starts anew, some seconds later: no fork came", file=sys.stderr)
        return False
    return True


def _start(work: Work, pipe: int, gpu: int | None) -> None:
    environment = os.environ | work.environment | {PARENT: str(pipe)}
    if gpu is not None:
        environment["CUDA_VISIBLE_DEVICES"] = str(gpu)
    with writing(work.output):
        output = open(work.output, "ab", opener=open_in_place)  # noqa: SIM115
    resumed = typed.override("resume", work.folder)
    with output:
        work.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "aecli", "train", resumed], stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, env=environment, pass_fds=[pipe],
            start_new_session=True,  # Ctrl-C is for the parent, which passes it on once
        )  # fmt: skip


def _stop(processes: list[subprocess.Popen]) -> None:
    """SIGTERM, so that they save; SIGKILL for those that do not go."""
    for process in processes:
        process.terminate()
    end = time.monotonic() + GRACE
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, end - time.monotonic()))
        if process.poll() is None:
            process.kill()
            process.wait()


def go_with_the_parent() -> None:
    """In a child: SIGTERM for this process once its parent is gone."""
    pipe = os.environ.pop(PARENT, None)
    if pipe is None:
        return

    def watch() -> None:
        os.read(int(pipe), 1)  # nothing is ever written: it returns when the other end closes
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
