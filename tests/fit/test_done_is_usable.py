"""A run that says it is done can be opened, evaluated and resumed: whatever else is no `done`."""

import errno
import json
import tempfile

import pytest

from aecli import dispatch, runs
from aecli.console.catalog import user_configs
from aecli.errors import BadRequest, RunFailed
from aecli.metrics.objective import Objective
from aecli.metrics.pixels import Pixels
from aecli.untrusted import keras_file

ONE = ["dataset.limit=80", "trainer.epochs=1", "trainer.jit_compile=false", "figures=[]"]


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")


@pytest.mark.parametrize("feed", ["resident", "streaming"])
def test_a_full_temporary_folder_costs_nothing(lab, monkeypatch, feed):
    for name in ("mkstemp", "mkdtemp", "TemporaryFile", "NamedTemporaryFile", "TemporaryDirectory"):
        monkeypatch.setattr(tempfile, name, full)
    every = "metrics=[posterior,bounds,ssim]"
    words = ["model=vae", f"trainer.feed={feed}", "trainer.epochs=1", "figures=[]", every]
    folder = lab.train(*words)
    run = runs.Run(folder)
    assert run.status["state"] == "done"
    assert run.status["warnings"] == []
    metrics = json.loads((folder / "metrics.json").read_text())
    assert {"loss", "kl", "mse", "ssim", "elbo"} <= metrics.keys()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["optimizer=sgd", "optimizer.nesterov=nan"], "optimizer.nesterov must be a valid boolean"),
        (["optimizer=sgd", "optimizer.nesterov=1"], "optimizer.nesterov must be a valid boolean"),
        (["optimizer.epsilon=9223372036854775808"], "optimizer.epsilon is too large a number"),
        (["model=vae", "model.beta=1e300"], "model.beta is too large a number"),
        (
            ["callbacks=reduce_on_plateau", "callbacks.reduce_on_plateau.patience=1e20"],
            "callbacks.reduce_on_plateau.patience must be",
        ),
        (["callbacks.checkpoint=null"], "callbacks.checkpoint cannot be left out"),
        (["~callbacks.checkpoint"], "callbacks.checkpoint cannot be left out"),
        (["callbacks.csv_log=null"], "callbacks.csv_log cannot be left out"),
        (["callbacks.csv_log=all"], "callbacks.csv_log has no _target_"),
        (["trainer.threads=-1"], "trainer.threads must be greater than or equal to 1; got -1"),
        (["trainer.threads=1000000"], "trainer.threads must be less than or equal to 1024"),
        (["metrics.pixels.peak=1e-320"], "metrics.pixels.peak must be greater than or equal to"),
        (["n_jobs=-1"], "n_jobs must be a whole number of 1 or more, 1024 at most; got -1"),
        (["gpus=[a]"], "gpus must be a list of their numbers"),
        (["resume=3"], "resume must be a valid string; got 3"),
        (["outputs=2026"], "outputs must be a valid string; got 2026"),
        ([f"outputs={'x' * 300}"], "has more than 255 bytes"),
        (["callbacks=[0.5]"], "a group takes the name of an option"),
    ],
)
def test_what_no_run_could_keep_is_refused_before_it_begins(
    tmp_path, monkeypatch, capsys, words, said
):
    monkeypatch.chdir(tmp_path)
    assert user_configs() is None
    assert dispatch.run("train", [*ONE, *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) <= 2
    assert not list(tmp_path.iterdir())


def test_a_model_that_cannot_be_read_back_is_a_failed_run(lab, monkeypatch):
    monkeypatch.setattr(keras_file, "save", lambda model, path: path.write_bytes(b"PK"))
    with pytest.raises(RunFailed, match=r"the trained model cannot be read back: .*best\.keras"):
        lab.train("trainer.epochs=1")
    (info,) = runs.list_runs(lab.root)
    assert info.state == "failed"
    assert "cannot be read back" in runs.read_status(info.folder)["error"]


def test_metrics_that_all_fail_are_a_failed_run(lab, monkeypatch):
    def broken(self, evaluation):
        raise ArithmeticError("no numbers today")

    monkeypatch.setattr(Pixels, "__call__", broken)
    folder = lab.train("trainer.epochs=1")
    assert "pixels failed" in runs.read_status(folder)["warnings"][0]
    monkeypatch.setattr(Objective, "__call__", broken)
    with pytest.raises(RunFailed, match=r"no metric .*: metric objective failed: .*no numbers"):
        lab.train("trainer.epochs=1")
    failed = [info for info in runs.list_runs(lab.root) if info.state == "failed"]
    assert len(failed) == 1
    monkeypatch.undo()
    resumed = lab.resume(failed[0].folder)  # nothing is left to train: the metrics are made up for
    assert runs.read_status(resumed)["state"] == "done"
    assert "loss" in json.loads((resumed / "metrics.json").read_text())
    whole = json.loads((folder / "metrics.json").read_text())
    assert json.loads((resumed / "metrics.json").read_text())["loss"] == whole["loss"]


@pytest.mark.parametrize("words", [["callbacks=tensorboard"], ["callbacks=[]", "metrics=ssim"]])
def test_a_choice_adds_to_what_no_run_can_do_without(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    assert dispatch.run("train", [*ONE, *words]) == 0
    said = capsys.readouterr().out
    assert "checkpoints/best.keras  history.csv  metrics.json  train.log" in said
    (info,) = runs.list_runs("outputs")
    run = runs.Run(info.folder)
    assert run.model.built
    values = json.loads((info.folder / "metrics.json").read_text())
    assert {"loss", "bce", "mse", "psnr"} <= values.keys()
    assert ("ssim" in values) == ("metrics=ssim" in words)
    assert (info.folder / "tensorboard").is_dir() == ("callbacks=tensorboard" in words)
    assert dispatch.run("train", ["resume=latest", "trainer.epochs=2"]) == 0
    assert runs.read_status(info.folder)["epochs_done"] == 2


def test_checked_values_are_those_that_are_used(lab, compose):
    """Whole numbers where a float is declared: Keras takes no others."""
    from aecli import build

    words = ["optimizer=rmsprop", "optimizer.learning_rate=1", "optimizer.momentum=0"]
    built = build.optimizer(compose(*words, "optimizer.epsilon=1"), 10, 10)
    config = built.get_config()
    assert [type(config[name]) for name in ("momentum", "epsilon", "rho")] == [float] * 3
    assert float(built.learning_rate.numpy()) == 1.0
    noise = build.component(compose("noise=gaussian", "noise.stddev=1").noise, "noise")
    assert (noise.stddev, type(noise.stddev)) == (1.0, float)
    assert type(noise.get_config()["stddev"]) is float
    model = build.model(compose("model=vae", "model.beta=4"), (8, 8, 1))
    assert (model.beta, type(model.beta)) == (4.0, float)
    folder = lab.train(*words, "optimizer.learning_rate=0.5", "trainer.epochs=1")
    assert runs.read_status(folder)["state"] == "done"


def test_the_reader_of_stored_configs_is_asked_before_the_training(compose):
    from aecli import build

    for override, said in (
        ("dataset.limit=9223372036854775808", "dataset.limit is too large a number"),
        ("loss={_target_:x,a:[.inf]}", "loss.a is no finite number"),
    ):
        with pytest.raises(BadRequest, match=said):
            build.refuse_unstorable(compose(override) if "limit" in override else _with(compose))


def _with(compose):
    config = compose()
    config.loss = {"_target_": "x", "a": [float("inf")]}
    return config
