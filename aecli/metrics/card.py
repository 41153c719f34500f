"""The report card: what all metrics say of one evaluation, by section."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from aecli.errors import NotApplicable, OfOtherData
from aecli.metrics.base import Evaluation, Figures, Metric, finite, stated
from aecli.quantity import Quantity, beside

SECTIONS = (  # others come after
    "reconstruction", "likelihood", "samples", "codes", "disentanglement", "anomalies",
)  # fmt: skip
BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}]"  # parts differ in length


@dataclasses.dataclass
class Card:
    """sections: {section: {name: value}}; baselines: {what the model is compared with: {name:
    value}}; about: {name: what it measures}; notes: {section: lines}; not_applicable and failed:
    {metric: why}.
    """

    split: str
    images: int
    settings: dict[str, dict[str, Any]]
    sections: dict[str, Figures] = dataclasses.field(default_factory=dict)
    baselines: dict[str, Figures] = dataclasses.field(default_factory=dict)
    about: dict[str, Quantity] = dataclasses.field(default_factory=dict)
    notes: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    not_applicable: dict[str, str] = dataclasses.field(default_factory=dict)
    failed: dict[str, str] = dataclasses.field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """{"split", "images", name: value ..., "baselines", "about"}"""
        flat = {name: value for part in self.sections.values() for name, value in part.items()}
        whole = {"split": self.split, "images": self.images, **flat, "baselines": self.baselines}
        return whole | beside(self.about)

    def quantity(self, name: str) -> Quantity:
        """What a figure measures; nothing that is known where its metric does not say it."""
        return self.about.get(name, Quantity())

    def whole(self) -> dict[str, Any]:
        """The figures, and all that is known of them."""
        return {
            **self.figures(),
            "sections": {section: list(part) for section, part in self.sections.items()},
            **{key: getattr(self, key) for key in ("notes", "not_applicable", "failed")},
            "settings": self.settings,
        }


def filled(
    evaluation: Evaluation,
    metrics: dict[str, Metric],
    strict: bool = False,
    told: Callable[[str, float], None] | None = None,
) -> Card:
    """The card of some metrics, {name: metric}.

    One that does not fit or fails is put down with its reason, and costs no other; if strict, its
    error is raised. One of several that is about another kind of data is passed over. told: is
    given the name of each that was found, and the seconds that it took.
    """
    ordered = sorted(metrics.items(), key=lambda item: _place(item[1].section))
    settings = {name: dataclasses.asdict(metric) for name, metric in ordered}
    card = Card(evaluation.split, len(evaluation.target), settings)
    with tqdm(ordered, leave=False, delay=1, disable=None, bar_format=BAR) as bar:
        for name, metric in bar:
            bar.set_description(name)
            start = time.monotonic()
            try:
                _add(card, evaluation, metric)
            except Exception as error:
                if isinstance(error, OfOtherData) and len(metrics) > 1:
                    continue  # the defaults are those of any data
                if strict:
                    raise
                if isinstance(error, NotApplicable):
                    card.not_applicable[name] = str(error)
                else:
                    card.failed[name] = f"{type(error).__name__}: {error}"
            else:
                if told is not None:
                    told(name, time.monotonic() - start)
    return card


def _add(card: Card, evaluation: Evaluation, metric: Metric) -> None:
    """All of what a metric says, or nothing."""
    figures, lost = finite(metric(evaluation))
    baselines = {row: finite(values)[0] for row, values in metric.baselines(evaluation).items()}
    known = card.notes.get(metric.section, [])
    notes = [note for note in (*metric.notes(evaluation), *lost) if note not in known]
    card.sections.setdefault(metric.section, {}).update(figures)
    card.about |= stated(metric, evaluation, figures)
    for row, values in baselines.items():
        card.baselines.setdefault(row, {}).update(values)
    if notes:
        card.notes.setdefault(metric.section, []).extend(notes)


def _place(section: str) -> int:
    return SECTIONS.index(section) if section in SECTIONS else len(SECTIONS)
