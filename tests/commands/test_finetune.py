"""aecli finetune: what is frozen stays, both see the same batches, plain Keras loads the result."""

import csv
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from aecli import build, runs
from aecli.commands import finetune as command
from aecli.commands.finetune import finetune
from aecli.errors import BadRequest
from aecli.fit import finetuning
from aecli.fit.start import train
from aecli.training import classifier as training
from aecli.training.classifier import Images, Phase, accuracy, classifier, fit

NAMES = {"model": "vae", "dataset": "digits", "noise": "none", "experiment": None}
WORDS = ["model=vae", "model.latent_dim=6", "trainer.epochs=3", "trainer.jit_compile=false"]
FEW = ["labels_per_class=5", "frozen_epochs=2", "epochs=3", "steps_per_epoch=10",
       "learning_rate=0.01", "finetuning_rate=0.005"]  # fmt: skip


@pytest.fixture(scope="module")
def run(compose, tmp_path_factory) -> runs.Run:
    words = [*WORDS, "figures=[]", f"outputs={tmp_path_factory.mktemp('runs')}"]
    return train(compose(*words), NAMES, words)


@pytest.fixture(scope="module")
def done(compose, run):
    return finetune(compose(f"run={run.folder}", *FEW, command="finetune"))


@pytest.fixture
def digits(run):
    """-> training and validation images"""
    train, val = run.splits.train.take(np.arange(50)), run.splits.val
    return Images(train.pixels(), train.labels), Images(val.pixels(), val.labels)


def fresh(run, **config) -> keras.Model:
    return build.model({**run.config, **config}, run.data_shape)


def weights(model) -> list[np.ndarray]:
    return model.get_layer("encoder").get_weights()


def same(one: list, other: list) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# ---- the training --------------------------------------------------------------------------------


def test_a_frozen_encoder_keeps_its_bits_and_an_unfrozen_one_does_not(run, digits):
    model = classifier(fresh(run).encoder, 10, seed=0)
    start, head = weights(model), model.get_layer("label").get_weights()
    fit(model, *digits, [Phase(2, 0.01, frozen=True)], 16, 0, 0, "")
    assert same(weights(model), start)
    assert not same(model.get_layer("label").get_weights(), head)
    fit(model, *digits, [Phase(1, 0.01)], 16, 0, 0, "")
    assert not any(np.array_equal(a, b) for a, b in zip(weights(model), start, strict=True))


def test_the_code_is_the_posterior_mean(run):
    model = classifier(run.model.encoder, 10, seed=0)
    x = run.splits.test.pixels()[:5]
    mean = model.get_layer("encoder").predict(x, verbose=0)
    np.testing.assert_allclose(mean, run.model.encode(x), rtol=1e-5, atol=1e-6)
    assert model.predict(x, verbose=0).sum(axis=1) == pytest.approx(np.ones(5), rel=1e-5)
    heads = [w.path for w in model.get_layer("encoder").weights if "log_var" in w.path]
    assert heads == []


def test_one_starts_from_the_run_and_the_other_anew_with_the_same_new_layer(
    compose, run, monkeypatch
):
    seen = []

    def stop(model, train, val, phases, *rest):
        seen.append((weights(model), model.get_layer("label").get_weights(), train, phases, rest))
        return training.Trained(model, 1, {"val_accuracy": [0.0]})

    monkeypatch.setattr(training, "fit", stop)
    cfg = compose(f"run={run.folder}", *FEW, "seed=3", command="finetune")
    finetuning._trained(cfg, run, None, None)
    (mine, head, _, phases, how), (anew, other_head, _, other_phases, other_how) = seen
    own = keras.models.load_model(run.folder / "checkpoints" / "best.keras").encoder
    assert same(mine[-2:], own.get_layer("mean").get_weights())
    assert not any(np.array_equal(a, b) for a, b in zip(mine, anew, strict=True) if a.any())
    assert same(head, other_head)
    assert how[:-1] == other_how[:-1]  # batch size, steps, seed
    assert sum(p.epochs for p in phases) == sum(p.epochs for p in other_phases) == 5
    assert [p.frozen for p in phases + other_phases] == [True, False, False]
    assert phases[1].learning_rate < phases[0].learning_rate == other_phases[0].learning_rate
    assert same(anew, weights(classifier(fresh(run, seed=3).encoder, 10, 3)))


def test_both_see_the_same_batches_each_epoch_another_order(run, digits, monkeypatch):
    seen = []

    def record(model, train, val, batch_size, order):
        seen.append(order.tolist())
        return {"val_accuracy": 0.0}

    monkeypatch.setattr(training, "_epoch", record)
    for phases in ([Phase(1, 0.1, frozen=True), Phase(2, 0.1)], [Phase(3, 0.1)]):
        fit(classifier(fresh(run).encoder, 10, 0), *digits, phases, 16, 7, 0, "")
    assert seen[:3] == seen[3:]
    passes = [order[i : i + 50] for order in seen[:3] for i in range(0, len(order), 50)]
    assert len(passes) == 9  # 7 steps of 16 need three passes over 50 images
    assert all(sorted(one) == list(range(50)) for one in passes)
    assert len({tuple(one) for one in passes}) == 9


