"""aecli train and eval, from the config to the run folder."""

import csv
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from options import options
from safetensors.numpy import load_file

from aecli import build, runs
from aecli.commands import eval as eval_command
from aecli.errors import BadRequest, CannotWrite
from aecli.fit import plan
from aecli.fit.start import train
from aecli.io import request
from aecli.metrics import evaluating

NAMES = {"model": "ae", "dataset": "digits", "noise": "none", "experiment": None}


@pytest.fixture
def trained(compose, tmp_path):
    """trained("model=vae", ...) -> a finished run on a few digits, small and short."""
    short = [
        "trainer.epochs=2",
        "dataset.limit=150",
        f"outputs={tmp_path}",
        "trainer.jit_compile=false",
    ]

    def run(*overrides, **names):
        return train(compose(*short, *overrides), NAMES | names, list(overrides))

    return run


def test_run_folder_is_as_promised(trained, capsys):
    run = trained("model=vae", "noise=gaussian", model="vae", noise="gaussian")
    shown = capsys.readouterr()
    for name in (".hydra/config.yaml", "status.json", "train.log", "history.csv", "metrics.json",
                 "checkpoints/best.keras", "checkpoints/last.safetensors",
                 "figures/loss_curve.png", "figures/reconstructions.png", "figures/latent.png",
                 "figures/manifold.png"):  # fmt: skip
        assert (run.folder / name).stat().st_size > 0, name
    assert not list(run.folder.rglob("*.tmp*"))
    assert run.folder.name.endswith("_vae_digits")
    status = run.status
    assert (status["state"], status["epochs_done"], status["error"]) == ("done", 2, None)

    assert {name: said["unit"] for name, said in status["columns"].items()} == dict.fromkeys(
        ["loss", "reconstruction", "kl"], "nats an image"
    )
    assert "model.warmup_epochs" in status["keeps_measure"]
    assert "model.beta" not in status["keeps_measure"]

    with open(run.folder / "history.csv") as file:
        header, *rows = list(csv.reader(file))
    assert header[:4] == ["epoch", "seconds", "loss", "val_loss"]
    assert header[-1] == "learning_rate"
    assert {"kl", "val_kl", "reconstruction", "val_reconstruction"} < set(header)
    assert [row[0] for row in rows] == ["1", "2"]

    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert set(metrics.pop("about")) == set(metrics)
    assert {"loss", "reconstruction", "kl", "bce", "mse", "psnr"} == set(metrics)
    assert metrics["loss"] == pytest.approx(metrics["reconstruction"] + metrics["kl"], rel=1e-5)
    assert status["val_loss"] == pytest.approx(min(run.history["val_loss"]), rel=1e-5)

    assert "8x8x1 in [0, 1]" in shown.out
    assert str(run.folder) in shown.out
    assert "aecli eval" in shown.out
    assert shown.err.count("epoch ") == 2
    assert "epoch 2/2" in (run.folder / "train.log").read_text()


def test_metrics_are_those_of_the_best_epoch_on_the_test_split(trained):
    run = trained("optimizer.learning_rate=0.01")
    x, target, _ = run.examples("test")
    metrics = json.loads((run.folder / "metrics.json").read_text())
    image = runs.Run(run.folder).model.reconstruct(x)
    assert metrics["mse"] == pytest.approx(float(np.mean((target - image) ** 2)), rel=1e-5)
    assert len(x) == len(run.splits.test)


def test_best_is_the_best_epoch_not_the_last(trained):
    run = trained("optimizer=sgd", "optimizer.learning_rate=5.0", "loss=mse", "trainer.epochs=3",
                  "optimizer.clipnorm=1")  # fmt: skip
    losses = run.history["val_loss"]
    assert run.status["best_epoch"] == 1 + int(np.argmin(losses))
    x, target, _ = run.examples("val")
    assert run.model.score(x, target)["loss"].mean() == pytest.approx(min(losses), rel=1e-4)


def test_same_seed_same_run(trained):
    first, second = (trained("model=vae", "noise=masking") for _ in range(2))
    other = trained("model=vae", "noise=masking", "seed=1")
    assert first.folder != second.folder
    times = {"seconds"}
    kept = [{k: v for k, v in r.history.items() if k not in times} for r in (first, second, other)]
    assert kept[0] == kept[1] != kept[2]
    read = [(r.folder / "metrics.json").read_text() for r in (first, second, other)]
    assert read[0] == read[1] != read[2]


def test_fresh_process_gives_the_same_bits_with_plain_keras(trained, tmp_path):
    run = trained("model=vae")
    x = run.examples("test", n=20)[0]
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np, aecli, keras\n"
        f"m = keras.models.load_model({str(run.folder / 'checkpoints' / 'best.keras')!r})\n"
        f"x = np.load({str(tmp_path / 'x.npy')!r})\n"
        f"np.save({str(tmp_path / 'y.npy')!r}, m.reconstruct(x))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), run.model.reconstruct(x))
    best = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    assert best.beta == 1.0


def test_steps_instead_of_epochs(trained):
    for steps, epochs in ((5, 2), (6, 2), (2, 1)):  # 150 images are 3 steps of 64
        run = trained(f"trainer.steps={steps}", "trainer.batch_size=64")
        assert len(run.history["val_loss"]) == epochs
        state = load_file(run.folder / "checkpoints/last.safetensors")
        iterations = [int(v) for k, v in state.items() if k.endswith("iteration")]
        assert iterations == [steps]


def test_early_stopping_says_why(trained, capsys):
    run = trained("trainer.epochs=30", "callbacks.early_stopping.patience=1",
                  "callbacks.early_stopping.min_delta=5")  # fmt: skip
    assert len(run.history["loss"]) < 30
    assert "callbacks.early_stopping.patience=2" in capsys.readouterr().err


