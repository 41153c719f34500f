"""Stands in for SLURM's commands: runs what sbatch is given, on this machine.

Linked to as sbatch, srun, sacct and scontrol; FAKE_SLURM is a folder for what it remembers.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

JOB = "1000"


def sbatch(file: str) -> None:
    memory = pathlib.Path(os.environ["FAKE_SLURM"])
    (memory / "script.sh").write_text(pathlib.Path(file).read_text())
    array = re.search(r"--array=0-(\d+)", (memory / "script.sh").read_text())
    for task in range(int(array[1]) + 1) if array else [None]:
        _start(task)
    print(f"Submitted batch job {JOB}")


def scontrol(verb: str, job: str) -> None:
    assert verb == "requeue"
    with (pathlib.Path(os.environ["FAKE_SLURM"]) / "requeued").open("a") as requeued:
        print(job, file=requeued)
    _start(int(job.partition("_")[2]) if "_" in job else None)


def _start(task: int | None) -> None:
    memory = pathlib.Path(os.environ["FAKE_SLURM"])
    environment = os.environ | {"SLURM_JOB_ID": JOB, "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}
    if task is not None:
        environment |= {"SLURM_ARRAY_JOB_ID": JOB, "SLURM_ARRAY_TASK_ID": str(task)}
    subprocess.Popen(
        ["bash", memory / "script.sh"], env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def srun(*words: str) -> None:
    """Options first, each of those that submitit states; then the command."""
    streams = {}
    words = list(words)
    while words[0].startswith("--"):
        name = words.pop(0)
        if name in ("--output", "--error"):
            streams[name] = _opened(words.pop(0))
    memory = pathlib.Path(os.environ["FAKE_SLURM"])
    process = subprocess.Popen(words, stdout=streams["--output"], stderr=streams["--error"])
    (memory / "pids").open("a").write(f"{process.pid}\n")
    sys.exit(process.wait())


def _opened(pattern: str):
    job, task = os.environ["SLURM_JOB_ID"], os.environ.get("SLURM_ARRAY_TASK_ID", "")
    for mark, value in {"%A": job, "%j": job, "%a": task, "%t": "0"}.items():
        pattern = pattern.replace(mark, value)
    pathlib.Path(pattern).parent.mkdir(exist_ok=True)  # submitit may be slower than we
    return open(pattern, "a")


def sacct(*words: str) -> None:
    print("JobID|State|NodeList")
    print(json.dumps(JOB).strip('"') + "|RUNNING|here")


if __name__ == "__main__":
    globals()[pathlib.Path(sys.argv[0]).name](*sys.argv[1:])
