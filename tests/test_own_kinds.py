"""docs/own, copied as a user would: a component of each kind that aecli does not have.

Each is trained, resumed, evaluated, reloaded by plain Keras, and its formula holds.
"""

import ast
import csv
import importlib
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from cli_script import run
from places import ROOT, SUPPORT

from aecli import build, cli, runs
from aecli.divergences import gaussian_kl_between_units
from aecli.errors import BadRequest
from aecli.models.batch import Batch
from aecli.proofs import generic

OWN = ROOT / "docs" / "own"
MODULES = sorted(path.stem for path in OWN.glob("*.py"))
SMALL = [
    "dataset.limit=150", "network.widths=[16]", "trainer.jit_compile=false", "figures=[]",
    "trainer.batch_size=75", "optimizer=sgd", "optimizer.learning_rate=1e-3",
]  # fmt: skip
INSIDE = ["model/posterior=radial", "model/prior=laplace", "model/anneal=sigmoid"]
RUNS = {  # and the columns of its history that no model of aecli's has
    "bn_vae": ([], {"active_units", "val_active_units"}),
    "label_prior": ([], {"kl"}),
    "renyi_vae": ([*INSIDE, "model.warmup_epochs=2", "model.k=2"], {"tightening"}),
    "wae_gan": (["model.critic_widths=[16]"], {"adversarial", "critic_loss"}),
    "weighted_ladder": (["model.latent_dim=4", "model.upper_dims=[2]"], {"kl_1", "kl_2"}),
}
B, D = 6, 3


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A user's folder: the working directory, of whose modules aecli may import those named."""
    folder = shutil.copytree(OWN, tmp_path_factory.mktemp("user") / "mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        patch.setenv("AECLI_PLUGINS", ",".join(MODULES))
        yield folder
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture
def own(place):
    """own("radial") -> the module."""
    return importlib.import_module


@pytest.fixture
def made(place, compose):
    """made("model=bn_vae", ...) -> a small model for digits, of 10 labels."""
    return lambda *words: build.model(compose(*words, "network.widths=[16]"), (8, 8, 1), 10)


def whole(model, x) -> Batch:
    label = None if model.label_count is None else np.arange(len(x), dtype="int32") % 10
    return Batch(x, x, model.frozen_draws(len(x)), 0.5, label)


def losses(model, x):
    """-> loss and terms of images, as in evaluation."""
    batch = whole(model, x)
    loss, terms, _ = model.objective(batch, model.forward(batch))
    return np.asarray(loss), {name: np.asarray(term) for name, term in terms.items()}


def normals(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype="float32")


# ---- as a user types it --------------------------------------------------------------------------


def done(*words) -> None:
    assert cli.dispatch([*map(str, words)]) == 0


@pytest.fixture(scope="module")
def trained(place):
    """{model: the folder of a run of 2 epochs that went on to 3, and was evaluated}"""
    folders = {}
    for name, (words, _) in RUNS.items():
        done("train", f"model={name}", *words, *SMALL, "trainer.epochs=2", f"outputs={name}")
        (folders[name],) = (place / name).glob("*/*")
        done("train", f"resume={folders[name]}", "trainer.epochs=3")
        done("eval", f"run={folders[name]}")
    return folders


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_trained_resumed_and_evaluated(name, trained, images):
    folder = trained[name]
    rows = [*csv.DictReader((folder / "history.csv").open())]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert RUNS[name][1] <= rows[0].keys()
    (metrics,) = folder.glob("eval/*/metrics.json")
    model = runs.Run(folder).model
    assert math.isfinite(json.loads(metrics.read_text())["loss"])
    for proof in generic.proofs(name, generic.Case(model, images[:30])):
        assert proof.what in generic.SLOPE or (found := proof.find()).holds, (proof.what, found)


LOAD = """
import bn_vae, label_prior, laplace, radial, renyi_vae, sigmoid, wae_gan, weighted_ladder
import aecli, keras, json, sys
import numpy as np

x = np.load("x.npy")
for name, file in json.load(open("files.json")).items():
    model = keras.models.load_model(file)
    label = None if model.label_count is None else np.arange(3)
    found = model.reconstruct(x, label)
    np.testing.assert_allclose(found, np.load(f"{name}.npy"), rtol=1e-4, atol=1e-5)
    print(name, type(model).__module__)
"""


@pytest.mark.slow
def test_plain_keras_loads_them_in_a_fresh_process(trained, place, images):
    np.save(place / "x.npy", images[:3])
    for name, folder in trained.items():
        model = runs.Run(folder).model
        label = None if model.label_count is None else np.arange(3)
        np.save(place / f"{name}.npy", model.reconstruct(images[:3], label))
    files = {name: str(folder / "checkpoints/best.keras") for name, folder in trained.items()}
    (place / "files.json").write_text(json.dumps(files))
    answer = run([sys.executable, "-c", LOAD], place)
    assert answer.stdout.split() == [word for name in RUNS for word in (name, name)], answer.stderr


@pytest.mark.slow
def test_new_images_of_a_kernel_density_are_kept_as_numbers(trained, place):
    run = trained["wae_gan"]
    for path in ("one.npz", "two.npz"):
        done("generate", f"run={run}", "sampler=kde", "n=4", f"output={path}")
    with np.load(run / "samplers" / "kde" / "all.npz") as stored:
        assert stored["codes"].shape == (150, 8)
    codes = [np.load(place / path)["code"] for path in ("one.npz", "two.npz")]
    np.testing.assert_array_equal(*codes)


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_they_are_exported(name, trained, place):
    """Export itself refuses what does not give Keras's numbers."""
    pytest.importorskip("tf2onnx")
    done("export", f"run={trained[name]}", "format=onnx", f"output={name}_onnx")
    made = {path.name for path in (place / f"{name}_onnx").iterdir()}
    assert made == {"encoder.onnx", "decoder.onnx", "autoencoder.onnx", "load.py"}


def test_they_are_listed(place, capsys):
    for group in ("model", "model/posterior", "model/prior", "model/anneal", "sampler"):
        names = [path.stem for path in (OWN / "configs" / group).glob("*.yaml")]
        done("list", group)
        assert {*names} <= {*capsys.readouterr().out.split()}


@pytest.mark.slow
def test_two_devices_share_a_batch(place):
    """The same history, up to rounding; bn_vae knows its batch as a whole."""
    jobs = {}
    for name, (words, _) in RUNS.items():
        given = [f"model={name}", *words, *SMALL, "trainer.epochs=2", "trainer.threads=1"]
        jobs[name] = [*given, f"outputs=alone/{name}"]
        jobs[f"{name}_shared"] = [*given, f"outputs=shared/{name}", "trainer.strategy=mirrored"]
    path = os.pathsep.join([str(place), str(ROOT)])
    answer = subprocess.run(
        [sys.executable, SUPPORT / "two_devices_many.py"], input=json.dumps(jobs), text=True,
        capture_output=True, cwd=place, env=os.environ | {"PYTHONPATH": path}, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    folders = json.loads(answer.stdout.splitlines()[-1])
    for name in RUNS:
        one, other = (
            [*csv.DictReader((pathlib.Path(place, folders[key]) / "history.csv").open())]
            for key in (name, f"{name}_shared")
        )
        for row, same in zip(one, other, strict=True):
            for column in row.keys() - {"seconds"}:
                wanted = pytest.approx(float(row[column]), rel=1e-4, abs=1e-5)
                assert float(same[column]) == wanted, column


# ---- what is stated of them ----------------------------------------------------------------------


def lengths(path: pathlib.Path) -> tuple[int, int]:
    """The lines of code of a module, without blank ones and docstrings, and those of the file."""
    text = path.read_text()
    lines = text.splitlines()
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    first = [node.body[0] for node in nodes if ast.get_docstring(node) is not None]
    of_docstrings = {i for node in first for i in range(node.lineno, node.end_lineno + 1)}
    code = [i for i, line in enumerate(lines, 1) if line.strip() and i not in of_docstrings]
    return len(code), len(lines)


def test_the_table_states_their_lengths():
    text = (OWN / "README.md").read_text()
    stated = re.findall(r"^\|.*?\| `(\w+)\.py` \| (\d+) \| (\d+) \|", text, re.MULTILINE)
    assert {name: (int(code), int(file)) for name, code, file in stated} == {
        path.stem: lengths(path) for path in OWN.glob("*.py")
    }
    assert max(code for code, _ in map(lengths, OWN.glob("*.py"))) <= 60


def test_nothing_private_of_aecli_is_used():
    for path in OWN.glob("*.py"):
        text = path.read_text()
        assert not re.findall(r"(?:import|self|super\(\)\.?|\w)\s*[ .]_[a-z]\w*", text), path.name


# ---- their formulas ------------------------------------------------------------------------------


def test_radial_flows_have_the_log_det_of_their_jacobian(own):
    posterior = own("radial").Radial(flows=3)
    layer = posterior.layer((D,))
    heads = {
        name: tf.constant(normals(B, size, seed=i))
        for i, (name, (size, _)) in enumerate(posterior.heads(D).items())
    }
    z = tf.constant(normals(B, D, seed=9))
    with tf.GradientTape() as tape:
        tape.watch(z)
        moved, log_det = layer.pushed(z, heads)
    truth = np.linalg.slogdet(tape.batch_jacobian(moved, z))
    assert (truth.sign == 1).all()
    assert np.abs(truth.logabsdet).mean() > 0.1
    np.testing.assert_allclose(log_det, truth.logabsdet, atol=2e-5)
    z0, alpha = heads["z0"][:, :D], np.logaddexp(0, heads["a"][:, 0] + np.log(np.e - 1)) + 1e-4
    beta = np.logaddexp(0, heads["b"][:, 0] + np.log(np.e - 1)) + 1e-4 - alpha
    h = 1 / (alpha + np.linalg.norm(z - z0, axis=1))
    found, _ = own("radial").radial(z, z0, heads["a"][:, 0], heads["b"][:, 0])
    np.testing.assert_allclose(found, z + (beta * h)[:, None] * (z - z0), atol=1e-5)
    still, nothing = layer.pushed(z, heads | {"b": heads["a"]})
    np.testing.assert_allclose(still, z, atol=1e-6)
    np.testing.assert_allclose(nothing, 0, atol=1e-6)


def test_radial_flows_stay_invertible_whatever_the_encoder_emits(own):
    """Along a ray from z0 the distance from it never falls; the gradient is finite at z0, too."""
    way = np.linspace(0, 9, 301, dtype="float32")[:, None] * np.ones(D, "float32")
    for a in (-200.0, -3.0, 0.0, 200.0):
        for b in (-200.0, -3.0, 0.0, 200.0):
            rows = [tf.fill([301], v) for v in (a, b)]
            z = tf.constant(way)
            with tf.GradientTape() as tape:
                tape.watch(z)
                moved, log_det = own("radial").radial(z, tf.zeros_like(z), *rows)
            assert (np.diff(np.linalg.norm(moved, axis=1)) >= -1e-6).all()
            assert np.isfinite(log_det).all()
            assert np.isfinite(tape.gradient(log_det, z)).all()


def test_the_laplace_prior_is_scipys(own):
    layer = own("laplace").Laplace(scale=0.6).layer((2, D), (8, 8, 1))
    truth, z = scipy.stats.laplace(scale=0.6), 2 * normals(B, 2, D)
    wanted = truth.logpdf(z).sum(axis=(1, 2))
    np.testing.assert_allclose(layer.log_prob(z, None), wanted, rtol=1e-5)
    p = np.array([0.01, 0.5, 0.9])
    np.testing.assert_allclose(truth.cdf(layer.quantiles(p)), p)
    draws = layer.sample(2000, 0, None)
    assert draws.shape == (2000, 2, D)
    assert scipy.stats.kstest(draws.ravel(), truth.cdf).pvalue > 0.01
    np.testing.assert_array_equal(draws, layer.sample(2000, 0, None))
    mean, log_var = np.meshgrid([-3.0, -0.1, 0, 2], [-4.0, 0, 1])
    q = scipy.stats.norm(mean, np.exp(0.5 * log_var))
    x = np.linspace(-25, 25, 100_001)[:, None, None]
    kl = np.trapezoid(q.pdf(x) * (q.logpdf(x) - truth.logpdf(x)), x, axis=0)
    given = (tf.constant(v, tf.float32) for v in (mean, log_var))
    np.testing.assert_allclose(layer.kl_of_gaussian(*given), kl, rtol=1e-4, atol=1e-5)


def test_the_sigmoid_rises_from_0_to_1(own):
    anneal = own("sigmoid").Sigmoid(steepness=10)
    found = [float(anneal.factor(tf.constant(p, tf.float32), 4)) for p in (0, 1, 2, 4, 9)]
    tail = scipy.special.expit(-5.0)
    quarter = (scipy.special.expit(-2.5) - tail) / (1 - 2 * tail)
    assert found == pytest.approx([0, quarter, 0.5, 1, 1], abs=1e-6)
    assert anneal.factor(None, 4) == anneal.factor(tf.constant(1.0), 0) == 1
    steep = own("sigmoid").Sigmoid(steepness=80).factor(tf.constant(0.0), 4)
    assert float(steep) == pytest.approx(0, abs=1e-6)


def test_the_kernel_density_is_scipys(own):
    kde, codes = own("kde").KDE(), np.array([[2.0, 1, 0], [0, 0.3, 0.1]]).T @ normals(2, 300)
    codes = codes.T + 0.1 * normals(300, 3, seed=1)
    fitted, truth = kde.fit(codes), scipy.stats.gaussian_kde(codes.T)
    points = np.concatenate([codes, 3 * normals(1200, 3, seed=2)])
    np.testing.assert_allclose(fitted.log_prob(points), truth.logpdf(points.T), rtol=2e-3)
    draws = fitted.sample(20_000, seed=1)
    np.testing.assert_allclose(draws.mean(axis=0), codes.mean(axis=0), atol=0.05)
    wanted = (1 + truth.factor**2) * np.cov(codes.T)
    np.testing.assert_allclose(np.cov(draws.T), wanted, rtol=0.05, atol=0.02)
    np.testing.assert_array_equal(draws[:9], fitted.sample(9, seed=1))
    for same in (np.full((20, 2), 3.0), np.full((1, 2), 3.0)):
        np.testing.assert_allclose(kde.fit(same).sample(5, seed=0), 3, atol=0.01)


def test_a_renyi_bound_is_between_iwae_and_the_elbo(made, images):
    x, words = images[:20], ["model.latent_dim=3", "model.k=4"]
    bound, terms = losses(made("model=iwae", *words), x)
    elbo = terms["reconstruction"] + terms["kl"]
    assert (elbo - bound).min() > 1e-3
    found = []
    for alpha in (0.0, 0.5, 0.9):
        model = made("model=renyi_vae", *words, f"model.alpha={alpha}")
        loss, terms = losses(model, x)
        found.append(loss)
        parts = terms["reconstruction"] + terms["kl"] + terms["tightening"]
        np.testing.assert_allclose(parts, loss, rtol=1e-5)
    np.testing.assert_array_equal(found[0], bound)
    assert (np.diff([*found, elbo], axis=0) > 0).all()
    near, _ = losses(made("model=renyi_vae", *words, "model.alpha=0.999"), x)
    np.testing.assert_allclose(near, elbo, rtol=1e-3)


def test_the_critic_is_at_2_log_2_where_codes_are_as_the_prior(made, images):
    model = made("model=wae_gan", "model.latent_dim=3", "model.critic_widths=[16]")
    optimizer = keras.optimizers.Adam(1e-2)
    weights = model.variables_of("critic")
    optimizer.build(weights)

    @tf.function(autograph=False)
    def step(i, shift):
        draws, z = (tf.random.stateless_normal((256, 3), (k, i)) for k in (1, 2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.critic_loss(draws, z + shift))
        optimizer.apply(tape.gradient(loss, [w.value for w in weights]), weights)
        return loss

    alike = np.mean([step(tf.constant(i), tf.constant(0.0)) for i in range(200)][100:])
    assert alike == pytest.approx(2 * np.log(2), abs=0.02)
    apart = np.mean([step(tf.constant(i), tf.constant(4.0)) for i in range(200)][100:])
    assert apart < 0.1
    z = tf.constant(normals(50, 3))  # the encoder is charged for codes that are told from draws
    far, near = (model.penalties(None, {"z": v})["adversarial"][1] for v in (z + 4.0, z))
    assert np.mean(far) > 10 * np.mean(near)
    loss, terms = losses(made("model=wae_gan", "model.weight=0"), images[:5])
    np.testing.assert_array_equal(loss, terms["reconstruction"])
    ae, _ = losses(made("model=ae"), images[:5])
    np.testing.assert_array_equal(loss, ae)


def test_without_means_a_label_prior_is_a_vae(made, images):
    x, words = images[:20], ["model.latent_dim=3"]
    vae, model = made("model=vae", *words), made("model=label_prior", *words)
    loss, of_vae = losses(vae, x)
    np.testing.assert_allclose(losses(model, x)[0], loss, rtol=1e-6)
    model.means.assign(normals(10, 3))
    means = np.asarray(model.means)[np.arange(20) % 10]
    q = vae.infer(Batch(x, x))
    kl = gaussian_kl_between_units(q["mean"], q["log_var"], means, np.zeros_like(means))
    found = losses(model, x)[1]
    np.testing.assert_allclose(found["kl"], np.sum(kl, axis=1), rtol=1e-4)
    np.testing.assert_allclose(found["reconstruction"], of_vae["reconstruction"], rtol=1e-5)
    as_3, z = np.full(20, 3), normals(20, 3, seed=5)
    np.testing.assert_allclose(
        model.decode(z, as_3), vae.decode(z + np.asarray(model.means)[3]), atol=1e-6
    )


def test_levels_of_weight_1_are_the_ladder_vae(made, images):
    words = ["model.latent_dim=4", "model.upper_dims=[2]"]
    loss, terms = losses(made("model=ladder_vae", *words), images[:20])
    for weights in ([1, 1], [2, 3]):
        model = made("model=weighted_ladder", *words, f"model.level_weights={weights}")
        found = losses(model, images[:20])[0]
        more = sum((w - 1) * terms[name] for w, name in zip(weights, ["kl_1", "kl_2"], strict=True))
        np.testing.assert_allclose(found, loss + more, rtol=1e-6)
    with pytest.raises(BadRequest, match=r"a weight for each of the 2 levels .* got \[1.0\]"):
        made("model=weighted_ladder", *words, "model.level_weights=[1.0]")


def test_posterior_means_are_normalised_over_the_batch(made, images):
    x = images[:64]
    model = made("model=bn_vae", "model.latent_dim=3", "model.gamma=0.4", "model.decay=0.5")
    raw = np.asarray(model.encoder(x)["mean"])
    model.shift.assign([1.0, 0.0, -2.0])
    batch = whole(model, x)
    out = model.forward(batch, training=True)
    mean = np.asarray(out["mean"])
    np.testing.assert_allclose(mean.mean(axis=0), [1, 0, -2], atol=1e-5)
    np.testing.assert_allclose(mean.std(axis=0), 0.4, rtol=1e-2)
    np.testing.assert_allclose(out["z"] - mean, np.exp(0.5 * out["log_var"]) * batch.draws["z"],
                               atol=1e-5)  # fmt: skip
    kl = model.objective(batch, out, training=True)[1]["kl"]
    assert np.mean(kl) >= 0.98 * (3 * 0.4**2 + 1 + 4) / 2
    np.testing.assert_allclose(model.moving_mean, raw.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.moving_var, raw.var(axis=0), rtol=1e-4)
    np.testing.assert_allclose(model.infer(Batch(x, x))["mean"], mean, atol=1e-4)
    model.infer(Batch(x[:32], x[:32]), training=True)
    moved = (raw.mean(axis=0) + raw[:32].mean(axis=0)) / 2
    np.testing.assert_allclose(model.moving_mean, moved, rtol=1e-3, atol=1e-6)


def test_active_units_are_those_of_the_whole_split(own):
    active = own("bn_vae").ActiveUnits("active_units", own("bn_vae").ACTIVE, (3, 4))
    means = normals(50, 4) * np.array([1, 0.2, 0.05, 0], "float32") + 2
    for part in (means[:7], means[7:]):
        active.add(active.statistic(part))
    assert float(active.result()) == (means.var(axis=0) > 0.01).sum() == 2
