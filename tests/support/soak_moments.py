"""SIGKILL for this process at the n-th moment of a kind, stated as kind:n.

torn: a temporary file is half written; before: it is whole and not yet in its place; link: the
one before has its second name; after: the new file has just taken its place.
"""

import os
import random
import signal

KINDS = ("torn", "before", "link", "after")
NEVER = "none:0"
MOST = 25  # moments of a kind that a short job has
REAL = {name: getattr(os, name) for name in ("fsync", "replace", "link")}


def drawn(moment: str, folder: str) -> str:
    """any:SEED is a moment of its own for each folder; another is what it is."""
    kind, _, seed = moment.partition(":")
    if kind != "any":
        return moment
    chosen = random.Random(f"{seed} {folder}")
    return f"{chosen.choice(KINDS)}:{chosen.randint(1, MOST)}"


def install(moment: str) -> None:
    kind, _, number = moment.partition(":")
    left = int(number)

    def die_at(reached: str) -> None:
        nonlocal left
        if reached != kind:
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def fsync(descriptor: int) -> None:
        if os.path.isfile(path := os.readlink(f"/proc/self/fd/{descriptor}")) and kind == "torn":
            if left == 1:
                os.truncate(path, os.path.getsize(path) // 2)
            die_at("torn")
        REAL["fsync"](descriptor)

    def replace(source, target) -> None:
        die_at("before")
        REAL["replace"](source, target)
        die_at("after")

    def link(source, target) -> None:
        REAL["link"](source, target)
        die_at("link")

    os.fsync, os.replace, os.link = fsync, replace, link
