"""Modularity: whether a code has information of one factor alone."""

import numpy as np


def modularity(information: np.ndarray, count_dead: bool = True) -> float:
    """The mean over codes of 1 - sum_(k != best) I_k^2 / (I_best^2 (K - 1)), of [D, K] nats.

    count_dead: whether a code without any information counts as 0, or is left out; 0 where there
    is no other. Source: Ridgeway & Mozer 2018, section 3.
    """
    squared = np.square(information)
    best = squared.max(axis=1)
    alive = best > 0
    if not alive.any():
        return 0.0
    others = squared[alive].sum(axis=1) - best[alive]
    found = 1.0 - others / (best[alive] * (information.shape[1] - 1))
    return float(found.sum() / (len(information) if count_dead else alive.sum()))
