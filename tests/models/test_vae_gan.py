"""VAE-GAN: what it refuses, and which epoch is kept where the loss moves with the critic."""

import numpy as np
import pytest

from aecli import build, runs
from aecli.errors import BadRequest, NotApplicable
from aecli.metrics.detection.scores import check_has_elbo


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["model/prior=mixture"], "model/prior=standard"),
        (["model.free_bits=0.1"], "not for VAEGAN"),
        (["model.adversarial=wasserstein"], "model.adversarial"),
        (["model.gamma=-1"], "model.gamma"),
    ],
)
def test_what_it_refuses(compose, overrides, words):
    with pytest.raises(BadRequest, match=words) as refusal:
        build.model(compose("model=vae_gan", *overrides), (8, 8, 1))
    assert len(str(refusal.value).splitlines()) <= 2


def test_the_last_epoch_is_kept_and_the_loss_is_no_bound(lab):
    folder = lab.train("model=vae_gan", "network.widths=[8]", "trainer.epochs=3")
    run = runs.Run(folder)
    history, measured = run.history, run.model.quantities()
    assert {"decoder_loss", "critic_loss", "val_features", "val_kl"} <= history.keys()
    assert run.status["best_epoch"] == 3
    scored = run.model.score(run.examples("val")[0])
    for name, values in scored.items():
        assert values.mean() == pytest.approx(history[f"val_{name}"][-1], rel=1e-4)
    assert "nothing minimises" in measured["reconstruction"].meaning
    with pytest.raises(NotApplicable, match="a bound of log p"):
        check_has_elbo(run.model)


def test_the_best_epoch_is_that_of_what_the_checkpoint_monitors(lab):
    words = ["callbacks.checkpoint.monitor=val_reconstruction", "optimizer.learning_rate=0.1"]
    run = runs.Run(lab.train("model=vae", "network.widths=[8]", "trainer.epochs=4", *words))
    lowest = np.argmin(run.history["val_reconstruction"])
    assert run.status["best_epoch"] == 1 + lowest
    assert run.status["val_loss"] == pytest.approx(run.history["val_loss"][lowest], rel=1e-6)
