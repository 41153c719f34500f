"""aecli bench, on a few images: both sides train the same model to about the same loss."""

import json

import pytest

from aecli import cli
from aecli.commands import bench


@pytest.mark.slow
def test_bench_of_a_small_run(console, tmp_path):
    import subprocess

    words = ["rounds=1", "timed=1", "dataset.limit=200", "trainer.batch_size=50", "--json"]
    done = subprocess.run(
        [console, "bench", *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    figures = json.loads(done.stdout)
    assert figures["ratio"] == pytest.approx(
        figures["keras"]["epoch_seconds"] / figures["aecli"]["epoch_seconds"]
    )
    assert figures["keras"]["val_loss"] == pytest.approx(figures["aecli"]["val_loss"], rel=0.03)
    (file,) = tmp_path.glob("outputs/*/*_bench_ae_digits/bench.json")
    assert json.loads(file.read_text())["ratio"] == figures["ratio"]


def test_summary_leaves_the_first_epoch_out_and_takes_medians():
    one = {"first_step_seconds": 2.0, "epoch_seconds": [9.0, 1.0, 3.0], "peak_megabytes": 5,
           "loss": 1.0, "val_loss": 1.0, "unit": "nats an image"}  # fmt: skip
    fast = one | {"epoch_seconds": [9.0, 0.5, 0.5, 0.5]}
    slow = one | {"epoch_seconds": [9.0, 3.0]}
    counts = {"keras": 100, "aecli": 100}
    figures = bench.summary({"keras": [one, slow], "aecli": [fast, fast]}, counts)
    assert figures["ratio"] == 6.0
    assert figures["ratio_range"] == [4.0, 6.0]
    assert figures["keras"]["epoch_seconds_range"] == [1.0, 3.0]
    assert figures["aecli"]["images_a_second"] == 200


def test_the_second_setting_is_the_first_with_other_words(monkeypatch, tmp_path, capsys):
    seen = []

    def measure(side):
        seen.append(side.config)
        seconds = [9.0, 1.0 if side.config.trainer.jit_compile else 3.0]
        return {"first_step_seconds": 2.0, "epoch_seconds": seconds, "peak_megabytes": 5,
                "loss": 1.0, "val_loss": 1.0, "unit": "nats an image"}  # fmt: skip

    monkeypatch.setattr(bench, "_measure", measure)
    monkeypatch.chdir(tmp_path)
    words = ["model.latent_dim=3", "rounds=1", "--", "trainer.jit_compile=false", "seed=1"]
    assert cli.dispatch(["bench", *words]) == 0
    said = capsys.readouterr().out
    assert "takes 0.33 times as long an epoch as with trainer.jit_compile=false seed=1" in said
    assert [c.model.latent_dim for c in seen] == [3, 3]
    assert [(c.trainer.jit_compile, c.seed) for c in seen] == [("auto", 0), (False, 1)]
    for wrong in (["--"], ["--", "--help"], ["--", "modle=ae"]):
        assert cli.dispatch(["bench", *wrong]) == 2
