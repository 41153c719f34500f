"""What a model says of the numbers that it gives."""

import dataclasses
from typing import ClassVar

from aecli.models.asked import Asked
from aecli.quantity import LOWER, Quantity

LOSS = Quantity("nats an image", LOWER, "the terms, weighted and summed", by_objective=True)
PART = Quantity("nats an image", LOWER, "a part of the reconstruction term", by_objective=True)
TERM = dataclasses.replace(LOSS, meaning="a term of the loss, unweighted")


class Measured(Asked):
    """Mix-in for models.

    keeps_measure: the settings that leave what val_loss measures as it is, so that losses of runs
    that differ in them are compared; any other setting makes it another quantity. A subclass names
    its own alone. about: {name: Quantity} of what a model watches and does not minimise;
    about_terms: of terms that are not in nats.
    gradient_is_estimate: whether a gradient that trains it is no slope of the loss: it passes
    straight through a choice, say, or is another estimate of the bound's.
    """

    gradient_is_estimate: ClassVar[bool] = False
    keeps_measure: ClassVar[tuple[str, ...]] = ("latent_dim", "flat")

    about: ClassVar[dict[str, Quantity]] = {}
    about_terms: ClassVar[dict[str, Quantity]] = {}

    reconstructs: ClassVar[bool] = True  # whether a player minimises the reconstruction

    def quantities(self) -> dict[str, Quantity]:
        """{column of history.csv: what it measures}: the loss and each term in nats an example."""
        watched = [*self.watched, *self.opponent_losses]
        terms = {name: self.about_terms.get(name, TERM) for name in self.term_names()}
        found = {"loss": LOSS, **terms, **self.about, **terms}  # in this order
        found |= {tracker.name: tracker.quantity for tracker in watched}
        for name in {"loss", "reconstruction"} & found.keys():
            found[name] = dataclasses.replace(found[name], unit=self.reconstruction_loss.unit)
        return {name: quantity.of(self.spec) for name, quantity in found.items()}

    def decoders_loss(self, likelihood: str) -> str:
        """What the decoder minimises where the encoder does not reconstruct, in a few words."""
        return likelihood
