"""What the soak trains and kills: runs, and sweeps of them."""

import contextlib
import csv
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time
import zipfile

import soak_moments
import soak_starts
from PIL import Image
from same_runs import differing

from aecli import runs
from aecli.comparison import leaderboard_of_sweep
from aecli.errors import BadRequest
from aecli.runs import sweeps
from aecli.training import state as states

BY_SIGNAL = {"SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}


@dataclasses.dataclass
class Count:
    """What happened to the runs of one subject."""

    runs: int = 0
    kills: dict[str, int] = dataclasses.field(default_factory=dict)  # {how: number}
    real: int = 0  # kills of the console process, the others being of forks
    most_epochs_lost: int = 0
    corrupt: list[str] = dataclasses.field(default_factory=list)
    differing: list[str] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.corrupt or self.differing or self.failed or self.most_epochs_lost > 1)


class RunSubject:
    """Trains one set of arguments under a root folder, with and without kills."""

    ways = ("write", "write", "time", "SIGTERM", "SIGINT")

    def __init__(self, name: str, arguments: list[str], root: pathlib.Path, seed: int, real: float):
        self.name, self.root, self.count, self.real = name, root / name, Count(), real
        self.random = random.Random(f"{seed} {name}")
        self.arguments = arguments
        self.root.mkdir(parents=True)

    def prepare(self) -> None:
        """A console process that is left alone; a fork left alone says how long one takes."""
        code = self.start("whole", self.arguments, is_forked=False).wait()
        start = time.perf_counter()
        code = code or self.start("forked", self.arguments, is_forked=True).wait()
        if code:
            said = "".join(f.read_text() for f in self.root.glob("*.txt"))
            raise SystemExit(f"{self.name} cannot be trained at all:\n{said}")
        self.seconds = time.perf_counter() - start
        self.compare("forked")

    def one_run(self, number: int, kills: int, keep: pathlib.Path) -> None:
        """One run through at most `kills` kills; kept whole where it ends otherwise."""
        place, found = f"run{number}", len(self.problems)
        for _ in range(kills):
            before = self.epochs(place)
            if not self.killed(place):
                break
            self.check(place, before)
        process = self.start(place, self.request(place), is_forked=True)
        if process.wait():
            self.count.failed.append(f"{self.name} {place}: exit {process.returncode}")
        else:
            self.count.runs += 1
            self.compare(place)
        if len(self.problems) > found:
            shutil.copytree(self.root / place, keep / self.name / place)
            shutil.copytree(self.root / "whole", keep / self.name / "whole", dirs_exist_ok=True)
            shutil.copy(self.root / f"{place}.txt", keep / self.name)
        shutil.rmtree(self.root / place)

    @property
    def problems(self) -> list[str]:
        return [*self.count.corrupt, *self.count.differing, *self.count.failed]

    def killed(self, place: str) -> bool:
        """Start or resume, and kill; False where it was done before."""
        way, is_forked = self.random.choice(self.ways), self.random.random() >= self.real
        moment, after = soak_moments.NEVER, None
        if way == "write":
            moment = f"{self.random.choice(soak_moments.KINDS)}:{self.random.randint(1, 40)}"
        else:
            after = self.random.uniform(0.05, 1.0) * self.seconds + (not is_forked) * 4
        self.note(place, f"{way} {moment} {after} {'fork' if is_forked else 'process'}")
        process = self.start(place, self.request(place), is_forked, moment)
        signum = BY_SIGNAL.get(way, signal.SIGKILL)
        return self.counted(place, way, self.ended(process, after, signum), signum, is_forked)

    def ended(self, process, after: float | None, signum: int) -> int:
        try:
            return process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signum)
            return process.wait()

    def counted(self, place: str, way: str, code: int, signum: int, is_forked: bool) -> bool:
        self.note(place, f"exit {code}")
        if code in (-signum, 128 + signum):
            self.count.kills[way] = self.count.kills.get(way, 0) + 1
            self.count.real += not is_forked
            return True
        if code:
            self.count.failed.append(f"{self.name} {place}: {way}: exit {code}")
        return False

    def start(self, place: str, arguments: list[str], is_forked: bool, moment=soak_moments.NEVER):
        arguments = ["train", *arguments, f"outputs={self.root / place}"]
        with open(self.root / f"{place}.txt", "a") as output:
            return soak_starts.start(arguments, output, {"SOAK_KILL": moment}, is_forked)

    def note(self, place: str, text: str) -> None:
        with open(self.root / f"{place}.txt", "a") as output:
            output.write(f"--- {text}\n")

    def request(self, place: str) -> list[str]:
        return [f"resume={folder}" for folder in self.folders(place)] or self.arguments

    def folders(self, place: str) -> list[pathlib.Path]:
        """Of the runs under a place."""
        return [info.folder for info in runs.list_runs(self.root / place)]

    def epochs(self, place: str) -> dict[pathlib.Path, int]:
        found = {f: states.read(f / "checkpoints") for f in self.folders(place)}
        return {folder: state.epoch for folder, state in found.items() if state}

    def check(self, place: str, before: dict[pathlib.Path, int]) -> None:
        """Every file that a killed process left under its own name is whole."""
        now = self.epochs(place)
        for folder in self.folders(place):
            self.count.corrupt += [p for f in files(folder) if (p := problem(f))]
            done = now.get(folder, 0)
            lost = max(rows(folder / "history.csv") - done, before.get(folder, 0) - done)
            self.count.most_epochs_lost = max(self.count.most_epochs_lost, lost)

    def compare(self, place: str) -> None:
        for one, other in zip(self.folders("whole"), self.folders(place), strict=True):
            found = differing(one, other)
            self.count.differing += [f"{self.name} {place} {other.name}: {what}" for what in found]


