"""The programs that XLA compiled, kept in the user's cache, so that a second run need not wait.

They are machine code, which is run as it is found: the folder is the user's alone, or is not used.
"""

import contextlib
import os
import pathlib
from importlib.metadata import version

from aecli.cache import own_folder
from aecli.files import remove
from aecli.training.environment import processor

FLAGS = "TF_XLA_FLAGS"
OURS = ("--tf_xla_persistent_cache_directory=", "--tf_xla_persistent_cache_device_types=CPU")
MOST = 256 * 2**20  # bytes in all; the oldest go


def keep(wanted: bool) -> None:
    """Have XLA keep its programs and find them again; without effect once TensorFlow is imported.

    TensorFlow's own cache, of one TensorFlow and one processor: a program is named after what it
    computes, one that is damaged is compiled anew.
    """
    flags = [f for f in os.environ.get(FLAGS, "").split() if not f.startswith(OURS)]
    name = f"{version('tensorflow')} {processor()}".replace(" ", "-")
    folder = own_folder("programs", name) if wanted else None
    if folder is not None and not any(c.isspace() for c in str(folder)):  # where flags end
        _make_room(folder)
        flags += [OURS[0] + str(folder), OURS[1]]
    os.environ[FLAGS] = " ".join(flags)


def _make_room(folder: pathlib.Path) -> None:
    with contextlib.suppress(OSError):  # another process removes the same
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
        size = 0
        for file in files:
            size += file.stat().st_size
            if size > MOST:
                remove(file)
