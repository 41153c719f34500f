"""Which figures of merit are better when higher: a leaderboard and a search go by it."""

import pytest

from aecli.direction import is_higher_better

HIGHER = ["psnr", "ssim", "elbo", "iw_elbo", "elbo_reconstruction", "logistic_accuracy",
          "kmeans_nmi", "kmeans_ari", "coverage", "precision", "trustworthiness"]  # fmt: skip
LOWER = ["mse", "bce", "loss", "val_loss", "val_kl", "kl", "elbo_kl", "reconstruction",
         "frechet_own_classifier", "bits_per_dimension", "covariance"]  # fmt: skip


@pytest.mark.parametrize("metric", HIGHER)
def test_higher_is_better(metric):
    assert is_higher_better(metric)


@pytest.mark.parametrize("metric", LOWER)
def test_lower_is_better(metric):
    assert not is_higher_better(metric)
