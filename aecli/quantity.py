"""What a number measures: said once, by the metric or the model that gives it."""

import dataclasses
from typing import Any

from aecli.dataspec import DataSpec
from aecli.direction import is_higher_better
from aecli.visible import in_a_line

HIGHER, LOWER = "higher", "lower"
ABOUT = "about"  # the key of metrics.json
LETTERS = 200  # of what is shown of a text


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A figure's unit, its better direction and its meaning; stored beside its value.

    unit: "nats an image", "dB", or "" where it has none. better: HIGHER, LOWER, or "" where a
    figure is no merit. meaning: a short phrase. by_objective: whether it is a value of the
    training's objective or likelihood, so that it is another quantity under another loss.
    """

    unit: str = ""
    better: str = ""
    meaning: str = ""
    by_objective: bool = False

    def of(self, spec: DataSpec) -> "Quantity":
        """The same in the words for such data: a row of a table has no pixels."""
        if spec.is_image:
            return self
        words = ("a sentence", "a token") if spec.kind == "text" else ("an example", "a value")
        unit = self.unit.replace("an image", words[0]).replace("a pixel", words[1])
        return dataclasses.replace(self, unit=unit)

    def label(self, name: str) -> str:
        """The name with its unit, for an axis or the head of a column: mse (a pixel)."""
        return f"{name} ({self.unit})" if self.unit else name

    @classmethod
    def from_plain(cls, stored: dict[str, Any]) -> "Quantity":
        """What was stored, perhaps by a stranger; of what has another type or name, nothing."""
        texts = {key: _shown(stored.get(key)) for key in ("unit", "better", "meaning")}
        if texts["better"] not in (HIGHER, LOWER):
            texts["better"] = ""
        return cls(**texts, by_objective=stored.get("by_objective") is not False)


def _shown(text: Any) -> str:
    """As it may stand on a terminal and over a figure, where $ would be mathematics."""
    return in_a_line(text).replace("$", "")[:LETTERS] if isinstance(text, str) else ""


def unstated(name: str) -> Quantity:
    """Of a figure that nobody speaks for: no unit, and the direction that its name tells."""
    better = HIGHER if is_higher_better(name) else LOWER
    return Quantity(better=better, by_objective=True)


def plain(quantities: dict[str, Quantity]) -> dict[str, dict[str, Any]]:
    """Returns them as plain values, for JSON."""
    return {name: dataclasses.asdict(quantity) for name, quantity in quantities.items()}


def beside(quantities: dict[str, Quantity]) -> dict[str, Any]:
    """Returns {"about": ...}, which goes into metrics.json beside the figures."""
    return {ABOUT: plain(quantities)}
