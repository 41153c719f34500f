"""Random SIGKILLs, each followed by a resume; at the end, the same bits as without them.

    python tests/soak.py --kills 200

trains small dense, convolutional, denoising and variational models, kills them at random times
and at chosen moments of a write, checks every file that is left, resumes, and compares the
finished run with one that was left alone. Takes about ten seconds a kill. MNIST is used where
it is found, scikit-learn's digits elsewhere.
"""

import argparse
import concurrent.futures
import csv
import dataclasses
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import zipfile

from PIL import Image
from same_runs import differing

from aecli import runs
from aecli.errors import BadRequest
from aecli.training import state as states

CHILD = str(pathlib.Path(__file__).with_name("soak_child.py"))
MOMENTS = ("torn", "before", "link", "after")
SUBJECTS = {
    "dense": ["experiment=dense_mnist", "trainer.epochs=25", "dataset.limit=5000"],
    "conv": [
        "experiment=conv_mnist",
        "network.decoder_padding=null",
        "trainer.epochs=6",
        "dataset.limit=1000",
    ],
    "denoising": ["experiment=denoising_conv_mnist", "trainer.epochs=4", "dataset.limit=500"],
    "vae": ["experiment=vae_mnist", "trainer.epochs=20", "dataset.limit=4000"],
}
ALWAYS = ["trainer.batch_size=50", "callbacks.checkpoint.every_steps=7"]


@dataclasses.dataclass
class Count:
    """What happened to the runs of one subject."""

    runs: int = 0
    kills: int = 0
    in_a_write: int = 0
    corrupt: list[str] = dataclasses.field(default_factory=list)
    differing: list[str] = dataclasses.field(default_factory=list)
    most_epochs_lost: int = 0
    failed: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.corrupt or self.differing or self.failed or self.most_epochs_lost > 1)


class Subject:
    """Trains one set of arguments under a root folder, with and without kills."""

    def __init__(self, name: str, root: pathlib.Path, seed: int):
        self.name, self.root, self.count = name, root / name, Count()
        self.random = random.Random(f"{seed} {name}")
        self.arguments = [*SUBJECTS[name], *ALWAYS, *data()]

    def reference(self) -> None:
        """A run that is left alone; says how long it takes."""
        start = time.perf_counter()
        code, said = self.child("reference", self.arguments)
        if code:
            raise SystemExit(f"{self.name} cannot be trained at all:\n{said}")
        self.seconds = time.perf_counter() - start
        (self.whole,) = runs.list_runs(self.root / "reference")

    def one_run(self, number: int, kills: int) -> None:
        """One run through `kills` kills, every other one inside a write."""
        place = f"run{number}"
        for kill in range(kills):
            before, killed = self.state_epoch(place), False
            killed = self.killed(place, in_a_write=kill % 2 == 0)
            if not killed:
                break
            self.check(place, before)
        code, said = self.child(place, self.request(place))
        if code:
            self.count.failed.append(f"{place}: exit {code}: {said[-500:]}")
            return
        self.count.runs += 1
        (info,) = runs.list_runs(self.root / place)
        found = differing(self.whole.folder, info.folder)
        self.count.differing += [f"{info.folder}: {what}" for what in found]

    def killed(self, place: str, in_a_write: bool) -> bool:
        """Start or resume, and kill; False where it was done before."""
        if in_a_write:
            moment = f"{self.random.choice(MOMENTS)}:{self.random.randint(1, 40)}"
            code, said = self.child(place, self.request(place), kill=moment)
        else:
            after = self.random.uniform(0.3, 1.0) * self.seconds
            code, said = self.child(place, self.request(place), after=after)
        if code == -9:
            self.count.kills += 1
            self.count.in_a_write += in_a_write
        elif code:
            self.count.failed.append(f"{place}: exit {code}: {said[-500:]}")
        return code == -9

    def request(self, place: str) -> list[str]:
        infos = runs.list_runs(self.root / place)
        return [f"resume={infos[0].folder}"] if infos else self.arguments

    def child(self, place, arguments, kill="none:0", after=None) -> tuple[int, str]:
        """-> exit code, what it said; killed after so many seconds, or at a moment."""
        command = [sys.executable, CHILD, "train", *arguments, f"outputs={self.root / place}"]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"SOAK_KILL": kill},
        )  # fmt: skip
        try:
            said = process.communicate(timeout=after)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()[1]
        return process.returncode, said

    def state_epoch(self, place: str) -> int:
        infos = runs.list_runs(self.root / place)
        state = states.read(infos[0].folder / "checkpoints") if infos else None
        return state.epoch if state else 0

    def check(self, place: str, epochs_before: int) -> None:
        """Every file that a killed process left under its own name is whole."""
        for info in runs.list_runs(self.root / place):
            self.count.corrupt += [p for f in files(info.folder) if (p := problem(f))]
            state = states.read(info.folder / "checkpoints")
            done = state.epoch if state else 0
            lost = max(rows(info.folder / "history.csv") - done, epochs_before - done)
            self.count.most_epochs_lost = max(self.count.most_epochs_lost, lost)


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


def data() -> list[str]:
    try:
        from aecli.datasets.mnist import Mnist

        Mnist(limit=10).load()
        return []
    except BadRequest:
        return ["dataset=digits"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--kills-a-run", type=int, default=5)
    parser.add_argument("--subjects", default=",".join(SUBJECTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=2, help="processes")
    stated = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        chosen = [Subject(n, pathlib.Path(root), stated.seed) for n in stated.subjects.split(",")]
        for subject in chosen:
            subject.reference()
        work(chosen, stated)
        return report(chosen)


def work(subjects: list[Subject], stated: argparse.Namespace) -> None:
    def several(subject: Subject) -> None:
        number = 0
        while subject.count.kills < stated.kills / len(subjects) and number < stated.kills:
            left = round(stated.kills / len(subjects)) - subject.count.kills
            subject.one_run(number, max(1, min(left, stated.kills_a_run)))
            number += 1
            print(f"{subject.name}: {subject.count.kills} kills", file=sys.stderr, flush=True)

    with concurrent.futures.ThreadPoolExecutor(stated.at_once) as pool:
        list(pool.map(several, subjects))


def report(subjects: list[Subject]) -> int:
    print("subject     runs  kills  in a write  corrupt files  differing  epochs lost  failed")
    counts = [subject.count for subject in subjects]
    for subject in subjects:
        c = subject.count
        print(f"{subject.name:10}  {c.runs:4}  {c.kills:5}  {c.in_a_write:10}  {len(c.corrupt):13}"
              f"  {len(c.differing):9}  {c.most_epochs_lost:11}  {len(c.failed):6}")  # fmt: skip
    for count in counts:
        for line in (*count.corrupt, *count.differing, *count.failed):
            print(line)
    print(f"{sum(c.kills for c in counts)} kills, {sum(c.in_a_write for c in counts)} in a write")
    return 0 if all(count.is_good for count in counts) else 1


if __name__ == "__main__":
    sys.exit(main())