def test_the_epoch_with_the_best_validation_is_kept(run, digits, monkeypatch):
    model = classifier(fresh(run).encoder, 10, 0)
    found, kept = iter([0.3, 0.6, 0.6, 0.5]), []
    original = training._epoch

    def epoch(*arguments):
        original(*arguments)
        kept.append(model.get_weights())
        return {"val_accuracy": next(found)}

    monkeypatch.setattr(training, "_epoch", epoch)
    trained = fit(model, *digits, [Phase(2, 0.01), Phase(2, 0.01)], 16, 0, 0, "")
    assert trained.epoch == 2
    assert same(trained.model.get_weights(), kept[1])
    assert not same(kept[1], kept[2])


# ---- the command ---------------------------------------------------------------------------------


def test_the_files_hold_what_is_said(run, done):
    _, values, folder = done
    names = {"metrics.json", "history.csv", "finetune.png", "classifier.keras"}
    assert {path.name for path in folder.iterdir()} == names
    assert json.loads((folder / "metrics.json").read_text()) == values
    assert (values["train_images"], values["labels"]) == (50, list(range(10)))
    with (folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    for name in ("pretrained", "scratch"):
        curve = [float(row[f"{name}_val_accuracy"]) for row in rows]
        assert values[name]["val_accuracy"] == pytest.approx(max(curve))
        assert values[name]["epoch"] == 1 + int(np.argmax(curve))


def test_plain_keras_loads_the_classifier_and_finds_the_same_accuracy(run, done, tmp_path):
    _, values, folder = done
    test = run.splits.test
    np.savez(tmp_path / "test.npz", x=test.pixels(), y=test.labels)
    code = (
        "import keras, numpy as np\n"
        f"model = keras.models.load_model({str(folder / 'classifier.keras')!r})\n"
        f"test = np.load({str(tmp_path / 'test.npz')!r})\n"
        "found = model.predict(test['x'], verbose=0).argmax(1)\n"
        "print('ACCURACY', float(np.mean(found == test['y'])))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    accuracy_there = float(out.stdout.rpartition("ACCURACY ")[2])
    assert accuracy_there == pytest.approx(values["pretrained"]["test_accuracy"], abs=1e-9)
    assert accuracy_there > 0.3


def test_the_same_words_give_the_same_bits(compose, run, done):
    _, values, folder = finetune(compose(f"run={run.folder}", *FEW, command="finetune"))
    assert values == done[1]
    assert (folder / "history.csv").read_bytes() == (done[2] / "history.csv").read_bytes()


def test_the_run_itself_stays_as_it_was(run, done):
    own = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    assert same(run.model.encoder.get_weights(), own.encoder.get_weights())


def test_labels_are_numbered_from_zero_whatever_they_are(compose, run):
    words = ["dataset=digits", "dataset.classes=[3,8]", *FEW, "frozen_epochs=0", "epochs=2"]
    _, values, _ = finetune(compose(f"run={run.folder}", *words, command="finetune"))
    assert values["labels"] == [3, 8]
    assert values["train_images"] == 10
    assert values["pretrained"]["test_accuracy"] > 0.6


def test_accuracy_is_the_share_that_is_right():
    inputs = keras.Input((1, 1, 3))
    model = keras.Model(inputs, keras.layers.Flatten()(inputs))
    x = np.eye(3, dtype="float32")[:, None, None]
    assert accuracy(model, Images(x, np.array([0, 1, 0]))) == pytest.approx(2 / 3)


def test_what_is_printed(compose, run, done, capsys, monkeypatch):
    monkeypatch.setattr(command, "finetune", lambda cfg: done)
    command.main(compose(f"run={run.folder}", command="finetune"))
    shown = capsys.readouterr().out
    assert "5 labels a class: 50 training images" in shown
    for name in ("pretrained", "scratch"):
        assert f"{100 * done[1][name]['test_accuracy']:.2f} %" in shown


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["labels_per_class=5000"], r"labels_per_class=5000: label \d has \d+ training images\n"),
        (["labels_per_class=0"], "labels_per_class must be"),
        (["epochs=0"], "epochs must be"),
        (["frozen_epochs=-1"], "frozen_epochs must be"),
        (["learning_rate=0"], "learning_rate must be"),
        (["batch_size=1.5"], "batch_size must be"),
        (["dataset=digits", "dataset.classes=[3]"], "two labels at least.* have one, 3"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_written(compose, run, words, text):
    there = set(run.folder.rglob("*"))
    with pytest.raises(BadRequest, match=text):
        finetune(compose(f"run={run.folder}", *words, command="finetune"))
    assert set(run.folder.rglob("*")) == there
