"""Every command on a model that is told labels: those of images, one that is stated, or none."""

import numpy as np
import pytest
from figures_run import cell, picture_of
from sklearn.datasets import load_digits

from aecli import runs
from aecli.commands import traverse as traverse_command
from aecli.commands.decode import decode
from aecli.commands.denoise import denoise
from aecli.commands.detect import detect
from aecli.commands.encode import encode
from aecli.commands.export import export
from aecli.commands.finetune import finetune
from aecli.commands.generate import generate
from aecli.commands.interpolate import interpolate
from aecli.commands.probe import probe
from aecli.commands.reconstruct import reconstruct
from aecli.console.arguments import parse
from aecli.console.compose import composed
from aecli.errors import BadRequest, NotApplicable
from aecli.figures import interpolation, traversal
from aecli.figures.manifold import Manifold
from aecli.figures.samples import Samples
from aecli.fit.start import train
from aecli.io import formats
from aecli.metrics.evaluating import evaluate

NAMES = {"model": "cvae", "dataset": "npz", "noise": "none", "experiment": None}
DIGITS = load_digits()
TEXTS = np.array(["nought", "one", "two"])  # in alphabetical order, as the numbers 0, 1, 2
ROWS = np.flatnonzero(DIGITS.target < 3)[:240]
X, Y = DIGITS.images[ROWS].astype("uint8") * 15, TEXTS[DIGITS.target[ROWS]]


@pytest.fixture(scope="module")
def run(compose, tmp_path_factory) -> runs.Run:
    root = tmp_path_factory.mktemp("cvae")
    np.savez(root / "data.npz", x=X, y=Y)
    words = ["model=cvae", "model.latent_dim=2", "dataset=npz", f"dataset.path={root}/data.npz",
             "trainer.epochs=2", "trainer.batch_size=32", "trainer.jit_compile=false",
             "network.widths=[16]", f"outputs={root}/runs"]  # fmt: skip
    return train(compose(*words), NAMES, words)