class SweepSubject(RunSubject):
    """A sweep by processes: killed as a whole, with its jobs, or job by job.

    Those of a console process are forks of its server: of them is soak_warm.
    """

    ways = ("write", "write", "job", "job", "time", "all", "SIGTERM", "SIGINT")

    def killed(self, place: str) -> bool:
        way, is_forked = self.random.choice(self.ways), self.random.random() >= self.real
        moment, after = soak_moments.NEVER, None
        if way == "write":  # in its jobs
            moment = f"{self.random.choice(soak_moments.KINDS)}:{self.random.randint(1, 25)}"
        else:
            after = self.random.uniform(0.05, 0.9) * self.seconds + (not is_forked) * 7
        self.note(place, f"{way} {moment} {after} {'fork' if is_forked else 'process'}")
        os.environ["SOAK_KILL_JOBS"] = moment
        process = self.start(place, self.request(place), is_forked)
        os.environ.pop("SOAK_KILL_JOBS")
        if way == "write":
            return self.lost_jobs(place, way, process.wait(), is_forked)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
        family = descendants(process.pid) if process.returncode is None else []
        training = [pid for pid in family if pid in self.holders(place)]
        if way == "job":
            for pid in self.random.sample(training, min(1, len(training))):
                os.kill(pid, signal.SIGKILL)
            code = process.wait()
            _wait_for(training)
            return self.lost_jobs(place, way, code, is_forked)
        signum = BY_SIGNAL.get(way, signal.SIGKILL)
        process.send_signal(signum)
        for pid in family if way == "all" else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        code = process.wait()
        _wait_for(family)
        return self.counted(place, way, code, signum, is_forked)

    def lost_jobs(self, place: str, way: str, code: int, is_forked: bool) -> bool:
        """The sweep itself goes on to its end and says which job was killed."""
        said = (self.root / f"{place}.txt").read_text().rpartition("---")[2]
        is_killed = code == 1 and "killed by signal 9" in said
        return self.counted(place, way, -9 if is_killed else code, signal.SIGKILL, is_forked)

    def holders(self, place: str) -> set[int]:
        """The processes that train in one of its folders."""
        locks = [folder / ".lock" for folder in self.folders(place)]
        return {int(lock.read_text() or 0) for lock in locks if lock.is_file()}

    def sweep(self, place: str) -> pathlib.Path | None:
        found = sorted((self.root / place).glob(f"*/*/{sweeps.FILE}"))
        return found[-1].parent if found else None

    def request(self, place: str) -> list[str]:
        folder = self.sweep(place)
        return self.arguments if folder is None else [f"sweep={folder}"]

    def folders(self, place: str) -> list[pathlib.Path]:
        folder = self.sweep(place)
        return [] if folder is None else [job.folder for job in sweeps.find(str(folder)).jobs]

    def compare(self, place: str) -> None:
        super().compare(place)
        one, other = (self.leaderboard(p) for p in ("whole", place))
        if one != other:
            self.count.differing.append(f"{self.name} {place}: leaderboard: {one} and {other}")

    def leaderboard(self, place: str) -> str:
        folder = self.sweep(place)
        return str(leaderboard_of_sweep(folder)).replace(str(folder), "SWEEP")


def children(pid: int) -> list[int]:
    try:
        return [
            int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def descendants(pid: int) -> list[int]:
    """In a console process the server and its jobs, beside what multiprocessing has."""
    own = children(pid)
    return [*own, *(further for one in own for further in descendants(one))]


def _wait_for(family: list[int]) -> None:
    """They save and go with their parent."""
    while any(map(is_alive, family)):
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    return [f for f in folder.rglob("*") if f.is_file() and ".tmp" not in f.name]


def problem(file: pathlib.Path) -> str | None:
    """What is wrong with a file, None if it is whole."""
    try:
        if file.suffix == ".safetensors":
            states.read_file(file)
        elif file.suffix == ".keras":
            with zipfile.ZipFile(file) as archive:
                assert archive.testzip() is None
        elif file.suffix == ".json":
            json.loads(file.read_text())
        elif file.suffix == ".png":
            Image.open(file).load()
        elif file.suffix == ".csv":
            assert rows(file) >= 1
    except (BadRequest, OSError, ValueError, AssertionError, zipfile.BadZipFile) as error:
        return f"{file}: {error}"
    return None


def rows(file: pathlib.Path) -> int:
    if not file.is_file():
        return 0
    with open(file, newline="") as lines:
        return sum(float(row["learning_rate"]) >= 0 for row in csv.DictReader(lines))
