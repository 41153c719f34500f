"""What the flows share: a Gaussian of the encoder's, pushed through an invertible map."""

from typing import Any

from aecli.latents.posteriors.base import PosteriorLayer, flat_size
from aecli.latents.posteriors.gaussian import GaussianLayer


class FlowLayer(PosteriorLayer):
    """z = f(z0), z0 ~ N(mean, diag exp(log_var)): log q(z|x) = log q0(z0|x) - log |det df/dz0|."""

    def __init__(self, code_shape: tuple[int, ...], **kwargs: Any):
        """Raises BadRequest for a grid code."""
        super().__init__(**kwargs)
        flat_size(code_shape, "with flows")
        self.start = GaussianLayer(dtype="float32")

    def pushed(self, z, heads: dict[str, Any]):
        """-> f(z) [B, D], and log |det df/dz| in nats [B]."""
        raise NotImplementedError

    def mode(self, heads):
        """f(mean): the flow of the Gaussian's mode, near that of q."""
        return self.pushed(heads["mean"], heads)[0]

    def draw(self, heads, epsilon, scale=1.0):
        z, log_q = self.start.draw(heads, epsilon, scale)
        z, log_det = self.pushed(z, heads)
        return z, log_q - log_det
