"""A sweep by a console process, whose jobs are forks of its server: all of them are killed.

Each job of a console process dies at a time, or at a moment of a write, of its own, so that one
start of the console and the server is worth many kills; or the console, the server or all of them
end at once, also while they import.
"""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import soak_moments
from soak_subjects import SweepSubject, children, descendants, is_alive

CHILD = pathlib.Path(__file__).with_name("soak_child.py")
IMPORTS = 4.0  # seconds
GONE = 40.0  # seconds after which nothing may be left of a console process that has ended
SIGNALS = {
    "parent": signal.SIGKILL,
    "all": signal.SIGKILL,
    "server": signal.SIGTERM,  # of the console, which would go on with jobs that start anew
    "SIGTERM": signal.SIGTERM,
    "SIGINT": signal.SIGINT,  # of the whole group, as Ctrl-C
}


class WarmSubject(SweepSubject):
    """Takes about two seconds a kill."""

    ways = (*["write"] * 5, *["job"] * 5, *SIGNALS)

    def prepare(self) -> None:
        """One that is left alone; what a job takes is learnt from those that end by themselves."""
        start = time.perf_counter()
        if self.start("whole", self.arguments, is_forked=False).wait():
            said = (self.root / "whole.txt").read_text()
            raise SystemExit(f"{self.name} cannot be trained at all:\n{said}")
        self.seconds = time.perf_counter() - start
        self.a_job = max(0.5, (self.seconds - IMPORTS) * 2 / len(self.folders("whole")))

    def request(self, place: str) -> list[str]:
        return list(dict.fromkeys([*super().request(place), "n_jobs=2"]))

    def start(self, place: str, arguments: list[str], is_forked: bool, moment=soak_moments.NEVER):
        """A console process, always; its programs are kept in a cache of the place's own."""
        paths = [str(CHILD.parent), os.environ.get("PYTHONPATH", "")]
        environment = {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "XDG_CACHE_HOME": str(self.root / f"{place}-cache"),
            "SOAK_KILL_JOBS": moment,
        }
        with open(self.root / f"{place}.txt", "a") as output:
            return subprocess.Popen(
                [sys.executable, "-P", str(CHILD), "train", *arguments,
                 f"outputs={self.root / place}"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=os.environ | environment, start_new_session=True, preexec_fn=_hear_ctrl_c,
            )  # fmt: skip

    def killed(self, place: str) -> bool:
        way = self.random.choice(self.ways)
        moment = f"any:{self.random.random()}" if way == "write" else soak_moments.NEVER
        self.note(place, f"{way} {moment}")
        process = self.start(place, self.request(place), False, moment)
        if way in SIGNALS:
            family = self.wait_for_a_time(process)
            return self.killed_as_a_whole(place, way, process, family)
        if way == "job":
            self.kill_jobs(process)
        return self.counted_jobs(place, way, process.wait())

    def wait_for_a_time(self, process) -> list[int]:
        """While it imports, or some time after its first job; its processes then."""
        if self.random.random() < 0.25:
            time.sleep(self.random.uniform(0, IMPORTS))
        else:
            while process.poll() is None and not jobs(process.pid):
                time.sleep(0.01)
            time.sleep(self.random.uniform(0, self.a_job))
        return descendants(process.pid)

    def killed_as_a_whole(self, place: str, way: str, process, family: list[int]) -> bool:
        server = server_of(process.pid)
        if way == "server" and server is not None:
            os.kill(server, signal.SIGKILL)
            time.sleep(self.random.uniform(0, 3))
            family += descendants(process.pid)
        with contextlib.suppress(ProcessLookupError):
            if way == "SIGINT":
                os.killpg(process.pid, signal.SIGINT)
            else:
                process.send_signal(SIGNALS[way])
        for pid in family if way == "all" else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        code = process.wait()
        self.look_for_what_is_left(place, family)
        return self.counted(place, way, code, SIGNALS[way], is_forked=False)

    def look_for_what_is_left(self, place: str, family: list[int]) -> None:
        """They save and go with their parent."""
        end = time.monotonic() + GONE
        while any(map(is_alive, family)):
            if time.monotonic() > end:
                left = [pid for pid in family if is_alive(pid)]
                self.count.failed.append(f"{self.name} {place}: {len(left)} processes are left")
                for pid in left:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def kill_jobs(self, process) -> None:
        """Most of them, each at any time of what a job takes."""
        begun: dict[int, float] = {}
        ends: dict[int, float] = {}
        while process.poll() is None:
            now, there = time.monotonic(), jobs(process.pid)
            for pid in there:
                if pid not in begun:
                    begun[pid] = now
                    ends[pid] = now + self.random.uniform(0, 1.1) * self.a_job
                elif ends.get(pid, now + 1) <= now:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                    del ends[pid]
            for pid in ends.keys() - set(there):  # by itself
                del ends[pid]
                self.a_job += 0.3 * (now - begun[pid] - self.a_job)
            time.sleep(0.005)

    def counted_jobs(self, place: str, way: str, code: int) -> bool:
        """What the console tells of its jobs: killed, or done."""
        self.note(place, f"exit {code}")
        said = (self.root / f"{place}.txt").read_text().rsplit("---", 2)[1]
        told = dict(re.findall(r"^failed \[(\d+)/\d+\][^:]*: (.*)$", said, re.MULTILINE))
        others = {text for text in told.values() if "killed by signal 9" not in text}
        if others or code != bool(told):
            self.count.failed.append(f"{self.name} {place}: {way}: exit {code} {others}")
        self.count.kills[way] = self.count.kills.get(way, 0) + len(told)
        self.count.real += len(told)
        return bool(told)


def _hear_ctrl_c() -> None:
    """A shell has what it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def server_of(console: int) -> int | None:
    for pid in children(console):
        with contextlib.suppress(OSError):
            if b"forkserver" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return None


def jobs(console: int) -> list[int]:
    """The forks of its server that run."""
    server = server_of(console)
    return [] if server is None else [pid for pid in children(server) if is_alive(pid)]
