"""Processes of aecli that begin at once: forks of one that has imported all of it.

Most of a short training is the import of TensorFlow. A fork of a process that has imported it, and
has run no operation yet, composes, builds, traces, trains and saves as the command does; it lacks
the import before and the interpreter's own end. `start` makes either.
"""

import contextlib
import importlib
import os
import pkgutil
import subprocess
import sys
import time
import traceback
import types

import soak_moments

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soak_child.py")
ROOMS = ("commands", "models", "latents", "latents.posteriors", "latents.priors", "latents.anneal",
         "samplers", "networks", "losses", "noise", "metrics", "metrics.detection", "figures",
         "datasets", "training", "training.callbacks", "comparison", "runs", "io", "fit",
         "jobs")  # fmt: skip


def warm() -> None:
    """Import everything; threads and devices are left to the forks."""
    from aecli.console import quiet
    from aecli.jobs import pool, warm

    quiet.import_tensorflow_quietly(wake=False)
    quiet.import_tensorflow_quietly = _wake
    for room in ROOMS:
        package = importlib.import_module(f"aecli.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    importlib.import_module("aecli.cli")
    names = {name: getattr(subprocess, name) for name in ("DEVNULL", "STDOUT", "TimeoutExpired")}
    warm.get_ready = lambda config, gpus: None
    pool._is_ready = lambda gpus: False  # a fork's jobs are forks of ours, killed at their moments
    pool.subprocess = types.SimpleNamespace(Popen=_job, **names)  # of forked sweeps


def _wake(threads: int | None = None, wake: bool = True, in_parts: bool = False) -> None:
    import tensorflow

    from aecli import cores
    from aecli.console import quiet

    quiet._set_threads(threads or cores.count(), in_parts)
    if wake:
        tensorflow.constant(0.0)


def start(arguments: list[str], output, environment: dict[str, str], is_forked: bool):
    """-> what has pid, poll, wait, send_signal; its words go to `output`."""
    paths = [os.path.dirname(CHILD), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | environment
    options = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output,
               "env": os.environ | environment}  # fmt: skip
    if is_forked:
        return Forked(arguments, **options)
    return subprocess.Popen([sys.executable, CHILD, *arguments], **options)


def _job(command: list[str], **options) -> "Forked":
    """A job of a forked sweep; it gets the moment that is meant for the jobs."""
    moment = os.environ.get("SOAK_KILL_JOBS", soak_moments.NEVER)
    options["env"] = options["env"] | {"SOAK_KILL": moment}
    return Forked(command[command.index("aecli") + 1 :], **options)


class Forked:
    """As subprocess.Popen."""

    def __init__(self, arguments, stdin, stdout, stderr, env, pass_fds=(), start_new_session=False):
        sys.stdout.flush()
        sys.stderr.flush()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _be(arguments, (stdin, stdout, stderr), env, pass_fds, start_new_session)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("aecli", timeout)
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        self.send_signal(15)

    def kill(self) -> None:
        self.send_signal(9)


def _be(arguments, streams, env, pass_fds, is_session) -> None:
    """The command, in the fork; never returns."""
    code = 1
    try:
        if is_session:
            os.setsid()
        for number, stream in enumerate(streams):
            nowhere = os.open(os.devnull, os.O_RDWR) if stream == subprocess.DEVNULL else None
            os.dup2(stream.fileno() if nowhere is None else nowhere, number)
        for number in map(int, os.listdir("/proc/self/fd")):
            if number > 2 and number not in pass_fds:
                _close(number)
        os.environ.clear()
        os.environ.update(env)
        soak_moments.install(os.environ.pop("SOAK_KILL", soak_moments.NEVER))
        sys.argv = ["aecli", *arguments]
        code = sys.modules["aecli.cli"].main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _close(number: int) -> None:
    with contextlib.suppress(OSError):  # the listing's own
        os.close(number)
