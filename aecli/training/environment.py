"""What the bits of a result depend on beside config and data."""

import hashlib
import os
import pathlib
import platform
from importlib.metadata import version

from aecli import cores

PACKAGES = ("tensorflow", "keras", "numpy")


def environment(jit_compile: bool, feed: str, replicas: int = 1) -> dict[str, str | int | bool]:
    """Versions, processor, threads, and how the step is run."""
    import tensorflow as tf  # differences below is wanted before TensorFlow's seconds

    return {
        **{package: version(package) for package in PACKAGES},
        "processor": processor(),
        "gpus": len(tf.config.list_physical_devices("GPU")),
        "threads": threads(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        "jit_compile": jit_compile,
        "feed": feed,
        "replicas": replicas,
    }


def threads() -> int:
    """Of a step: as many as were asked for, else TensorFlow's own count of the cores."""
    import tensorflow as tf

    from aecli.networks.parted import parts

    threads = max(parts(), tf.config.threading.get_intra_op_parallelism_threads())
    return threads or cores.count()


def differences(before: dict, now: dict) -> list[str]:
    """["threads 2, now 4", ...]"""
    return [f"{k} {before[k]}, now {now[k]}" for k in now if k in before and before[k] != now[k]]


def processor() -> str:
    """The machine and its instruction sets, in short."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()} {hashlib.sha256(flags.encode()).hexdigest()[:8]}"
