"""aecli bench, on a few images: both sides train the same model to about the same loss."""

import json

import pytest

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
    figures = bench.summary({"keras": [one, one], "aecli": [fast]}, images=100)
    assert figures["ratio"] == 4.0
    assert figures["keras"]["epoch_seconds_range"] == [1.0, 3.0]
    assert figures["aecli"]["images_a_second"] == 200
