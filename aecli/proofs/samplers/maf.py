"""Proofs of the masked autoregressive flow as a density of codes."""

import numpy as np

from aecli.proofs.base import at_least, at_most, close, proof, same
from aecli.proofs.shapes import banana, grid, mean_and_covariance
from aecli.samplers.gmm import GMM
from aecli.samplers.maf import MAF

SMALL = {"layers": 1, "width": 16, "epochs": 25, "learning_rate": 1e-2}


@proof("density sums to 1; draws have its moments; held out, it is above a Gaussian's")
def learnt():
    fitted = MAF(blocks=2, **SMALL).fit(banana(1500))
    points, area = grid((-6, -5), (6, 22))
    p = area * np.exp(fitted.log_prob(points))
    yield close(p.sum(), 1, atol=0.015)
    drawn = fitted.sample(10_000, seed=1)
    mean, covariance = mean_and_covariance(p / p.sum(), points)
    yield close(drawn.mean(0), mean, atol=0.08)
    yield close(np.cov(drawn.T), covariance, rtol=0.12, atol=0.08)
    new = banana(4000, seed=1)
    gaussian = GMM(components=1).fit(banana(1500)).log_prob(new).mean()
    yield at_least(fitted.log_prob(new).mean(), gaussian + 0.9)
    yield at_most(fitted.log_prob(new).mean(), -1.6)  # the truth is -1.63
    yield same(fitted.sample(9, seed=1), fitted.sample(9, seed=1))


@proof("codes scaled and shifted: draws likewise, log p less the log of the scale")
def scaled():
    plain = MAF(blocks=1, layers=1, width=8, epochs=2)
    codes, scale = banana(300), np.array([2.0, 0.5])
    one, other = plain.fit(codes), plain.fit(scale * codes + 3)
    yield close(other.sample(9, 0), scale * one.sample(9, 0) + 3, rtol=1e-3, atol=1e-3)
    known = one.log_prob(codes) - np.log(scale).sum()
    yield close(other.log_prob(scale * codes + 3), known, rtol=1e-3, atol=1e-3)


@proof("dead units stay dead, and do not count; of one point, that point")
def dead():
    plain = MAF(blocks=1, layers=1, width=8, epochs=2)
    codes = banana(300)
    wide = np.concatenate([codes, np.full((300, 2), 0.5)], axis=1)
    fitted = plain.fit(wide)
    yield close(fitted.sample(50, 0)[:, 2:], 0.5, atol=1e-5)
    yield at_least(fitted.sample(200, 0)[:, :2].std(0).min(), 0.5)
    yield close(plain.fit(np.full((20, 2, 2), 3.0)).sample(5, 0), 3, atol=0.01)


@proof("the epoch that is best on held-out codes is kept: 60 codes are not learnt by heart")
def held_out():
    settings = {"blocks": 1, "width": 128, "learning_rate": 1e-2, "batch_size": 8, "epochs": 15}
    kept = MAF(patience=3, **settings).fit(banana(60)).log_prob(banana(2000, seed=1)).mean()
    gaussian = GMM(components=1).fit(banana(60)).log_prob(banana(2000, seed=1)).mean()
    yield at_least(kept, gaussian - 1)
