"""aecli, killed by SIGKILL at the n-th moment of a kind: SOAK_KILL=kind:n.

torn: a temporary file is half written; before: it is whole and not yet in its place; link: the
one before has its second name; after: the new file has just taken its place.
"""

import os
import signal
import sys

kind, _, number = os.environ.pop("SOAK_KILL", "none:0").partition(":")
left = int(number)


def die_at(moment: str) -> None:
    global left
    if moment != kind:
        return
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def fsync(descriptor: int, real=os.fsync) -> None:
    if os.path.isfile(path := os.readlink(f"/proc/self/fd/{descriptor}")) and kind == "torn":
        if left == 1:
            os.truncate(path, os.path.getsize(path) // 2)
        die_at("torn")
    real(descriptor)


def replace(source, target, real=os.replace) -> None:
    die_at("before")
    real(source, target)
    die_at("after")


def link(source, target, real=os.link) -> None:
    real(source, target)
    die_at("link")


os.fsync, os.replace, os.link = fsync, replace, link

from aecli.cli import main  # noqa: E402

sys.exit(main())
