"""How many codes of a codebook are in use."""

import dataclasses
import math
from typing import ClassVar

import numpy as np
from scipy.stats import entropy

from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.models.watched import CODES_USED, PERPLEXITY
from aecli.quantity import Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Codebook(Metric):
    """perplexity and codes_used, of all the cells of all the images; for models with a codebook."""

    section: ClassVar[str] = "codes"
    about: ClassVar[dict[str, Quantity]] = {"perplexity": PERPLEXITY, "codes_used": CODES_USED}

    def __call__(self, evaluation: Evaluation) -> Figures:
        model = evaluation.run.model
        chosen = model.encode_indices(evaluation.x).reshape(-1, model.codebooks)
        counts = [np.bincount(of_one, minlength=model.codebook_size) for of_one in chosen.T]
        return {
            "perplexity": float(np.exp(np.mean([entropy(of_one) for of_one in counts]))),
            "codes_used": int(np.count_nonzero(counts)),
        }

    def notes(self, evaluation: Evaluation) -> list[str]:
        model = evaluation.run.model
        cells = len(evaluation.x) * math.prod(model.stored_shape)
        size = f"{model.codebook_size:,} codes to choose among"
        size = size if model.codebooks == 1 else f"{model.codebooks} times {size}"
        return [f"{size}; {cells:,} choices"]
