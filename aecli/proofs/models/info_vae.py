"""Proofs of the InfoVAE."""

from typing import Any

from aecli.divergences import gaussian_kl
from aecli.models.info_vae import InfoVAE
from aecli.models.vae import VAE
from aecli.proofs.base import close, proof
from aecli.proofs.cases import small, trains_as


def _model(of: Any = InfoVAE, **settings: Any) -> tuple:
    return small(of, **settings)


@proof("loss = reconstruction + 2 (1 - 0.3) KL + (0.3 + 5 - 1) MMD, in a warm-up half the KL")
def weights():
    model, batch = _model(alpha=0.3, lam=5.0, beta=2.0, warmup_epochs=4)
    for training, progress, share in ((True, None, 1), (False, None, 1), (True, 2.0, 0.5)):
        batch = batch._replace(progress=progress)
        out = model.forward(batch, training=training)
        loss, terms, _ = model.objective(batch, out, training=training)
        known = terms["reconstruction"] + share * 1.4 * terms["kl"] + 4.3 * terms["mmd"]
        yield close(loss, known, rtol=1e-5)
        yield close(terms["kl"], gaussian_kl(out["mean"], out["log_var"]), rtol=1e-5)
        yield close(terms["mmd"], model.mmd(out["z"], out["prior"], training), rtol=1e-5)


@proof("with alpha 0 and lam 1 loss and gradients = those of the VAE, to the bit")
def is_a_vae():
    return trains_as(_model(InfoVAE, alpha=0.0, lam=1.0), _model(VAE))
