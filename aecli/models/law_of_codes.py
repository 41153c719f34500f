"""What commands ask of the law of a model's codes: prior, posterior, codebook; by default none."""

from typing import ClassVar

import numpy as np

from aecli.errors import NotApplicable
from aecli.models.asked import Asked


class LawOfCodes(Asked):
    """Mix-in of Autoencoder: a variant overrides what its codes have."""

    has_prior: ClassVar[bool] = False  # sample_prior draws codes of a p(z) that was trained towards
    has_quantiles: ClassVar[bool] = False  # prior_quantiles knows how its units are spread
    has_bound: ClassVar[bool] = False  # draw and log_prior give the densities of a bound
    code_radius = None  # of the sphere or the ball that its codes are in
    codebook_size = None  # vectors that each cell of a discrete code chooses among
    codebooks = 1  # that it chooses from, one after the other

    @property
    def draw_shape(self) -> tuple[int, ...]:
        """The shape of the normals that draw takes for an example."""
        return self.code_shape

    def sample_prior(self, n: int, seed: int):
        """Codes [n, *code_shape] from the prior. Raises NotApplicable where there is none."""
        raise NotApplicable("a plain autoencoder has no prior to sample: take model=vae")

    def prior_quantiles(self, p: np.ndarray) -> np.ndarray:
        """The values below which a code unit is with probabilities p in (0, 1), shaped as p.

        Raises NotApplicable where its units are not independent and alike.
        """
        raise NotApplicable("needs a model with a standard prior, as model=vae")

    def log_prior(self, z):
        """log p(z) of codes [B, *code_shape], in nats: [B]. Raises NotApplicable."""
        raise NotApplicable("needs a model with a prior, as model=vae")

    def draw(self, out, epsilon):
        """-> codes z [B, *code_shape] drawn from q(z|x), and their log q(z|x) in nats [B].

        out: what infer returns; epsilon: standard normals [B, *draw_shape]. Raises NotApplicable.
        """
        raise NotApplicable("needs a model with a posterior, as model=vae")

    def nearest(self, z):
        """The codes [B, *code_shape] that the decoder knows, nearest to z: of most models, any."""
        return z

    def look_up(self, indices):
        """The codes [B, *code_shape] of the numbers [B, *stored_shape] int32 that they are outside.

        Only of a model with a codebook.
        """
        raise NotApplicable("needs a model with a codebook, as model=vq_vae")

    @property
    def has_gaussian_posterior(self) -> bool:
        """Whether q(z|x) is a diagonal Gaussian of the code's shape."""
        return False

    def gaussian_posterior(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance of q(z|x), [N, *code_shape] each, where it is Gaussian."""
        raise NotImplementedError

    def kl_of_units(self, x: np.ndarray, label=None) -> np.ndarray | None:
        """The KL of each code unit, [N, *code_shape] in nats, for images x; None: has none."""
        return None
