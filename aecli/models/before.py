"""What a variant wants before it is trained: a network of its own kind, a look at the data."""

from typing import ClassVar

import numpy as np

from aecli.errors import BadRequest
from aecli.models.asked import Asked
from aecli.networks.base import Network


class Before(Asked):
    """Mix-in of Autoencoder.

    network_kind: on which alone the variant stands. adapts_to: training examples that it looks at
    at most. is_sparse: whether few units of its code are active, which may then be wider than an
    example and copies it all the same not.
    """

    network_kind: ClassVar[type[Network]] = Network
    adapts_to: ClassVar[int] = 0
    is_sparse: ClassVar[bool] = False

    def check_network(self) -> None:
        """Raises BadRequest for another one."""
        if not isinstance(self.network, self.network_kind):
            given, kind = (k.__name__.lower() for k in (type(self.network), self.network_kind))
            raise BadRequest(
                f"model {type(self).__name__} stands on network={kind} alone; got network={given}\n"
                f"leave network out, or take network={kind}"
            )

    def adapt(self, x: np.ndarray) -> None:
        """Start from what training examples are like, x [N, *data_shape] float32.

        Called before the first step of a training alone: what it sets is kept as any weight is.
        """
