"""How many units of a code say anything of the image."""

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Posterior(Metric):
    """active_units, and the KL of the code's units; for models with a prior."""

    section: ClassVar[str] = "likelihood"
    about: ClassVar[dict[str, Quantity]] = {
        "active_units": Quantity(
            "", HIGHER, "code units whose posterior mean varies over the images"
        ),
        "code_units": Quantity("", "", "of so many"),
        "kl_largest": Quantity("nats", "", "mean KL of the unit that says most"),
        "kl_median": Quantity("nats", "", "of the one in the middle"),
        "kl_smallest": Quantity("nats", "", "of the one that says least"),
    }

    threshold: Annotated[
        float, Field(gt=0, description="variance over the images, above which a unit is active")
    ] = 0.01

    def __call__(self, evaluation: Evaluation) -> Figures:
        model = evaluation.run.model
        if not model.has_bound:
            raise NotApplicable("needs a model with a bound of log p(x), as model=vae")
        means = evaluation.codes.reshape(len(evaluation.codes), -1)
        figures: Figures = {
            "active_units": active_units(means, self.threshold),
            "code_units": means.shape[1],
        }
        kl = model.kl_of_units(evaluation.x, label=evaluation.labels)
        if kl is not None:
            units = np.sort(kl.reshape(len(kl), -1).mean(axis=0, dtype="float64"))
            ends = {"largest": units[-1], "median": np.median(units), "smallest": units[0]}
            figures |= {f"kl_{name}": float(value) for name, value in ends.items()}
        return figures

    def notes(self, evaluation: Evaluation) -> list[str]:
        if getattr(evaluation.run.model, "epsilon_std", 1) == 1:
            return []
        return ["kl_*: as in the loss, of epsilon_std = 1; elbo_kl is of the draws as they are"]


def active_units(means: np.ndarray, threshold: float = 0.01) -> int:
    """How many columns of posterior means [N, D] have a variance over the data > threshold.

    Source: Burda, Grosse & Salakhutdinov 2016, section 5.3, with 0.01.
    """
    return int((means.astype("float64").var(axis=0) > threshold).sum())
