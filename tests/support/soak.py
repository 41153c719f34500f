"""Random kills, each followed by a resume; at the end, the same bits as without them.

    python tests/support/soak.py --kills 200 --seed 0 --json part0.json
    python tests/support/soak.py --subjects warm --kills 60    # jobs that start warm, their server
    python tests/support/soak.py --add part0.json part1.json

trains small dense, convolutional, denoising and variational models, two players, a codebook and a
sweep, ends them by SIGKILL, SIGTERM and SIGINT at random times and by SIGKILL at chosen moments
of a write, checks every file that is left, resumes, and compares what is finished with one that
was left alone: a console process, while most of those that are killed are forks of one process
(soak_starts.py); those of a sweep that starts warm are forks of its server (soak_warm.py).
Takes about three seconds a kill. Parts with other seeds add up. What differs is kept beside the
report. MNIST is used where it is found, scikit-learn's digits elsewhere.
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import sys
import tempfile

import soak_starts

EVERY = ["trainer.batch_size=50", "callbacks.checkpoint.every_steps=7", "figures=[loss_curve]"]
SUBJECTS = {
    "dense": ["experiment=dense_mnist", "trainer.epochs=8", "dataset.limit=1500"],
    "conv": [
        "experiment=conv_mnist",
        "network.decoder_padding=null",
        "trainer.epochs=5",
        "dataset.limit=500",
    ],
    "denoising": ["experiment=denoising_conv_mnist", "trainer.epochs=4", "dataset.limit=300"],
    "vae": ["experiment=vae_mnist", "trainer.epochs=7", "dataset.limit=1500"],
    "factor_vae": [  # two players, each with an optimizer
        "model=factor_vae",
        "model.critic_widths=[32,32]",
        "trainer.epochs=6",
        "dataset.limit=1000",
    ],
    "vq_vae": [  # a codebook of moving averages, with vectors that are made anew
        "model=vq_vae",
        "network.filters=[8,8]",
        "model.codebook_size=64",
        "model.decay=0.9",
        "trainer.epochs=4",
        "dataset.limit=400",
    ],
    "sweep": ["-m", "model=ae,vae", "model.latent_dim=3", "n_jobs=2",
              "trainer.epochs=4", "dataset.limit=400", "trainer.jit_compile=false"],
    "warm": ["-m", "model=ae,vae", "seed=range(0,6)", "model.latent_dim=3", "n_jobs=2",
             "trainer.epochs=4", "dataset.limit=400"],
}  # fmt: skip
ALWAYS = [name for name in SUBJECTS if name != "warm"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--kills-a-run", type=int, default=8)
    parser.add_argument("--subjects", default=",".join(ALWAYS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=float, default=0.05, help="share of console processes")
    parser.add_argument("--json", type=pathlib.Path, help="the report, renewed after each run")
    parser.add_argument("--add", type=pathlib.Path, nargs="+", help="reports to add up")
    stated = parser.parse_args()
    if stated.add:
        return table([json.loads(file.read_text()) for file in stated.add])
    root = pathlib.Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        return table([work(root, stated)])
    finally:
        shutil.rmtree(root)


def work(root: pathlib.Path, stated: argparse.Namespace) -> dict:
    """-> {subject: its count}"""
    soak_starts.warm()
    from soak_subjects import RunSubject, SweepSubject
    from soak_warm import WarmSubject

    keep = pathlib.Path("soak") if stated.json is None else stated.json.with_suffix("")
    subjects = []
    for name in stated.subjects.split(","):
        kind = {"sweep": SweepSubject, "warm": WarmSubject}.get(name, RunSubject)
        arguments = [*SUBJECTS[name], *EVERY, f"dataset={data()}"]
        subjects.append(kind(name, arguments, root, stated.seed, stated.real))
        subjects[-1].prepare()
        print(f"{name}: {subjects[-1].seconds:.1f} s a fork", file=sys.stderr, flush=True)
    number = done = 0
    while done < stated.kills and number < stated.kills:
        for subject in subjects:
            subject.one_run(number, stated.kills_a_run, keep)
            counts = {s.name: dataclasses.asdict(s.count) for s in subjects}
            if stated.json:
                stated.json.write_text(json.dumps({"seed": stated.seed, **counts}, indent=2))
            done = sum(sum(s.count.kills.values()) for s in subjects)
            print(f"{subject.name}: {done} kills in all", file=sys.stderr, flush=True)
            if done >= stated.kills:
                break
        number += 1
    return counts


def data() -> str:
    from aecli.datasets.mnist import Mnist
    from aecli.errors import BadRequest

    try:
        Mnist(limit=10).load()
        return "mnist"
    except BadRequest:
        return "digits"


def table(parts: list[dict]) -> int:
    """Print what all parts found; -> the exit code."""
    print("subject     runs  kills  in a write  signals  processes  epochs lost  corrupt  differing"
          "  failed")  # fmt: skip
    problems, total = [], 0
    for name in SUBJECTS:
        counts = [part[name] for part in parts if name in part]
        if not counts:
            continue
        kills = {}
        for count in counts:
            for way, number in count["kills"].items():
                kills[way] = kills.get(way, 0) + number
        found = {k: [p for c in counts for p in c[k]] for k in ("corrupt", "differing", "failed")}
        lost = max(c["most_epochs_lost"] for c in counts)
        signals = kills.get("SIGTERM", 0) + kills.get("SIGINT", 0)
        print(
            f"{name:10}  {sum(c['runs'] for c in counts):4}  {sum(kills.values()):5}"
            f"  {kills.get('write', 0):10}  {signals:7}  {sum(c['real'] for c in counts):9}"
            f"  {lost:11}  {len(found['corrupt']):7}  {len(found['differing']):9}"
            f"  {len(found['failed']):6}"
        )
        problems += [one for some in found.values() for one in some]
        problems += [f"{name}: {lost} epochs"] if lost > 1 else []
        total += sum(kills.values())
    print("\n".join([*problems, f"{total} kills"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
