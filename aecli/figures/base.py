"""RunFigure: what every figure is."""

import dataclasses
from typing import ClassVar

from matplotlib.figure import Figure

from aecli.component import Component
from aecli.figures import style


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunFigure(Component):
    """A drawing of a run; a subclass writes draw().

    Raises NotApplicable, with a text that says what the figure needs, for a model or data that
    it does not fit.
    """

    group: ClassVar[str] = "figures"
    uses_model: ClassVar[bool] = True

    def __call__(self, run) -> Figure:
        """Draw the run; the same look whatever matplotlibrc the user has."""
        return style.in_style(self.draw)(run)

    def draw(self, run) -> Figure:
        raise NotImplementedError
