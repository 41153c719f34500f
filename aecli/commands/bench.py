"""aecli bench: seconds an epoch beside stock Keras fit, or another setting, in turn; or a suite."""

import pathlib
import signal
import sys
import time
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aecli import typed
from aecli.console.compose import composed
from aecli.console.table import show_table
from aecli.errors import BadRequest, Interrupted, RunFailed
from aecli.files import as_json, unique_folder, write_json
from aecli.fit import bench, bench_suite
from aecli.fit.bench import TITLES, Side
from aecli.quantity import Quantity


def main(cfg: DictConfig) -> None:
    """The command: a table (or JSON) on stdout, its figures in a folder under outputs.

    Raises RunFailed where a row of a suite failed, after all others; Interrupted by a signal.
    """
    for key in ("rounds", "timed"):
        if type(cfg[key]) is not int or cfg[key] < 1:
            raise BadRequest(f"{key} must be a whole number of 1 or more; got {cfg[key]!r}")
    if cfg.get(bench_suite.GROUP):
        _suite(cfg)
    else:
        _two(cfg)


def _told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _folder(cfg: DictConfig, name: str) -> pathlib.Path:
    stamp = time.strftime(f"%Y-%m-%d/%H-%M-%S_bench_{name}")
    return unique_folder(pathlib.Path(cfg.outputs) / stamp)


# ---- two settings ------------------------------------------------------------------------------


def _two(cfg: DictConfig) -> None:
    sides = _sides(cfg)
    images = bench.examples(sides)
    choices = HydraConfig.get().runtime.choices
    name = choices["experiment"] or f"{choices['model']}_{choices['dataset']}"
    folder = _folder(cfg, name)
    measured = bench.in_turn(sides, cfg.rounds, _told)
    figures = bench.summary(measured, images)
    titles = {side.key: side.title for side in sides}
    write_json(
        folder / "bench.json",
        {"experiment": name, "titles": titles, **figures, "rounds": measured},
    )
    if cfg.json:
        print(as_json(figures))
    else:
        _print(name, titles, figures)
    print(f"written to {folder}/bench.json", file=sys.stderr)


def _sides(cfg: DictConfig) -> list[Side]:
    """The one that is compared with first."""
    if cfg.against is None:
        return [Side(by, TITLES[by], by, cfg) for by in ("keras", "aecli")]
    words = list(HydraConfig.get().overrides.task)
    ours = [word for word in words if not word.startswith("against=")]
    other = composed("bench", [*ours, *cfg.against]).config
    first = Side("first", " ".join(ours) or "as it stands", "aecli", cfg)
    return [first, Side("second", "with " + " ".join(cfg.against), "aecli", other)]


def _print(name: str, titles: dict[str, str], figures: dict) -> None:
    rows = []
    for side, title in titles.items():
        f = figures[side]
        low, high = f["epoch_seconds_range"]
        rows.append(
            [
                title,
                f"{f['first_step_seconds']:.1f}",
                f"{f['epoch_seconds']:.3g} ({low:.3g} to {high:.3g})",
                f"{f['images_a_second']:,.0f}",
                f"{f['peak_megabytes']:,.0f}",
                f"{f['val_loss']:.5g}",
            ]
        )
    first, second = titles
    val_loss = Quantity(figures[second]["unit"]).label("val_loss")
    headers = [name, "first step (s)", "epoch (s)", "examples/s", "peak (MB)", val_loss]
    show_table(headers, rows)
    low, high = figures["ratio_range"]
    spread = "" if low == high else f" ({low:.2f} to {high:.2f} in a round)"
    print(
        f"{titles[first]} takes {figures['ratio']:.2f} times{spread} as long an epoch as "
        f"{titles[second]}"
    )


# ---- a suite -----------------------------------------------------------------------------------


def _suite(cfg: DictConfig) -> None:
    """All rows are composed before one is timed; what is done is kept, whatever comes after."""
    if cfg.against is not None:
        raise BadRequest("a suite has no second setting\nleave out what stands after --")
    also = bench_suite.further(list(HydraConfig.get().overrides.task))
    rows, asked, left_out = bench_suite.rows(cfg), [], {}
    for name, row in rows.items():
        try:
            asked.append(bench_suite.asked(name, row, also, cfg.timed))
        except bench_suite.NoData as error:
            left_out[name] = str(error)
            _told(f"{name} is left out: {error}")
    if not asked:
        raise BadRequest("no row's data are here: nothing to time")
    minutes = sum(one.row.minutes for one in asked) * cfg.rounds / 2
    count = f"{len(asked)} row{'s' * (len(asked) > 1)}"
    _told(f"{count}, about {max(1, round(minutes))} min; some alone: aecli bench suite ROW ROW")
    file = _folder(cfg, bench_suite.GROUP) / "suite.json"
    found: dict[str, Any] = {"rows": {}, "left_out": left_out, "failed": {}, "is_complete": False}
    try:
        for one in asked:
            try:
                found["rows"][one.name] = bench_suite.timed(one, cfg.rounds, _told)
            except RunFailed as error:
                found["failed"][one.name] = str(error)
                _told(f"{one.name} failed: {error}")
            found["is_complete"] = len(found["rows"]) == len(asked)
            write_json(file, found)
    except KeyboardInterrupt:
        done = found["rows"].keys() | found["failed"].keys()
        others = [one.name for one in asked if one.name not in done]
        _tell(found, cfg, file)
        words = [word for word in HydraConfig.get().overrides.task if "suite=" not in word]
        again = typed.command("bench", bench_suite.GROUP, *others, *words)
        raise Interrupted(signal.SIGINT, f"interrupted; the other rows: {again}") from None
    _tell(found, cfg, file)
    if failed := found["failed"]:
        raise RunFailed(f"not timed: {', '.join(failed)}; {file} says why")


def _tell(found: dict[str, Any], cfg: DictConfig, file: pathlib.Path) -> None:
    if cfg.json:
        print(as_json(found))
    elif found["rows"]:
        show_table(bench_suite.HEADERS, bench_suite.table(found["rows"]))
        print(f"\n{bench_suite.NOTE}")
    if file.exists():
        _told(f"written to {file}")
