"""The rows of aecli bench suite: trainings that are timed beside a plain script and stock fit."""

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any

from omegaconf import DictConfig
from pydantic import Field

from aecli import build, typed
from aecli.component import from_plain
from aecli.console import catalog, wanted
from aecli.console.arguments import parse
from aecli.errors import BadRequest, RunFailed
from aecli.fit import bench
from aecli.fit.bench import TITLES, By, Side

GROUP = "suite"
OWN = (GROUP, "rounds", "timed", "json", "outputs", "against")  # keys that are not a row's
Words = list[Annotated[str, Field(min_length=1, max_length=1000)]]
Count = Annotated[int, Field(ge=1, le=1000)]
HEADERS = ["row", "plain script", "stock fit, our model", "aecli (s an epoch)"]
NOTE = """\
Seconds an epoch of the others divided by ours, in brackets over the rounds.
Plain script: the layers alone, of keras.layers. Stock fit: our own model, with
its rearranged layers and its loss, trained by Keras's fit."""


class NoData(BadRequest):
    """The data of a row are not on this machine; the text says in a line what was looked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """train: the words of aecli train; sides: whose time is taken, aecli among them.

    minutes: of 2 rounds on 2 cores. timed: epochs at most, where they are long.
    """

    train: Words
    minutes: Annotated[float, Field(gt=0, le=1e5)]
    sides: Annotated[list[By], Field(min_length=1)] = dataclasses.field(
        default_factory=lambda: ["keras", "aecli"]
    )
    timed: Count | None = None
    about: str = ""  # the first line of its file


@dataclasses.dataclass(frozen=True)
class Asked:
    """A row that is to be timed. words: of aecli train."""

    name: str
    row: Row
    words: list[str]
    sides: list[Side]
    examples: dict[str, int]


def rows(config: DictConfig) -> dict[str, Row]:
    """The chosen ones, the shortest first. Raises BadRequest."""
    files = {option.name: option for option in catalog.options(GROUP)}
    made = {}
    for name, plain in build.plain(config)[GROUP].items():
        row = from_plain(Row, plain, f"{GROUP}.{name}")
        if "aecli" not in row.sides:
            raise BadRequest("must have aecli among them", f"{GROUP}.{name}.sides")
        for word in row.train:
            wanted.refuse_foreign(word, f"{GROUP}.{name}.train")
        about = files[name].description if name in files else ""
        made[name] = dataclasses.replace(row, about=about)
    return dict(sorted(made.items(), key=lambda item: item[1].minutes))


def further(words: list[str]) -> list[str]:
    """Of the line's words those that each row is to have, too. Raises BadRequest for a choice."""
    theirs = [word for word in words if word.partition("=")[0].partition(".")[0] not in OWN]
    for word in theirs:
        key = word.partition("=")[0].lstrip("+~")
        if key.partition("@")[0] in catalog.groups():
            raise BadRequest(
                f"{word}: the rows of the suite state {key} themselves\n"
                "a setting that all of them have can be stated, such as trainer.threads=1"
            )
    return theirs


def asked(name: str, row: Row, also: list[str], timed: int) -> Asked:
    """The row, composed, and its data looked for. Raises BadRequest, NoData where they lack."""
    words = wanted.replaced(row.train, also)
    epochs = timed if row.timed is None else min(timed, row.timed)
    overrides = [*parse("train", words).overrides, f"timed={epochs}"]
    config = wanted.checked("bench", overrides).config
    sides = [Side(by, TITLES[by], by, config) for by in TITLES if by in row.sides]
    try:
        return Asked(name, row, words, sides, bench.examples(sides))
    except BadRequest as error:
        raise NoData(str(error).splitlines()[0]) from None


def timed(one: Asked, rounds: int, told: Callable[[str], Any]) -> dict[str, Any]:
    """A row's figures. Raises RunFailed."""
    measured = bench.in_turn(one.sides, rounds, lambda text: told(f"{one.name}  {text}"))
    sizes = {side: rounds_of[-1]["parameters"] for side, rounds_of in measured.items()}
    if len(set(sizes.values())) > 1:
        raise RunFailed(f"bench of {one.name}: the sides have other layers, {sizes} parameters")
    return {
        "about": one.row.about,
        "train": typed.command("train", *one.words),
        "parameters": sizes["aecli"],
        "ratios": {
            side: bench.ratio(found, measured["aecli"])
            for side, found in measured.items()
            if side != "aecli"
        },
        "sides": {k: bench.figures_of(v, one.examples[k]) for k, v in measured.items()},
        "rounds": measured,
    }


def table(results: dict[str, dict[str, Any]]) -> list[list[str]]:
    """What stands below HEADERS."""
    return [
        [name, *(_ratio(one["ratios"].get(side)) for side in ("plain", "keras")), _seconds(one)]
        for name, one in results.items()
    ]


def _ratio(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    low, high = (f"{value:.1f}" for value in found["ratio_range"])
    return f"{found['ratio']:.1f}" + ("" if low == high else f" ({low} to {high})")


def _seconds(one: dict[str, Any]) -> str:
    ours = one["sides"]["aecli"]
    low, high = (f"{value:.2g}" for value in ours["epoch_seconds_range"])
    return f"{ours['epoch_seconds']:.2g}" + ("" if low == high else f" ({low} to {high})")
