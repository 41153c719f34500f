"""The door of a job that starts warm, as `python -m aecli` is that of one that starts cold.

The server of aecli.jobs.warm imports it, with all that a training needs, and wakes nothing: a job
that is forked from it sets its threads and looks for its devices as any process does.
"""

import atexit
import ctypes
import gc
import importlib
import os
import pkgutil
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1  # of Linux, where alone there is a server
prctl = ctypes.CDLL(None).prctl
# by the kernel: while a library is loaded, which takes seconds, no handler of Python's would run
prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # where the parent ends while this process imports

from tqdm import tqdm  # noqa: E402

from aecli import cli, dispatch, typed  # noqa: E402
from aecli.console.quiet import import_tensorflow_quietly  # noqa: E402
from aecli.untrusted.bounded import open_in_place  # noqa: E402

ENVIRONMENT = dict(os.environ)
PATH = list(sys.path)  # multiprocessing lays the parent's over it, with the folder of its script
ROOMS = ("datasets", "figures", "metrics", "networks", "samplers", "training.callbacks")
USED = (
    "aecli.commands.train",
    "aecli.fit.execute",
    "aecli.fit.resume",
    "aecli.training.best",
    "aecli.training.schedules",
    "matplotlib.backends.backend_agg",
    "PIL.BmpImagePlugin",  # Pillow knows these five before it writes any picture
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "pydantic.dataclasses",
    "sklearn.datasets",
    "sklearn.mixture",  # of the samples of a model without a prior
    "tensorflow.python.data.ops.range_op",
)


def load() -> None:
    """Import what trainings need, TensorFlow first, without its chatter."""
    import_tensorflow_quietly(wake=False)
    for name in USED:
        importlib.import_module(name)
    for room in ROOMS:
        package = importlib.import_module(f"aecli.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"aecli.{room}."):
            importlib.import_module(module.name)
    tqdm.set_lock(threading.RLock())  # of processes it is a semaphore, which a killed job leaves
    gc.collect()
    gc.freeze()  # a job neither looks through it nor copies it


def carry_out(folder: str, output: str, environment: dict[str, str]) -> int:
    """In the job: what `python -P -m aecli train resume=FOLDER` does, and its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    sys.path[:] = PATH
    for name in ENVIRONMENT.keys() - environment.keys():
        os.environ.pop(name, None)
    os.environ.update(environment)
    _speak_to(output)
    sys.argv = ["aecli", "train", typed.override("resume", folder)]
    code = cli.lasting(lambda: dispatch.run_job(folder), "train")
    atexit._run_exitfuncs()  # multiprocessing leaves without
    return code


def _speak_to(output: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = open_in_place(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for source, number in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, number)
    os.close(nothing)
    os.close(said)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115


signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops the jobs
load()
prctl(PR_SET_PDEATHSIG, 0)  # from here on a pipe tells of it
