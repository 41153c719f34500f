"""The first import of TensorFlow, without its chatter on the terminal."""

import contextlib
import gc
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

from aecli import cores
from aecli.pinned import pin_keras

_is_asleep = False  # imported here, and its threads can be set still


def import_tensorflow_quietly(
    threads: int | None = None, wake: bool = True, in_parts: bool = False
) -> None:
    """Import TensorFlow and Keras and wake the device, with nothing on stderr.

    threads: for a step; it must be set before the device wakes (None: one a core). in_parts: each
    has operations of its own, else they share each operation.
    wake: false where a strategy does that, which comes before any operation.

    C++ prints to file descriptor 2 before absl starts, whatever TF_CPP_MIN_LOG_LEVEL says, so the
    descriptor itself points to a file in memory meanwhile; a failed import replays that file.
    """
    global _is_asleep
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever keras.json says
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" in sys.modules:  # of Python: awake perhaps, and then it keeps its threads
        if threads is not None or _is_asleep:
            with contextlib.suppress(RuntimeError):
                _set_threads(threads or cores.count(), in_parts)
        if wake and _is_asleep:
            _is_asleep = False
            wake_quietly()
        return
    with silence():
        gc.disable()  # it would look through a million new objects several times: half a second
        try:
            import keras  # noqa: F401
            import tensorflow

            # Advice on retracing and the like; in a notebook the import itself sets it to INFO.
            logging.getLogger("tensorflow").setLevel(logging.ERROR)
            _set_threads(threads or cores.count(), in_parts)
            pin_keras()
            _is_asleep = not wake
            if wake:
                tensorflow.constant(0.0)  # lists the devices, which prints too
        finally:
            gc.freeze()
            gc.enable()


def wake_quietly() -> None:
    """Wake the device of a TensorFlow that was imported without."""
    with silence():
        import tensorflow

        tensorflow.constant(0.0)


def list_devices() -> None:
    """Look for the devices, which prints; threads and memory can be set still."""
    import tensorflow

    tensorflow.config.list_physical_devices()


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing on stderr; of what ends with an error, all that it had printed."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with _file_in_memory() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            yield
        except Exception:  # an interruption is no failure that this would explain
            chatter.seek(0)
            os.write(terminal, chatter.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)


def _set_threads(count: int, in_parts: bool) -> None:
    """Raises RuntimeError where the device is awake."""
    import tensorflow

    threading = tensorflow.config.threading
    threading.set_intra_op_parallelism_threads(1 if in_parts else count)
    threading.set_inter_op_parallelism_threads(count if in_parts else 0)  # 0: as many as cores


def _file_in_memory() -> IO[bytes]:
    """Open for reading and writing; where the system has no such files, in the temporary folder."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("chatter"), "w+b")
    return tempfile.TemporaryFile()
