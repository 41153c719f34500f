"""What is exported runs elsewhere, and gives what Keras gives."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
from places import ROOT

from aecli import runs
from aecli.commands.export import export
from aecli.errors import BadRequest, RunFailed
from aecli.fit.start import train
from aecli.io import formats

NAMES = {"model": "vae", "dataset": "digits", "noise": "none", "experiment": None}
SMALL = ["dataset.limit=150", "trainer.epochs=1", "trainer.jit_compile=false", "figures=[]"]
KINDS = {
    "mlp": ["model=vae", "model.latent_dim=3"],
    "conv": ["model=vae", "network=conv", "network.filters=[4,4]", "model.latent_dim=3"],
    "resnet": ["network=resnet", "network.filters=[8]", "network.attention=true"],
    "bfloat16": ["model=vae", "network=conv", "network.filters=[4]",
                 "trainer.precision=mixed_bfloat16"],
    "grid": ["model=conv"],
    "iaf": ["model=vae", "model/posterior=iaf", "model/prior=mixture", "model.latent_dim=3"],
    "planar": ["model=vae", "model/posterior=planar"],
    "codebook": ["model=vq_vae", "network.filters=[4,4]", "model.latent_dim=3"],
}  # fmt: skip

LATER = [
    ("onnx", "resnet"), ("litert", "resnet"), ("onnx", "planar"), ("litert", "planar"),
    ("litert", "grid"), ("keras", "codebook"), ("litert", "codebook"),
]  # fmt: skip


def has(format: str) -> bool:
    return all(importlib.util.find_spec(p) for p in formats.FORMATS[format].packages)


@pytest.fixture(scope="module")
def trained(compose, tmp_path_factory):
    """trained("conv") -> Run, each trained once."""
    made = {}

    def train_one(kind: str) -> runs.Run:
        if kind not in made:
            words = [*SMALL, *KINDS[kind], f"outputs={tmp_path_factory.mktemp(kind)}"]
            made[kind] = train(compose(*words), NAMES, words)
        return made[kind]

    return train_one


@pytest.mark.parametrize(
    ("format", "kind"),
    [
        ("keras", "conv"),
        ("keras", "iaf"),
        ("saved_model", "grid"),
        ("onnx", "conv"),
        ("onnx", "bfloat16"),
        ("litert", "conv"),
        ("onnx", "codebook"),
        *(pytest.param(*pair, marks=pytest.mark.slow) for pair in LATER),
    ],
)
def test_every_part_gives_what_keras_gives(compose, trained, tmp_path, format, kind):
    if not has(format):
        pytest.skip("pip install 'aecli[export]'")
    run = trained(kind)
    words = [f"run={run.folder}", f"format={format}", f"output={tmp_path}/made"]
    folder, differences = export(compose(*words, command="export"))
    assert list(differences) == ["encoder", "decoder", "autoencoder"]
    x = run.splits.test.pixels()[:7]
    twin = runs.Run(run.folder)
    twin.config.trainer.precision = "float32"
    is_discrete = kind == "codebook"  # then whole numbers outside
    z = twin.model.encode_indices(x) if is_discrete else twin.model.encode(x)
    made = twin.model.decode_indices(z) if is_discrete else twin.model.decode(z)
    wanted = {"encoder": z, "decoder": made, "autoencoder": made}
    for name, value in wanted.items():
        opened = formats.FORMATS[format].open(folder / f"{name}{formats.FORMATS[format].suffix}")
        found = opened(z if name == "decoder" else x)
        np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-4)
        assert found.dtype == value.dtype
    if is_discrete:
        source = (folder / "load.py").read_text()
        assert 'integers(256, size=(2, 2, 2), dtype="int32")' in source


@pytest.mark.parametrize("format", ["keras", "onnx"])
def test_the_script_runs_by_itself(compose, trained, tmp_path, format):
    if not has(format):
        pytest.skip("pip install 'aecli[export]'")
    words = [f"run={trained('mlp').folder}", f"format={format}", f"output={tmp_path}/made"]
    folder, _ = export(compose(*words, "parts=[decoder,encoder]", command="export"))
    source = (folder / "load.py").read_text()
    assert ("aecli" in source.partition('"""\n')[2]) == (format == "keras")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "load.py"], cwd=folder, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "images (2, 8, 8, 1)" in done.stdout
    assert "codes (2, 3)" in done.stdout
    names = {p.name for p in folder.iterdir()} - {"__pycache__"}
    suffix = formats.FORMATS[format].suffix
    assert names == {f"encoder{suffix}", f"decoder{suffix}", "load.py"}


def test_a_file_that_differs_is_not_kept(compose, trained, tmp_path, monkeypatch):
    original = formats.Format.open

    def wrong(self, path):
        run = original(self, path)
        return lambda x: run(x) + 0.01

    monkeypatch.setattr(formats.Format, "open", wrong)
    words = [f"run={trained('mlp').folder}", f"output={tmp_path}/made"]
    with pytest.raises(RunFailed, match=r"the exported encoder differs from Keras by 0\.01"):
        export(compose(*words, command="export"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("format=pickle", "format must be keras, saved_model, onnx, litert; got 'pickle'"),
        ("parts=[code]", "parts must be a list of encoder, decoder, autoencoder"),
        ("parts=[]", "parts must be a list"),
        ("output=made.onnx", "a folder"),
    ],
)
def test_a_bad_request_is_told_before_any_work(compose, trained, tmp_path, monkeypatch, word, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match=said):
        export(compose(f"run={trained('mlp').folder}", word, command="export"))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(compose, trained, monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadRequest, match=r"needs tf2onnx: pip install 'aecli\[export\]'"):
        export(compose(f"run={trained('mlp').folder}", "format=onnx", command="export"))
