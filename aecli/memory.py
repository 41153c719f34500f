"""How much memory there is still for this process: of the machine, or of its container."""

import os
import pathlib

MEMINFO = pathlib.Path("/proc/meminfo")
GROUPS = pathlib.Path("/proc/self/cgroup")
CGROUP = pathlib.Path("/sys/fs/cgroup")
FILES = (  # of both versions of cgroups: below what, limit, use, what of the use is given back
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def free() -> int:
    """Bytes that can be had without swapping."""
    return min([_of_machine(), *_of_groups()])


def _of_machine() -> int:
    try:
        lines = MEMINFO.read_text().splitlines()
        values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return 1024 * values["MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):  # not Linux
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_groups() -> list[int]:
    """What is left of the limit of each control group that has one."""
    try:
        lines = [line.split(":", 2) for line in GROUPS.read_text().splitlines()]
        names = {kind: name.strip("/") for _, kind, name in lines}
    except (OSError, ValueError):
        return []
    left = []
    for kind, limit, use, given_back in FILES:
        group = CGROUP / kind / names.get(kind, "")
        while group != CGROUP.parent and kind in names:  # a container sees its own as the root
            try:
                lines = (group / "memory.stat").read_text().splitlines()
                stat = dict(line.split() for line in lines)
                used = int((group / use).read_text()) - int(stat[given_back])
                left.append(max(0, int((group / limit).read_text()) - used))
            except (OSError, ValueError, KeyError):  # no such file, or "max"
                pass
            group = group.parent
    return left
