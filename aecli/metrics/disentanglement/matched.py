"""Which factor each unit of a code tells most of, from examples whose factors are known."""

import dataclasses

import numpy as np

from aecli.datasets.factors import Factors
from aecli.metrics.disentanglement.mutual_information import (
    discretised,
    entropy,
    mutual_information,
)

BINS = 20  # of a unit, over its own range
LEAST = 0.01  # of a factor's entropy: a unit that tells less has no factor


@dataclasses.dataclass(frozen=True)
class Matched:
    """information: [D, K] nats that unit d tells of factor k; entropy: [K] nats of each factor.

    As counted, less what two independent ones would seem to tell of each other, and not below 0.
    """

    names: tuple[str, ...]
    information: np.ndarray
    entropy: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """[D, K] in [0, 1]: of the entropy of the factor; 0 of one that does not vary."""
        whole = np.where(self.entropy > 0, self.entropy, 1)
        return np.minimum(self.information / whole, 1)

    @property
    def best(self) -> np.ndarray:
        """The factor [D] of which each unit tells the largest share."""
        return self.share.argmax(axis=1)

    def columns(self) -> dict[str, np.ndarray]:
        """{"factor": its name or "-", "information" nats, "share"} of each unit's best: [D]."""
        units = np.arange(len(self.best))
        told, share = self.information[units, self.best], self.share[units, self.best]
        names = np.where(share >= LEAST, np.array(self.names)[self.best], "-")
        return {"factor": names, "information": told, "share": share}


def matched(codes: np.ndarray, factors: Factors) -> Matched:
    """Of codes [N, D] or [N, h, w, D], of which a feature map counts as its mean over the cells.

    What is subtracted is (bins - 1)(values - 1) / 2N, of the bins and values that occur (Miller
    1955; Roulston 1999, eq. 12).
    """
    flat = codes.reshape(len(codes), -1, codes.shape[-1]).mean(axis=1, dtype="float64")
    binned = discretised(flat, BINS)
    told = mutual_information(binned, factors.values)
    bins, values = ([len(np.unique(c)) - 1 for c in a.T] for a in (binned, factors.values))
    chance = np.outer(bins, values) / (2 * len(codes))
    return Matched(factors.names, np.maximum(told - chance, 0), entropy(factors.values))
