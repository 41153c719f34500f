"""Which of a row's numbers are what: for a likelihood that knows the columns of a table."""

import numpy as np

from aecli.datasets.coding import FLAG
from aecli.datasets.learnt import Learnt
from aecli.datasets.quantiles import Quantiles
from aecli.datasets.scaling import Scaling
from aecli.errors import BadRequest


def layout(learnt: Learnt) -> dict[str, list] | None:
    """The places of numbers, flags, counts and categories, as losses.mixed.Layout; None: no table.

    Raises BadRequest for counts whose scaling is not linear.
    """
    coding, scaling = learnt.coding, learnt.scaling
    if coding is None:
        return None
    kinds = list((learnt.columns or {}).values())
    counts = coding.starts[[place for place, kind in enumerate(kinds) if kind == "count"]]
    if isinstance(scaling, Quantiles) and len(counts):
        raise BadRequest(
            "dataset.scale=quantile: the loss knows dataset.counts by a scale that is linear\n"
            "take dataset.scale=standard or robust"
        )
    offsets, divisors = np.zeros(coding.width), np.ones(coding.width)
    if isinstance(scaling, Scaling):
        offsets[:], divisors[:] = scaling.offset.ravel(), scaling.divisor.ravel()
    categories = np.flatnonzero(coding.sizes)
    return {
        "numbers": np.setdiff1d(np.flatnonzero(coding.is_number), counts).tolist(),
        "flags": np.flatnonzero(coding.value == FLAG).tolist(),
        "counts": counts.tolist(),
        "offsets": offsets[counts].tolist(),
        "divisors": divisors[counts].tolist(),
        "starts": coding.starts[categories].tolist(),
        "sizes": [coding.sizes[place] for place in categories],
    }