@pytest.fixture
def ask(compose, run, tmp_path, monkeypatch):
    """ask(generate, "generate", "n=4") -> what the command gives, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    np.savez("none.npz", x=X[:5])
    np.savez("some.npz", x=X[:5], y=Y[:5])
    np.savez("other.npz", x=X[:5], y=np.array(["one", "nine", "two", "one", "one"]))
    return lambda main, name, *words: main(compose(f"run={run.folder}", *words, command=name))


def stored(path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)


def test_a_training_leaves_every_figure_and_metric(run):
    assert run.status["warnings"] == []
    drawn = ["loss_curve", "reconstructions", "latent", "manifold", "codes", "samples"]
    assert sorted(run.status["figures"]) == sorted(f"{name}.png" for name in drawn)
    x, target, labels = run.examples("test")
    values = evaluate(run, run_config("card=full", "metrics.bounds.k=3", "metrics.samples.steps=5"))
    assert values["failed"] == {}
    of_factors = {"beta_vae_score", "factor_vae_score", "mig", "sap", "dci"}
    of_factors |= {"modularity", "explicitness", "irs"}
    assert set(values["not_applicable"]) == {"codebook", "dictionary", "outliers", *of_factors}
    assert "told no labels" in values["not_applicable"]["outliers"]
    scores = run.model.score(x, target, label=labels)
    assert values["loss"] == pytest.approx(scores["loss"].mean(), rel=1e-5)
    assert values["kl_largest"] + values["kl_smallest"] == pytest.approx(
        scores["kl"].mean(), rel=1e-5
    )
    assert abs(values["elbo"] + values["loss"]) < 0.5  # three draws and one of the same posterior
    assert any("told the label" in line for line in values["notes"]["codes"])


def run_config(*words):
    return composed("eval", parse("eval", list(words)).overrides).config


def test_generate_takes_each_label_in_turn_or_the_one_stated(ask, run):
    made = stored(ask(generate, "generate", "n=7"))
    assert made["label"].tolist() == ["nought", "one", "two", "nought", "one", "two", "nought"]
    expected = run.model.decode(made["code"], label=np.arange(7) % 3)
    np.testing.assert_allclose(made["x"], expected, atol=1e-6)
    path = ask(generate, "generate", "n=4", "label=two", "sampler=gmm", "sampler.components=2")
    made = stored(path)
    assert made["label"].tolist() == ["two"] * 4
    np.testing.assert_allclose(made["x"], run.model.decode(made["code"], 2), atol=1e-6)
    np.testing.assert_array_equal(
        stored(ask(generate, "generate", "n=1", "label=1"))["label"], "one"
    )
    again = stored(ask(reconstruct, "reconstruct", f"input={path}"))  # what it wrote is read
    assert again["label"].tolist() == ["two"] * 4


def test_images_are_encoded_with_their_own_labels_and_decoded_with_the_stated_one(ask, run):
    x, _, labels = run.examples("test")
    codes = run.model.encode(x, label=labels)
    own, as_two = (stored(ask(reconstruct, "reconstruct", *w)) for w in ([], ["label=two"]))
    np.testing.assert_array_equal(own["label"], TEXTS[labels])
    np.testing.assert_allclose(own["x"], run.model.decode(codes, labels), atol=1e-6)
    np.testing.assert_allclose(as_two["x"], run.model.decode(codes, 2), atol=1e-6)
    assert set(as_two["label"]) == {"two"}
    assert np.abs(own["x"] - as_two["x"]).max() > 1e-3
    made, _ = ask(denoise, "denoise", "noise=gaussian")
    noisy = run.replacing_data(noise=run_config("noise=gaussian").noise).examples("test")[0]
    expected = run.model.reconstruct(noisy, labels)
    np.testing.assert_allclose(stored(made)["x"], expected, atol=1e-5)
    done = ask(detect, "detect", "score=elbo", "normal=[one]", "output=scores.npz")
    assert 0 <= done.values["auroc"] <= 1
    assert stored("scores.npz")["label"].tolist() == TEXTS[labels].tolist()
    rows = ask(probe, "probe", "draws=1", "labels_per_class=[5]")[1]["rows"]
    assert rows[0]["features"] == "code, 2 numbers"


@pytest.mark.parametrize("suffix", ["npz", "csv", "parquet"])
def test_codes_have_their_labels_beside_them(ask, run, suffix):
    file = ask(encode, "encode", f"output=codes.{suffix}")
    x, _, labels = run.examples("test")
    expected = run.model.reconstruct(x, label=labels)
    np.testing.assert_allclose(stored(ask(decode, "decode", f"input={file}"))["x"], expected,
                               atol=1e-5)  # fmt: skip
    codes = run.model.encode(x, label=labels)
    made = stored(ask(decode, "decode", f"input={file}", "label=one"))["x"]
    np.testing.assert_allclose(made, run.model.decode(codes, 1), atol=1e-5)
    np.save("codes.npy", codes)
    with pytest.raises(BadRequest, match=r"codes.npy has none\nstate one for all, as in label=n"):
        ask(decode, "decode", "input=codes.npy")


def test_traverse_holds_the_label(ask, run, monkeypatch):
    drawn, grid = [], traversal.grid
    monkeypatch.setattr(traversal, "grid", lambda *a: drawn.append(grid(*a)) or drawn[-1])
    x, _, labels = run.examples("test")
    code = run.model.encode(x[4:5], label=labels[4:5])
    middle = run.model.encode(x, label=labels).mean(axis=0, keepdims=True)
    cases = {"image=4": labels[4], "image=null": 0, "image=4 label=two": 2, "image=null label=1": 1}
    for words, label in cases.items():
        _, units = ask(traverse_command.traverse, "traverse", "steps=3", "span=1", *words.split())
        z = middle.copy() if "null" in words else code.copy()
        z[0, int(units["unit"][0][2])] = -1
        shown = cell(picture_of(drawn[-1]), 0, 0, (8, 8), 1)
        np.testing.assert_allclose(shown, run.model.decode(z, label)[0, ..., 0], atol=1e-5)
        assert drawn[-1].axes[0].get_title().endswith(f"; label {TEXTS[label]}")


def test_on_the_way_from_one_image_to_another_the_nearer_end_says_the_label(ask, run, monkeypatch):
    seen, strip = [], interpolation.strip
    monkeypatch.setattr(interpolation, "strip", lambda *a: seen.append(a[2:]) or strip(*a))
    x, _, labels = run.examples("test")
    pair = [np.flatnonzero(labels == label)[0] for label in (0, 2)]
    a, b = run.model.encode(x[pair], label=labels[pair])
    z = np.array([a, a + 0.25 * (b - a), (a + b) / 2, a + 0.75 * (b - a), b])
    ask(interpolate, "interpolate", "labels=[nought,two]", "steps=5", "gif=false")
    made, names = seen[0]
    np.testing.assert_allclose(
        made["linear"], run.model.decode(z, np.array([0, 0, 2, 2, 2])), atol=1e-5
    )
    ask(interpolate, "interpolate", "labels=[nought,two]", "steps=5", "gif=false", "label=one")
    made, names = seen[1]
    np.testing.assert_allclose(made["linear"], run.model.decode(z, 1), atol=1e-5)
    assert names[1].endswith("decoded with label one")


def test_samples_have_a_row_a_label_and_the_manifold_one_label(run):
    figure = Samples(n=4)(run)
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == [f"label {text}" for text in TEXTS]
    codes = np.asarray(run.model.sample_prior(4, 0))
    shown = cell(picture_of(figure), 2, 3, (8, 8), 1)
    np.testing.assert_allclose(shown, run.model.decode(codes[3:], 2)[0, ..., 0], atol=1e-5)
    for label, number in ((None, 0), ("two", 2)):
        figure = Manifold(n=3, range=[-1.0, 1.0], label=label)(run)
        assert figure.axes[0].get_title().endswith(f"label {TEXTS[number]}")
        middle = cell(picture_of(figure), 1, 1, (8, 8), 1)
        expected = run.model.decode(np.zeros((1, 2)), number)[0, ..., 0]
        np.testing.assert_allclose(middle, expected, atol=1e-5)


FILE_COMMANDS = {
    "encode": encode, "reconstruct": reconstruct, "denoise": denoise, "detect": detect,
    "interpolate": interpolate, "traverse": traverse_command.traverse,
}  # fmt: skip


@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_a_file_without_labels_is_refused_or_has_the_stated_one(ask, run, name):
    before = set(run.folder.rglob("*"))
    for words, said in {
        "input=none.npz": "none.npz has none\nstate one for all, as in label=nought, or give",
        "input=other.npz": "other.npz has labels that the training did not know: 3 (nine)",
        "input=none.npz label=nine": "label=nine: the training knew 0 (nought), 1 (one), 2 (two)",
        "input=none.npz label=3": "label=3: the training knew",
    }.items():
        with pytest.raises(BadRequest) as refusal:
            ask(FILE_COMMANDS[name], name, *words.split())
        assert said in str(refusal.value)
        assert len(str(refusal.value).splitlines()) <= 2
    if name in ("encode", "denoise", "detect"):
        with pytest.raises(BadRequest, match="labels of their own\nleave it out"):
            ask(FILE_COMMANDS[name], name, "input=some.npz", "label=two")
    assert set(run.folder.rglob("*")) == before
    ask(FILE_COMMANDS[name], name, "input=none.npz", "label=two")
    ask(FILE_COMMANDS[name], name, "input=some.npz")


def test_the_stated_label_is_that_of_all_images_of_a_file(ask, run):
    made = stored(ask(encode, "encode", "input=none.npz", "label=two"))
    x = X[:5, ..., None] / np.float32(255)
    np.testing.assert_allclose(made["code"], run.model.encode(x, label=2), atol=1e-5)
    assert made["label"].tolist() == ["two"] * 5


def test_fine_tuning_says_why_not(ask):
    with pytest.raises(NotApplicable, match="told no labels"):
        ask(finetune, "finetune")


def test_a_model_that_is_told_no_labels_refuses_one(compose, tmp_path):
    import fresh_run

    folder = fresh_run.folder(compose, tmp_path, "model=vae")
    for main, name in ((generate, "generate"), (encode, "encode"), (reconstruct, "reconstruct")):
        with pytest.raises(BadRequest, match="label=3: this model is told no labels\nleave it out"):
            main(compose(f"run={folder}", "label=3", command=name))


@pytest.mark.parametrize("format", formats.FORMATS)
def test_an_exported_part_takes_the_label_too(ask, run, format):
    kind = formats.FORMATS[format]
    try:
        kind.check()
    except BadRequest:
        pytest.skip("pip install 'aecli[export]'")
    folder, differences = ask(export, "export", f"format={format}", "output=made")
    assert max(differences.values()) < 1e-3
    x, _, labels = run.examples("test", n=7)
    label = labels.astype("int32")
    opened = {name: kind.open(folder / f"{name}{kind.suffix}") for name in differences}
    codes = opened["encoder"](255 * x, label)
    np.testing.assert_allclose(codes, run.model.encode(x, label=label), atol=1e-4)
    made = 255 * run.model.reconstruct(x, label)
    np.testing.assert_allclose(opened["decoder"](codes, label), made, atol=1e-2)
    np.testing.assert_allclose(opened["autoencoder"](255 * x, label), made, atol=1e-2)
    source = (folder / "load.py").read_text()
    assert "labels = np.array([0, 0]" in source
    exec(compile(source, str(folder / "load.py"), "exec"), {"__file__": str(folder / "load.py")})
