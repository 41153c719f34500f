"""Sweeps carried out by Hydra's launchers: submitit, on this machine and on SLURM, and Ray."""

import os
import pathlib
import signal
import sys

import pytest
from cli_process import aecli, start, when
from places import SUPPORT

from aecli import dispatch
from aecli.jobs import launcher as launched
from aecli.runs import sweeps

pytestmark = pytest.mark.slow

SMALL = ["dataset.limit=150", "figures=[]", "trainer.jit_compile=false", "trainer.threads=1"]
RATES = ["loss=mse", "optimizer=sgd", "optimizer.learning_rate=1e-3,1e+30"]  # the second diverges

submitit = pytest.mark.skipif(
    not launched._is_installed("hydra_submitit_launcher"), reason="pip install 'aecli[slurm]'"
)
ray = pytest.mark.skipif(
    not launched._is_installed("hydra_ray_launcher"), reason="pip install 'aecli[ray]'"
)


def sweep_in(place: pathlib.Path) -> sweeps.Sweep:
    return sweeps.find("latest", str(place / "outputs"))


@pytest.mark.parametrize(
    "launcher",
    [
        pytest.param(["submitit_local"], marks=submitit),
        pytest.param(["ray_cluster", "hydra.launcher.ray.init.num_cpus=2"], marks=ray),
    ],
    ids=lambda words: words[0],
)
def test_two_jobs_in_folders_of_their_own_the_failed_one_reported(tmp_path, launcher):
    words = [f"hydra/launcher={launcher[0]}", *launcher[1:]]
    process = aecli("train", "-m", *words, *RATES, *SMALL, "trainer.epochs=2", cwd=tmp_path)
    sweep = sweep_in(tmp_path)
    assert [job.folder.name for job in sweep.jobs] == ["01", "02"]
    assert [job.state for job in sweep.jobs] == ["done", "failed"], process.stderr
    assert process.returncode == 1
    failed, again = process.stderr.splitlines()
    said = "failed [2/2] optimizer.learning_rate=1e+30: epoch 1: reconstruction is not finite"
    assert failed.startswith(said)
    assert again.endswith(f"sweep={sweep.folder.relative_to(tmp_path)} {' '.join(words)}")
    assert f"through {launcher[0]}" in process.stdout
    assert "sweep  1 of 2 jobs done" in process.stdout


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> pathlib.Path:
    """A folder that remembers: script.sh, pids, requeued."""
    memory, programs = tmp_path / "memory", tmp_path / "bin"
    memory.mkdir()
    programs.mkdir()
    source = (SUPPORT / "fake_slurm.py").read_text()
    for name in ("sbatch", "srun", "sacct", "scontrol"):
        (programs / name).write_text(f"#!{sys.executable}\n{source}")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_SLURM", str(memory))
    return memory


@submitit
def test_slurm_is_asked_for_what_the_config_says(tmp_path, slurm):
    process = aecli(
        "train", "-m", "hydra/launcher=slurm", "hydra.launcher.partition=night",
        "hydra.launcher.gpus_per_node=1", *RATES, *SMALL, "trainer.epochs=1", cwd=tmp_path,
    )  # fmt: skip
    assert [job.state for job in sweep_in(tmp_path).jobs] == ["done", "failed"], process.stderr
    lines = (slurm / "script.sh").read_text().splitlines()
    asked = dict(li.removeprefix("#SBATCH --").split("=", 1) for li in lines if "#SBATCH" in li)
    folder = sweep_in(tmp_path).folder.relative_to(tmp_path) / ".submitit" / "%A_%a"
    log = str(tmp_path / folder / "%A_%a_0_log")
    assert asked == {
        "array": "0-1%2", "job-name": "aecli", "partition": "night", "time": "240", "nodes": "1",
        "ntasks-per-node": "1", "cpus-per-task": "4", "gpus-per-node": "1", "mem": "8GB",
        "signal": "USR2@120", "open-mode": "append", "wckey": "submitit",
        "output": f"{log}.out", "error": f"{log}.err",
    }  # fmt: skip
    assert sum(line.startswith("srun --unbuffered --output ") for line in lines) == 1


@submitit
def test_a_job_that_slurm_takes_away_goes_on_where_it_was(tmp_path, slurm):
    """As before a time limit: SIGUSR2; the job saves its state and is queued again."""
    length = ["trainer.epochs=40", "callbacks.early_stopping=null"]
    process = start("train", "hydra/launcher=slurm", *SMALL, *length, cwd=tmp_path)
    when(process, lambda: len(list(tmp_path.rglob("01/history.csv"))) > 0)
    os.kill(int((slurm / "pids").read_text()), signal.SIGUSR2)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert (slurm / "requeued").read_text() == "1000\n"
    (job,) = sweep_in(tmp_path).jobs
    assert "resume  after epoch" in (job.folder / "console.txt").read_text()


def test_without_the_extra_it_says_which(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launched, "_is_installed", lambda package: False)
    assert dispatch.run("train", ["-m", "hydra/launcher=slurm", "model=ae,vae"]) == 2
    said = "error: hydra/launcher=slurm needs: pip install 'aecli[slurm]'"
    assert capsys.readouterr().err.strip() == said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("train", ["-m", "hydra/launcher=sorcery", "model=ae,vae"], "hydra/launcher=sorcery"),
        ("eval", ["-m", "hydra/launcher=slurm", "noise=none,gaussian"], "is for aecli train alone"),
    ],
)
def test_bad_requests_leave_nothing(monkeypatch, tmp_path, capsys, command, words, said):
    monkeypatch.chdir(tmp_path)
    assert dispatch.run(command, words) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
