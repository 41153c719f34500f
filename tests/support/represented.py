"""Codes of known functions of their factors, and small settings of every score of them."""

from collections.abc import Callable

import numpy as np

from aecli.metrics.beta_vae_score import BetaVAEScore
from aecli.metrics.dci import DCI
from aecli.metrics.disentanglement.of_run import FactorMetric
from aecli.metrics.disentanglement.represented import Represented
from aecli.metrics.explicitness import Explicitness
from aecli.metrics.factor_vae_score import FactorVAEScore
from aecli.metrics.irs import IRS
from aecli.metrics.mig import MIG
from aecli.metrics.modularity import Modularity
from aecli.metrics.sap import SAP

SCORES: dict[str, tuple[FactorMetric, str]] = {  # as the document's table names them
    "beta_vae_score": (BetaVAEScore(n=300, n_test=300, pairs=16), "beta_vae_score"),
    "factor_vae_score": (FactorVAEScore(n=300, n_test=300, size=32), "factor_vae_score"),
    "mig": (MIG(n=4000), "mig"),
    "mig, estimator=posterior": (MIG(estimator="posterior", n=1000, n_given=250), "mig"),
    "sap": (SAP(n=2000, n_test=2000), "sap"),
    "sap, scaled=true": (SAP(n=2000, n_test=2000, scaled=True), "sap"),
    "sap, factors=continuous": (SAP(n=4000, factors="continuous"), "sap"),
    "dci_disentanglement": (DCI(n=300, n_test=200), "dci_disentanglement"),
    "dci_completeness": (DCI(n=300, n_test=200), "dci_completeness"),
    "dci_disentanglement, predictor=forest": (
        DCI(n=1000, n_test=500, predictor="forest"),
        "dci_disentanglement",
    ),
    "dci_disentanglement, predictor=lasso": (
        DCI(n=1000, n_test=500, predictor="lasso"),
        "dci_disentanglement",
    ),
    "modularity": (Modularity(n=4000), "modularity"),
    "explicitness": (Explicitness(n=1000, n_test=1000), "explicitness"),
    "irs": (IRS(n=4000), "irs"),
}


def made(sizes: tuple[int, ...], codes: Callable[[np.ndarray], np.ndarray]) -> Represented:
    """Codes of standardised factors [n, K], by a function; their posteriors are narrow."""
    of_factor = [np.arange(size) for size in sizes]
    middle, spread = (np.array([f(a) for a in of_factor]) for f in (np.mean, np.std))

    def found(values):
        return codes((values - middle) / spread)

    def posterior(values):
        mean = found(values)
        return mean, np.full(mean.shape, 2 * np.log(0.05))

    return Represented(tuple(f"factor {k}" for k in range(len(sizes))), sizes, found, posterior)
