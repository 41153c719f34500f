"""A row: a published figure as data, from its YAML. TensorFlow-free."""

import dataclasses
from typing import Annotated, Any, Literal

from omegaconf import DictConfig
from pydantic import Field

from aecli import build
from aecli.component import from_plain
from aecli.console import catalog
from aecli.console.compose import composed
from aecli.console.wanted import refuse_foreign
from aecli.errors import BadRequest

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Words = list[Annotated[str, Field(min_length=1, max_length=1000)]]
Number = Annotated[float, Field(ge=-1e9, le=1e9)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
GROUP = "reproduce"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """One number that was published, or is known by theory, and where ours is found.

    name: a figure of aecli eval, or with `epoch` a column of history.csv. of: the baseline whose
    figure it is, by the first letters of its name; None: the model's. times: what turns aecli's
    figure into the published one's unit; per_variance is the reciprocal of the variance of all the
    training's pixels. known: how the value is computed, where nobody had to publish it. better:
    equal means as near as the tolerance from both sides.
    """

    name: Text
    tolerance: Annotated[float, Field(ge=0, le=1e9, description="in the published unit")]
    better: Literal["lower", "higher", "equal"]
    unit: Annotated[str, Field(max_length=40)] = ""
    published: Number | None = None
    known: Literal["ppca"] | None = None
    epoch: Count | None = None
    of: Text | None = None
    times: Number | Literal["pixels", "per_variance"] = 1.0

    @property
    def label(self) -> str:
        parts = [self.name, f"of {self.of}" if self.of else "", self._epoch]
        return " ".join(part for part in parts if part)

    @property
    def _epoch(self) -> str:
        return f"at epoch {self.epoch}" if self.epoch else ""

    def is_reached(self, ours: float, published: float) -> bool:
        """Whether a value of ours is as good as the published one, up to the tolerance."""
        if self.better == "equal":
            return abs(ours - published) <= self.tolerance
        sign = 1.0 if self.better == "lower" else -1.0
        return sign * (ours - published) <= self.tolerance


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """train: the words of aecli train; each: what is added to them, a run each, over which a figure
    is the mean. eval: the words of aecli eval. epochs: of the published training, None where there
    is none. minutes: on 2 cores. needs: what our own training takes.
    """

    source: Text
    train: Words
    figures: list[Any]
    minutes: Annotated[float, Field(gt=0, le=1e6)]
    epochs: Count | None = None
    differs: Annotated[str, Field(max_length=2000)] = ""
    each: Annotated[list[Words], Field(min_length=1, max_length=1000)] = dataclasses.field(
        default_factory=lambda: [[]]
    )
    eval: Words = dataclasses.field(default_factory=list)
    needs: Literal["minutes", "overnight", "GPU"] = "minutes"
    about: str = ""  # the first line of its file


def read(name: str, config_dir: str | None = None) -> Row:
    """The row of configs/reproduce/<name>.yaml. Raises BadRequest, or what Hydra raises."""
    cfg = composed(GROUP, [f"{GROUP}={name}"], config_dir).config
    files = {option.name: option for option in catalog.options(GROUP, config_dir)}
    return dataclasses.replace(of_config(cfg), about=files[name].description)


def of_config(cfg: DictConfig) -> Row:
    """The row that a composed config of the command holds. Raises BadRequest."""
    row = from_plain(Row, build.plain(cfg)[GROUP], GROUP)
    figures = [
        from_plain(Figure, plain, f"{GROUP}.figures.{i}") for i, plain in enumerate(row.figures)
    ]
    for i, figure in enumerate(figures):
        if (figure.published is None) == (figure.known is None):
            raise BadRequest("needs one of published and known", f"{GROUP}.figures.{i}")
        if figure.epoch is not None and len(row.each) > 1:
            raise BadRequest("takes no epoch: the row has several runs", f"{GROUP}.figures.{i}")
    for key, words in (("train", [row.train, *row.each]), ("eval", [row.eval])):
        for word in (word for some in words for word in some):
            refuse_foreign(word, f"{GROUP}.{key}")
    if not figures:
        raise BadRequest("must name one figure at least", f"{GROUP}.figures")
    return dataclasses.replace(row, figures=figures)
