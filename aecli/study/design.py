"""Design: what a study trains and which figures it looks at, from its YAML. TensorFlow-free."""

import dataclasses
import itertools
from typing import Annotated, Any

from pydantic import Field

from aecli import build, typed
from aecli.component import from_plain
from aecli.console import catalog
from aecli.console.compose import composed
from aecli.console.wanted import refuse_foreign, replaced
from aecli.errors import BadRequest

GROUP = "design"
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Words = list[Annotated[str, Field(min_length=1, max_length=1000)]]
Number = Annotated[float, Field(ge=-1e9, le=1e9)]
Names = Annotated[list[Text], Field(min_length=1, max_length=100)]
JOBS = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arm:
    """One model of a study. words: of aecli train; strength: the key of them that is varied.

    beside: keys that go with the strength, each so many times it.
    """

    words: Words
    strength: Text
    values: Annotated[list[Number], Field(min_length=1, max_length=100)]
    beside: dict[str, Number] = dataclasses.field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """What it states of a training."""
        return [*(word.partition("=")[0] for word in self.words), self.strength, *self.beside]


@dataclasses.dataclass(frozen=True)
class Cell:
    """One training of a study."""

    arm: str
    strength: float
    seed: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Design:
    """train: the words of aecli train for all; arms: {name: Arm}; minutes: on 2 cores.

    scores: figures of metrics.json that are to be explained; criteria: those, or val_loss, that are
    known without the truth and by which a strength may be chosen.
    """

    source: Text
    train: Words
    arms: dict[str, Any]
    scores: Names
    criteria: Names
    seeds: Annotated[int, Field(ge=1, le=1000)]
    minutes: Annotated[float, Field(gt=0, le=1e6)]
    differs: Annotated[str, Field(max_length=2000)] = ""
    about: str = ""  # the first line of its file

    @property
    def cells(self) -> list[Cell]:
        """All trainings; seeds vary fastest, so that a study that is stopped has whole cells."""
        return [
            Cell(name, value, seed)
            for name, arm in self.arms.items()
            for value, seed in itertools.product(arm.values, range(self.seeds))
        ]

    def words(self, cell: Cell) -> list[str]:
        """What aecli train would be told."""
        arm = self.arms[cell.arm]
        varied = {arm.strength: cell.strength}
        varied |= {key: times * cell.strength for key, times in arm.beside.items()}
        own = [typed.override(key, _short(value)) for key, value in varied.items()]
        return [*replaced(self.train, arm.words), *own, f"seed={cell.seed}"]

    def narrowed(self, models: list[str] | None, seeds: int | None, train: list[str]) -> "Design":
        """The same with fewer models, other seeds, other words. Raises BadRequest."""
        unknown = [name for name in models or [] if name not in self.arms]
        if unknown:
            known = ", ".join(self.arms)
            raise BadRequest(f"models: the study has no {unknown[0]!r}; it has: {known}")
        arms = self.arms if models is None else {name: self.arms[name] for name in models}
        own = {"seed", *(key for arm in self.arms.values() for key in arm.keys)}
        for word in train:
            refuse_foreign(word, "train")
            if (key := word.partition("=")[0].lstrip("+~")) in own:
                raise BadRequest(
                    f"{word}: the study itself states {key} of each training\n"
                    f"choose of its models, as models=[{next(iter(self.arms))}], and how many seeds"
                )
        groups = tuple(f"{word.partition('=')[0]}." for word in train)  # of another data set
        words = replaced([word for word in self.train if not word.startswith(groups)], train)
        return dataclasses.replace(self, arms=arms, seeds=seeds or self.seeds, train=words)

    def as_plain(self) -> dict[str, Any]:
        """For design.json."""
        return dataclasses.asdict(self)


def read(name: str, config_dir: str | None = None) -> Design:
    """The study of configs/design/<name>.yaml. Raises BadRequest, or what Hydra raises."""
    cfg = composed("study", [f"{GROUP}={name}"], config_dir).config
    files = {option.name: option for option in catalog.options(GROUP, config_dir)}
    return dataclasses.replace(of_plain(build.plain(cfg)[GROUP]), about=files[name].description)


def of_plain(plain: Any) -> Design:
    """The study that a YAML or a design.json states. Raises BadRequest."""
    design = from_plain(Design, plain, GROUP)
    if not design.arms:
        raise BadRequest("must name one model at least", f"{GROUP}.arms")
    arms = {
        str(name): from_plain(Arm, arm, f"{GROUP}.arms.{name}") for name, arm in design.arms.items()
    }
    for words in (design.train, *(arm.words for arm in arms.values())):
        for word in words:
            refuse_foreign(word, GROUP)
    design = dataclasses.replace(design, arms=arms)
    if len(design.cells) > JOBS:
        raise BadRequest(f"has {len(design.cells):,} trainings; at most {JOBS:,}", GROUP)
    return design


def _short(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value