def test_other_callbacks_leave_their_files(trained):
    chosen = [name for name in options("callbacks") if name not in ("mlflow", "wandb")]
    every = ",".join(chosen)  # those two are packages that few have
    run = trained(f"callbacks=[{every}]", "trainer.epochs=1")
    assert list((run.folder / "tensorboard").rglob("events*"))


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["dataset.scale=standard"], "loss=binary_crossentropy needs data in"),
        (["dataset.scale=standard", "loss=mse", "noise=gaussian"], "noise.clip=false"),
        (["network=conv", "network.filters=[8,8,8,8]"], "network.filters"),
        (["callbacks=[checkpoint,csv_log,reduce_on_plateau]", "schedule=cosine"], "schedule=none"),
        (["dataset=npz"], "dataset.path"),
        (["callbacks.early_stopping.patience=abc"], "callbacks.early_stopping.patience must be"),
        (["callbacks.early_stopping.min_delta=-1"], "callbacks.early_stopping.min_delta must be"),
        (["callbacks.checkpoint.every=0"], "callbacks.checkpoint.every must be"),
        (["callbacks.checkpoint.monitor=val_los"], "callbacks.checkpoint.monitor must be one of"),
        (["callbacks.early_stopping.monitor=val_kl"], "one of val_loss, val_reconstruction, loss"),
        (["seed=abc"], "seed must be"),
        (["seed=4000000000"], "seed must be"),
        (["figures.manifold.n=0"], "figures.manifold.n must be"),
    ],
)
def test_a_bad_request_leaves_no_folder(compose, tmp_path, overrides, words):
    with pytest.raises(BadRequest) as refusal:
        train(compose(f"outputs={tmp_path}/out", *overrides), NAMES, [])
    assert words in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written_is_refused(compose, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match=r"outputs=.*cannot be written"):
        train(compose(f"outputs={tmp_path}/file"), NAMES, [])


def test_a_failing_figure_does_not_lose_the_run(trained, monkeypatch, capsys):
    from aecli.figures.latent import Latent

    monkeypatch.setattr(Latent, "__call__", lambda self, run: 1 / 0)
    run = trained()
    assert run.status["state"] == "done"
    assert "figure latent failed: ZeroDivisionError" in capsys.readouterr().err


def test_a_loss_that_explodes_is_a_failed_run(trained, tmp_path):
    from aecli.errors import RunFailed

    with pytest.raises(RunFailed, match=r"learning_rate"):
        trained("optimizer=sgd", "optimizer.learning_rate=1e30", "loss=mse")
    (info,) = runs.list_runs(tmp_path)
    assert info.state == "failed"
    assert info.epochs_done == 0


@pytest.mark.parametrize("name", options("experiment"))
def test_every_experiment_runs_a_few_steps(compose, tmp_path, mnist_like, name):
    small = [
        "trainer.steps=4",
        f"outputs={tmp_path}",
        "trainer.jit_compile=false",
        "trainer.epochs=1",
    ]
    if name != "dense_digits":
        small += ["dataset=npz", f"dataset.path={mnist_like}", "trainer.batch_size=100"]
        small += ["dataset.classes=null"]  # of one class there are fewer than a batch
    run = train(compose(f"experiment={name}", *small), NAMES, [])
    assert run.status["state"] == "done"
    assert np.isfinite(run.history["val_loss"]).all()
    assert "reconstructions.png" in run.status["figures"]


def test_eval_is_the_training_metrics_beside_the_baselines(trained, compose, capsys):
    run = trained()
    config = compose(f"run={run.folder}", command="eval")
    capsys.readouterr()
    eval_command.main(config)
    shown = capsys.readouterr().out
    assert "PCA, 8 components" in shown
    assert "mean image" in shown
    (folder,) = (run.folder / "eval").iterdir()
    values = json.loads((folder / "metrics.json").read_text())
    trained_values = json.loads((run.folder / "metrics.json").read_text())
    assert {k: values[k] for k in trained_values} == trained_values
    assert (
        values["baselines"]["mean image"]["mse"] > values["baselines"]["PCA, 8 components"]["mse"]
    )


def test_eval_with_another_noise_and_dataset(trained, compose, mnist_like):
    run = trained()
    config = compose(f"run={run.folder}", "noise=masking", "noise.rate=0.5", command="eval")
    noisy = evaluating.evaluate(request.opened(config), config)
    clean = evaluating.evaluate(run, config)
    assert "noisy image" in noisy["baselines"]
    assert noisy["mse"] > clean["mse"]
    own = compose(f"run={run.folder}", "dataset=digits", "dataset.limit=150", command="eval")
    assert evaluating.evaluate(request.opened(own), own) == clean  # the run's own seed and split
    other = compose(
        f"run={run.folder}", "dataset=npz", f"dataset.path={mnist_like}", command="eval"
    )
    with pytest.raises(BadRequest, match="28x28x1; this run was trained on 8x8x1"):
        request.opened(other)


@pytest.mark.parametrize(("size", "is_said"), [(8, True), (7, False)])
def test_a_code_that_can_copy_a_row_gets_a_word(compose, tmp_path, size, is_said):
    path = tmp_path / "a.csv"
    rows = np.random.default_rng(0).normal(size=(30, 9))
    np.savetxt(path, rows, delimiter=",", header="a,b,c,d,e,f,g,h,i", comments="")
    words = ("dataset=table", f"dataset.path={path}", "loss=mse", f"model.latent_dim={size}")
    config = compose(*words)
    found = plan.plan(config, build.component(config.dataset, "dataset").load())
    said = [note for note in found.splits.notes if "model.latent_dim=4" in note]
    assert bool(said) == is_said
