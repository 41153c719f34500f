"""A mixture of Gaussians."""

import dataclasses
import warnings
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from tqdm import tqdm

from aecli.errors import NotApplicable
from aecli.samplers.base import Sampler

MOST = 50  # steps of EM; 20 to 40 are enough on codes of MNIST
STEPS = 5  # at a time


@dataclasses.dataclass(frozen=True, kw_only=True)
class GMM(Sampler):
    """Full-covariance Gaussians, fitted by EM; Ghosh 2020 take 10."""

    components: Annotated[int, Field(ge=1, le=1000, description="Gaussians")] = 10

    @property
    def about(self) -> str:
        return f"{self.components} Gaussians" if self.components > 1 else "a Gaussian"

    def learn(self, x):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        if self.components > len(x):
            raise NotApplicable(
                f"needs sampler.components of at most the {len(x):,} training codes; "
                f"got {self.components:,}"
            )
        scale = float(np.sqrt(x.var(axis=0).mean())) or 1.0
        mixture: Any = GaussianMixture(  # whose floor of a variance is 1e-6
            self.components, random_state=self.seed, max_iter=STEPS, warm_start=True
        )
        with threadpool_limits(1), warnings.catch_warnings():  # which is faster, too
            warnings.simplefilter("ignore", ConvergenceWarning)  # MOST steps are near enough
            for _ in tqdm(range(MOST // STEPS), "fit gmm", leave=False, delay=1, disable=None):
                if mixture.fit(x / scale).converged_:
                    break
        return {
            "weights": mixture.weights_,
            "means": scale * mixture.means_,
            "roots": scale * np.linalg.cholesky(mixture.covariances_),
        }

    def shapes(self, size, rows):
        k = self.components
        return {"weights": (k,), "means": (k, size), "roots": (k, size, size)}

    def is_sound(self, numbers):
        weights, diagonals = numbers["weights"], np.diagonal(numbers["roots"], 0, 1, 2)
        is_share = weights.min() >= 0 and abs(weights.sum() - 1) < 1e-6
        return bool(is_share and diagonals.min() > 0)

    def draw(self, numbers, n, rng):
        """roots [K, D, D]: lower triangles L, of covariances L L'."""
        weights, (of_choice, of_rows) = numbers["weights"], rng.spawn(2)
        chosen = of_choice.choice(len(weights), n, p=weights / weights.sum())
        x = of_rows.standard_normal((n, numbers["means"].shape[1]))
        for k in range(len(weights)):
            x[chosen == k] = numbers["means"][k] + x[chosen == k] @ numbers["roots"][k].T
        return x

    def log_density(self, numbers, x):
        from scipy.linalg import solve_triangular
        from scipy.special import logsumexp

        parts = []
        for mean, root in zip(numbers["means"], numbers["roots"], strict=True):
            standard = solve_triangular(root, (x - mean).T, lower=True)
            log_scale = np.log(np.diag(root)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)
            parts.append(-0.5 * (standard**2).sum(axis=0) - log_scale)
        with np.errstate(divide="ignore"):  # a component may have no weight left
            return logsumexp(np.log(numbers["weights"])[:, None] + parts, axis=0)
