"""What of the machine a training depends on: packages, devices, cores, memory, disc."""

import dataclasses
import importlib.util
import os
import pathlib
import platform
import shutil

from aecli import __version__, cores, targets
from aecli.console import catalog, quiet
from aecli.inspection import packages, readiness

SHORT_MEMORY = 2.0  # GB; TensorFlow itself takes a half
SHORT_DISC = 1.0  # GB; a run has 1 to 100 MB
NVIDIA = pathlib.Path("/proc/driver/nvidia/version")  # there where a driver is loaded
MEMINFO, CGROUP = pathlib.Path("/proc/meminfo"), pathlib.Path("/sys/fs/cgroup")


@dataclasses.dataclass(frozen=True)
class Check:
    """What was found of one thing; remedy: what to do, "" where it is well.

    is_broken: whether aecli cannot work like this.
    """

    name: str
    text: str
    remedy: str = ""
    is_broken: bool = False


def examined(outputs: pathlib.Path) -> list[Check]:
    """All of it, in the order of a training. Nothing is written and nothing downloaded."""
    found = [Check("python", f"{platform.python_version()}, {platform.platform()}")]
    found.append(Check("aecli", f"{__version__}, {pathlib.Path(catalog.__file__).parents[1]}"))
    found += [Check(*one) for one in packages.required()]
    found += _tensorflow()
    found += [_cores(), _memory(), _disc(outputs)]
    found += [Check(*one) for one in readiness.of_datasets()]
    found += [Check(*one) for one in packages.extras()]
    return found + _own()


def _tensorflow() -> list[Check]:
    """Whether it starts and computes, and on what."""
    try:
        quiet.import_tensorflow_quietly()
        import tensorflow as tf

        kinds = [device.device_type.lower() for device in tf.config.list_physical_devices()]
        total = float(tf.reduce_sum(tf.ones([2, 2])))
        compiled = tf.function(lambda x: tf.reduce_sum(x * x), jit_compile=True)
    except Exception as error:  # of any kind: a library that does not load, a device that fails
        return [
            Check(
                "devices", f"TensorFlow does not start: {_line(error)}", REINSTALL, is_broken=True
            )
        ]
    if total != 4.0:
        return [
            Check("devices", f"TensorFlow adds four ones to {total}", REINSTALL, is_broken=True)
        ]
    devices = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    found = [Check("devices", devices)]
    if "gpu" not in kinds and NVIDIA.exists():
        found = [Check("devices", f"{devices}: an NVIDIA driver, and no GPU is seen",
                       "pip install 'aecli[gpu]'")]  # fmt: skip
    try:
        float(compiled(tf.ones([2])))
        return [*found, Check("xla", "compiles")]
    except Exception as error:
        return [
            *found,
            Check("xla", f"does not compile: {_line(error)}", "trainer.jit_compile=false"),
        ]


REINSTALL = "pip install --force-reinstall tensorflow keras, in a new virtual environment"


def _cores() -> Check:
    count, all_of = cores.count(), os.cpu_count() or 1
    text = f"{count} of {all_of}" if count < all_of else f"{count}"
    stated = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    text += f"; {', '.join(stated)}" if stated else ""
    quota = _quota()
    if quota is not None and quota < count:
        return Check("cores", f"{text}; this container may use {quota:.2g} of them",
                     f"trainer.threads={max(1, int(quota))}")  # fmt: skip
    return Check("cores", text)


THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def _quota() -> float | None:
    """Processors that a container may use; None where nothing says so."""
    try:
        most, period = (CGROUP / "cpu.max").read_text().split()
        return float(most) / float(period)
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _memory() -> Check:
    try:
        lines = MEMINFO.read_text().splitlines()
        values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        free, whole = values["MemAvailable"] / 1e6, values["MemTotal"] / 1e6
    except (OSError, ValueError, KeyError, IndexError):
        return Check("memory", "not told by this system")
    text = f"{free:.1f} of {whole:.1f} GB available"
    if free < SHORT_MEMORY:
        return Check("memory", f"{text}: little",
                     "end other programs, or take trainer.feed=streaming")  # fmt: skip
    return Check("memory", text)


def _disc(outputs: pathlib.Path) -> Check:
    place = outputs.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    text = f"{free:.1f} GB free for {outputs}/"
    elsewhere = "name another folder: outputs=DIR"
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Check("disc", f"{place} cannot be written to", elsewhere, is_broken=True)
    if free < SHORT_DISC:
        return Check("disc", f"{text}: little", f"delete old runs: aecli rm; or {elsewhere}")
    return Check("disc", text)


def _own() -> list[Check]:
    """The user's own packages and options."""
    found = []
    for name in filter(None, map(str.strip, os.environ.get(targets.PLUGINS, "").split(","))):
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            found.append(Check("plugins", f"{targets.PLUGINS} names {name}, which is not found",
                               "pip install it, or PYTHONPATH=FOLDER", is_broken=True))  # fmt: skip
        else:
            found.append(Check("plugins", f"{name} is trusted"))
    if (mine := catalog.user_configs()) is not None:
        hidden = [file for group in catalog.groups() for file in catalog.shadowed(group)]
        found.append(Check("configs", f"{mine} adds options"))
        found += [
            Check("configs", f"{file} has no effect: aecli has that option", "rename it")
            for file in hidden
        ]
    return found


def _line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
