"""How well sentences are told and told again, a token."""

import dataclasses
import math
from typing import ClassVar

import numpy as np

from aecli.errors import OfOtherData
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.quantity import HIGHER, LOWER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tokens(Metric):
    """Figures of sentences, the token that ends one included, those beyond it not.

    nats_a_token is the reconstruction term over the tokens, of each token given the code and those
    before it; the others are of what the model writes by itself from the code.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "nats_a_token": Quantity(
            "nats a token", LOWER, "-log p of a token given the code and those before it", True
        ),
        "token_perplexity": Quantity("", LOWER, "exp of that: as many tokens at even odds", True),
        "token_accuracy": Quantity(
            "", HIGHER, "share of the tokens that are written again in their places"
        ),
        "exact_sentences": Quantity("", HIGHER, "share of the sentences that are without a fault"),
    }

    def __call__(self, evaluation: Evaluation) -> Figures:
        if evaluation.run.model.spec.kind != "text":
            raise OfOtherData("needs sentences: dataset=text")
        target, made = evaluation.target, evaluation.reconstruction
        is_there = ~np.isnan(target)
        count = int(is_there.sum())
        nats = float(evaluation.scores["reconstruction"].sum(dtype="float64")) / count
        is_right = (target == made) | ~is_there
        return {
            "nats_a_token": nats,
            "token_perplexity": math.exp(min(nats, 700.0)),
            "token_accuracy": float((is_right & is_there).sum() / count),
            "exact_sentences": float(is_right.all(axis=(1, 2, 3)).mean()),
        }
