"""How many cores this process may use: fewer than the machine has under taskset or a scheduler."""

import os


def count() -> int:
    """1 or more, as TensorFlow counts them."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
