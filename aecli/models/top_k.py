"""Top-k: the k largest units of each example are active."""

from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.models.dictionary import Dictionary
from aecli.models.sparse_codes import largest
from aecli.serial import register


@register
class TopK(Dictionary):
    """z = ReLU(TopK(pre)): of the k largest of each example, those above 0.

    loss = reconstruction + aux_weight * aux. Source: Gao et al. 2024, Scaling and evaluating sparse
    autoencoders, eq. 2.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ()

    k: Annotated[int, Field(gt=0, description="active units an example")] = 16

    def assemble(self):
        self.check_at_most("k", self.k)
        super().assemble()

    def active(self, pre, training=False):
        return largest(ops.relu(pre), self.k)
