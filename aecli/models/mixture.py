"""A prior for a model that has none: a Gaussian mixture fitted to its codes afterwards."""

import warnings

import numpy as np
from tqdm import tqdm

MAX_UNITS = 128  # of a code, for a full covariance; of larger ones, so many principal components
MOST = 100  # steps of EM, as scikit-learn has it
STEPS = 5  # at a time


class Mixture:
    """Full-covariance Gaussians fitted to codes [N, ...] by maximum likelihood (EM).

    Ghosh, Sajjadi, Vergari, Black & Schoelkopf 2020, From variational to deterministic
    autoencoders, section 4: ex-post density estimation, there with 10 components. Grid codes are
    flattened. A code of more than MAX_UNITS numbers is first projected on that many principal
    components; `share` in (0, 1] is what they hold of its variance.
    """

    def __init__(self, codes: np.ndarray, components: int = 10):
        """components: Gaussians, at most N. A pure function of its arguments."""
        from sklearn.decomposition import PCA
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        flat = codes.reshape(len(codes), -1)
        self._shape, self._pca, self.share = codes.shape[1:], None, 1.0
        if flat.shape[1] > MAX_UNITS:
            self._pca = PCA(min(MAX_UNITS, len(flat)), random_state=0)
            flat = self._pca.fit_transform(flat)
            self.share = float(self._pca.explained_variance_ratio_.sum())
        self._scale = float(flat.std()) or 1.0  # scikit-learn's floor of a variance is 1e-6 of this
        self._fitted = GaussianMixture(components, random_state=0, max_iter=STEPS, warm_start=True)
        flat = flat.astype("float64") / self._scale
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # MOST steps are near enough
            for _ in tqdm(range(MOST // STEPS), "fit mixture", leave=False, delay=1, disable=None):
                if self._fitted.fit(flat).converged_:
                    break

    def draw(self, n: int, seed: int) -> np.ndarray:
        """n codes [n, *code_shape] float32, in random order."""
        self._fitted.set_params(random_state=seed)
        flat, _ = self._fitted.sample(n)  # one component after the other
        flat = np.random.default_rng(seed).permutation(flat) * self._scale
        if self._pca is not None:
            flat = self._pca.inverse_transform(flat)
        return flat.reshape(n, *self._shape).astype("float32")
