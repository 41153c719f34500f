"""Models of discrete codes: what they refuse, their exported parts, under XLA and in bfloat16."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecli import build, runs
from aecli.commands.decode import decode
from aecli.commands.encode import encode
from aecli.commands.reconstruct import reconstruct
from aecli.errors import BadRequest, NotApplicable
from aecli.io import parts
from aecli.models.batch import Batch
from aecli.training.step import train_step

KINDS = {
    "vq_vae": ["model.codebook_update=loss", "model.codebook_size=16"],
    "fsq": [],
    "lfq": [],
    "rvq": ["model.dropout=0.5"],
    "gumbel_vae": ["model.choices=3"],
}


@pytest.mark.parametrize("name", KINDS)
def test_it_trains_under_xla_and_its_numbers_are_the_same_outside(
    compose, lab, images, tmp_path, name
):
    words = [f"model={name}", *KINDS[name], "trainer.precision=mixed_bfloat16"]
    words += [] if name == "gumbel_vae" else ["network.filters=[4]"]
    model = build.model(compose(*words), (8, 8, 1))
    optimizer, x = keras.optimizers.Adam(1e-2), images[:100]
    batch = Batch(x, x, model.frozen_draws(100), progress=tf.constant(0.5))
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    before = model.score(x)["reconstruction"].mean()
    step = tf.function(
        lambda: train_step(model, {"model": optimizer}, batch), jit_compile=True, autograph=False
    )
    for _ in range(10):
        step()
    assert model.score(x)["reconstruction"].mean() < before


@pytest.mark.parametrize("name", KINDS)
def test_its_numbers_are_the_same_outside(compose, lab, tmp_path, name):
    words = [f"model={name}", *KINDS[name]]
    words += [] if name == "gumbel_vae" else ["network.filters=[4]"]
    run = runs.Run(lab.train(*words, "trainer.epochs=1"))
    where = [f"run={run.folder}"]
    file = encode(compose(*where, f"output={tmp_path}/codes.npz", command="encode"))
    whole = reconstruct(compose(*where, f"output={tmp_path}/whole.npz", command="reconstruct"))
    words = [*where, f"input={file}", f"output={tmp_path}/parts.npz"]
    made = decode(compose(*words, command="decode"))
    np.testing.assert_array_equal(np.load(made)["x"], np.load(whole)["x"])
    numbers = np.load(file)["code"]
    assert numbers.dtype == np.int32
    assert numbers.shape[1:] == run.model.stored_shape
    exported = parts.part(run.model, "decoder", run.learnt)(numbers)
    np.testing.assert_allclose(exported, np.load(whole)["x"], rtol=1e-4, atol=1e-4)
    assert parts.part(run.model, "encoder", run.learnt).output.dtype == "int32"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "fsq model.levels=[8,2]",
            r"model\.levels must be greater than or equal to 3; got \[8, 2\]",
        ),
        ("fsq model.levels=[256,257]", "are 65,792 codes a cell, where at most 65,536"),
        ("fsq model.latent_dim=4", r"model\.latent_dim must be None; got 4 .*levels says it"),
        ("lfq model.latent_dim=17", "must be less than or equal to 16"),
        ("rvq model.levels=1", r"codebooks; of 1: model=vq_vae"),
        ("gumbel_vae model.latent_dim=4", r"model\.latent_dim must be None"),
    ],
)
def test_what_cannot_be_is_refused(compose, words, said):
    with pytest.raises(BadRequest, match=said):
        build.model(compose(*f"model={words}".split()), (8, 8, 1))


def test_more_probabilities_than_fit_are_refused(compose):
    with pytest.raises(BadRequest, match=r"take a smaller model\.latent_dim"):
        build.model(compose("model=lfq", "model.latent_dim=16"), (512, 512, 1))


def test_mean_and_numbers_alone_have_no_choice(compose, images):
    model = build.model(compose("model=joint_vae"), (8, 8, 1))
    with pytest.raises(NotApplicable, match="as model=vq_vae"):
        model.encode_indices(images[:3])
    assert model.sample(3).shape == (3, 8, 8, 1)
