"""The keys at the root that several commands share, checked before any of them is used."""

from typing import Annotated, Literal

from omegaconf import DictConfig, OmegaConf
from pydantic import Field

from aecli import build
from aecli.component import check_arguments
from aecli.console import stated_values
from aecli.errors import BadRequest

Path = Annotated[
    str, Field(min_length=1, max_length=4096, description="a path; a number as a name: ./2026")
]
COMMAND_KEYS = ("resume", "sweep", "seeds", "replace", "n_jobs", "gpus")  # not of a run
NOT_OF_A_JOB = (*COMMAND_KEYS, "outputs")  # of what a job of a sweep is told
PATHS = ("outputs", "run", "resume", "sweep", "study", "input", "clean", "output")
NAME = 255  # bytes of one name in a path, on any system
AT_ONCE = 1024  # processes


def _keys(
    outputs: Path,
    run: Path | None,
    resume: Path | None,
    sweep: Path | None,
    study: Path | None,
    input: Path | None,
    clean: Path | None,
    output: Path | None,
    split: Literal["train", "val", "test"],
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None,
    seeds: Annotated[int, Field(ge=1, le=1000)] | None,
    replace: bool,
    json: bool,
    draw: bool,
    sample: bool,
    gif: bool,
): ...


def of_run(config: DictConfig) -> DictConfig:
    """Returns a copy without the keys that say what the command is to do."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key not in COMMAND_KEYS])


def check(config: DictConfig) -> None:
    """Raises BadRequest."""
    plain = build.plain(config)
    check_arguments(_keys, plain)
    later = ("dataset",)  # is made before TensorFlow anyway, and eval fills in the run's own seed
    stated_values.check({key: node for key, node in plain.items() if key not in later})
    for key in PATHS:
        names = (plain.get(key) or "").split("/")
        if long := [name for name in names if len(name.encode("utf-8", "replace")) > NAME]:
            raise BadRequest(f"{key}: {long[0][:40]}... has more than {NAME} bytes, as no name has")
    n_jobs, gpus = plain.get("n_jobs", 1), plain.get("gpus")
    if type(n_jobs) is not int or not 1 <= n_jobs <= AT_ONCE:
        raise BadRequest(
            f"n_jobs must be a whole number of 1 or more, {AT_ONCE} at most; got {n_jobs!r}"
        )
    is_list = isinstance(gpus, list) and gpus and all(type(g) is int and g >= 0 for g in gpus)
    if gpus is not None and not is_list:
        raise BadRequest(f"gpus must be a list of their numbers, as gpus=[0,1]; got {gpus!r}")
