"""aecli bench, on a few images: both sides train the same model to about the same loss; suites."""

import json
import math

import numpy as np
import pytest

from aecli import cli
from aecli.console import catalog
from aecli.datasets.mnist import Mnist
from aecli.errors import BadRequest, RunFailed
from aecli.fit import bench, bench_suite


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


OWN = """\
# @package suite.mine
# Mine
train: [dataset=digits, model=vae]
sides: [aecli]
minutes: 9
"""


@pytest.fixture
def suite(monkeypatch, tmp_path, capsys):
    """Types `aecli bench suite ...`, where `took` says what a side does; -> code, JSON, stderr."""
    (tmp_path / "configs" / "suite").mkdir(parents=True)
    (tmp_path / "configs" / "suite" / "mine.yaml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    took = {}

    def measure(side):
        seconds = took[side.config.model._target_.rpartition(".")[2]]
        if isinstance(seconds, BaseException):
            raise seconds
        one = {"first_step_seconds": 2.0, "epoch_seconds": [9.0, seconds], "peak_megabytes": 5,
               "loss": 1.0, "val_loss": 1.0, "unit": "nats an image", "parameters": 7}  # fmt: skip
        return one | ({} if side.by == "aecli" else {"epoch_seconds": [9.0, 4 * seconds]})

    def typed(*words):
        code = cli.dispatch(["bench", "suite", *words])
        (file,) = tmp_path.glob("outputs/*/*_bench_suite/suite.json")
        said = capsys.readouterr()
        return code, json.loads(file.read_text()), said

    monkeypatch.setattr(bench, "_measure", measure)
    return took, typed


def test_a_suite_is_a_table_of_ratios(suite):
    took, typed = suite
    took |= {"AE": 0.5, "VAE": 2.0}
    code, found, said = typed("digits_ae", "mine", "trainer.batch_size=32", "rounds=1")
    assert (code, found["is_complete"], [*found["rows"]]) == (0, True, ["digits_ae", "mine"])
    assert found["rows"]["digits_ae"]["ratios"]["plain"]["ratio"] == 4.0
    assert found["rows"]["mine"]["train"].endswith("model=vae trainer.batch_size=32")
    _, plain, keras, ours = said.out.splitlines()[1].split()
    assert (plain, keras, ours) == ("4.0", "4.0", "0.5")
    assert said.out.splitlines()[2].split()[1:] == ["-", "-", "2"]
    assert all(len(line) <= 80 for line in said.out.splitlines())


def test_what_a_suite_has_timed_is_kept(suite):
    took, typed = suite
    took |= {"AE": 0.5, "VAE": KeyboardInterrupt()}
    code, found, said = typed("mine", "digits_ae", "rounds=1")
    assert (code, found["is_complete"], [*found["rows"]]) == (130, False, ["digits_ae"])
    assert "aecli bench suite mine rounds=1" in said.err


def test_a_row_that_fails_or_lacks_its_data_leaves_the_others(suite, monkeypatch):
    took, typed = suite
    took |= {"AE": RunFailed("no"), "VAE": 2.0}
    monkeypatch.setattr(Mnist, "read", lambda self: (_ for _ in ()).throw(BadRequest("no file")))
    code, found, said = typed("mine", "digits_ae", "dense_mnist")
    assert (code, [*found["rows"]], found["failed"]) == (1, ["mine"], {"digits_ae": "no"})
    assert "dense_mnist is left out: no file" in said.err


def test_what_a_suite_does_not_take(suite, capsys):
    for words, why in (
        (["model=vae"], "the rows of the suite state model themselves"),
        (["dense_mnits"], "did you mean 'dense_mnist'?"),
        (["--", "seed=1"], "a suite has no second setting"),
    ):
        assert cli.dispatch(["bench", "suite", *words]) == 2
        assert why in capsys.readouterr().err


@pytest.mark.slow  # builds 18 models: half a minute
def test_a_plain_script_has_the_layers_of_the_row(suite):
    from aecli import build
    from aecli.console import wanted
    from aecli.fit import plain_script

    names = [option.name for option in catalog.options("suite")]
    made = wanted.checked("bench", [f"suite=[{','.join(names)}]"]).config
    rows = {name: row for name, row in bench_suite.rows(made).items() if "plain" in row.sides}
    assert len(rows) >= 9
    for name, row in rows.items():
        config = build.plain(wanted.checked("bench", row.train).config)
        shape = (8, 8, 1) if name == "digits_ae" else (28, 28, 1)
        model = build.model(config, shape)
        plain, loss, own = plain_script.model(config, shape)
        x = np.full((2, *own), 0.5, "float32")
        assert np.all(np.isfinite(loss(x, plain(x)))), name
        sizes = [[tuple(w.shape) for w in m.trainable_variables] for m in (model, plain)]
        count = [sum(math.prod(shape) for shape in some) for some in sizes]
        assert count[0] == count[1], name
