"""The sigma-VAE: what it refuses, and the scale that a run is left with."""

import numpy as np
import pytest

from aecli import build, runs
from aecli.errors import BadRequest
from aecli.losses.mse import MSE
from aecli.models.sigma_vae import SigmaVAE


def test_another_loss_is_refused_with_a_way_on(compose):
    config = compose("model=sigma_vae", "loss.stddev=null")
    way = r"take loss=gaussian, .* loss\.stddev=1\.0"
    with pytest.raises(BadRequest, match=way):
        build.model(config, (8, 8, 1))
    network = build.component(config.network, "network")
    with pytest.raises(BadRequest, match=way):
        SigmaVAE(data_shape=(8, 8, 1), network=network, reconstruction_loss=MSE())


def test_a_key_that_the_preset_states_for_another_loss_is_said_to_be_one(typed):
    code, said = typed("train", "model=sigma_vae", "loss=mse")
    assert code == 2
    assert "model=sigma_vae states it for another; leave loss= out, or it: '~loss.stddev'" in said
    assert len(said.strip().splitlines()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["optimal", "learned"])
def test_a_training_ends_near_the_error_that_is_left(lab, scale):
    """The scale is watched, and is that of the validation's error, of the draws' images."""
    words = ["model=sigma_vae", f"model.scale={scale}", "model.latent_dim=8", "trainer.epochs=100"]
    words += ["optimizer.learning_rate=1e-2", "figures=[]", "callbacks=[]"]
    run = runs.Run(lab.train(*words))
    x, target, _ = run.examples("val")
    error = float(np.sqrt(np.mean(np.square(target - run.model.reconstruct(x)))))
    assert 0.8 * error < run.history["val_stddev"][-1] < 1.5 * error
    assert run.history["val_stddev"][-1] < 0.5 * run.history["val_stddev"][0]
