"""aecli reproduce: train what was published, measure it, and say whether its figure is reached."""

import contextlib
import pathlib
import statistics
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

from omegaconf import DictConfig, OmegaConf
from pydantic import Field

from aecli import runs, typed
from aecli.console import catalog, options, root_keys
from aecli.console.arguments import Arguments
from aecli.console.compose import composed
from aecli.console.table import show_table
from aecli.console.wanted import Wanted
from aecli.errors import BadRequest, Interrupted
from aecli.files import as_json, unique_folder, write_json
from aecli.fit import start
from aecli.io import request
from aecli.reproduction import report, verdict
from aecli.reproduction.row import GROUP, Row, read
from aecli.reproduction.wanted import found, wanted
from aecli.untrusted.bounded import check_writable


def _keys(
    epochs: Annotated[int, Field(ge=1)] | None,
    threads: Annotated[int, Field(ge=1, le=1024)] | None,
): ...


def run(arguments: Arguments) -> int:
    """The whole command: the rows, or one row's figures beside ours, as a table or as JSON.

    Raises BadRequest before anything is trained, RunFailed, Interrupted by a signal.
    """
    if others := arguments.without(options.CONFIG_DIR).options:
        raise BadRequest(f"aecli reproduce does not take {next(iter(others))}")
    made = composed(GROUP, arguments.overrides, arguments.config_dir)
    cfg, name = made.config, made.choices[GROUP]
    OmegaConf.resolve(cfg)
    root_keys.check(cfg)
    request.check(cfg, _keys)
    if name is None:
        _list(arguments.config_dir, cfg.json)
        return 0
    result = _result(str(name), read(str(name), arguments.config_dir), cfg, arguments)
    stamp = time.strftime(f"%Y-%m-%d/%H-%M-%S_{name}")
    folder = unique_folder(pathlib.Path(cfg.outputs) / stamp)
    write_json(folder / "reproduce.json", result)
    print(as_json(result) if cfg.json else report.text(result))
    print(f"written to {folder}/reproduce.json", file=sys.stderr)
    return 0


def _list(config_dir: str | None, json: bool) -> None:
    names = [option.name for option in catalog.options(GROUP, config_dir)]
    rows = {name: read(name, config_dir) for name in names}
    if json:
        print(as_json([report.listed(name, row) for name, row in rows.items()]))
        return
    show_table(*report.listing(rows))
    print("\naecli reproduce ROW trains and measures it;  epochs=N is a shorter try")


def _result(name: str, row: Row, cfg: DictConfig, arguments: Arguments) -> dict[str, Any]:
    """Every training there is not yet, and what all of them reach. Raises BadRequest, RunFailed."""
    from aecli.reproduction.measure import measured

    config_dir = arguments.config_dir
    check_writable(pathlib.Path(cfg.outputs))
    seeds = [None] if cfg.seeds is None else [*range(cfg.seeds)]
    asked = [wanted(row, _stated(row, cfg), seed, config_dir) for seed in seeds]  # all, before any
    values, made = [], []
    with contextlib.redirect_stdout(sys.stderr):  # there stands the result
        for ones in asked:
            of_seed = []
            for one in ones:
                made.append(_trained(one, arguments, cfg.outputs))
                of_seed.append(measured(made[-1], row, config_dir))
            values.append([_mean(pairs) for pairs in zip(*of_seed, strict=True)])
    epochs = min(int(run.status["epochs_done"]) for run in made)
    return report.result(name, row, verdict.judged(row, values, epochs), made, asked[0])


def _stated(row: Row, cfg: DictConfig) -> list[str]:
    """The words that the command's own keys stand for."""
    words = [typed.override(*pair) for pair in typed.elsewhere(cfg.outputs).items()]
    if cfg.epochs is not None:
        if row.epochs is not None and cfg.epochs > row.epochs:
            raise BadRequest(
                f"epochs={cfg.epochs} is more than the {row.epochs} of the published training\n"
                "take fewer, or leave it out"
            )
        words.append(f"trainer.epochs={cfg.epochs}")
    return words + ([] if cfg.threads is None else [f"trainer.threads={cfg.threads}"])


def _trained(one: Wanted, arguments: Arguments, outputs: str) -> runs.Run:
    """The run of a training: that which there is, gone on with where it was stopped, or a new one.

    Raises RunFailed, FolderBusy, Interrupted, which says how to go on.
    """
    known = found(one, outputs)
    if known is not None and known.state == "done":
        print(f"run     {known.folder} is this training, done", flush=True)
        return runs.Run(known.folder)
    carry_out: Callable[[], Any] = (
        (lambda: start.resume(str(known.folder), one.config, []))
        if known is not None
        else (lambda: start.train(one.config, one.names, one.words))
    )
    try:
        run = carry_out()
    except Interrupted as stop:
        again = typed.command(GROUP, *arguments.overrides)
        raise Interrupted(stop.signum, f"{stop}\nor with its measurement: {again}") from None
    assert run is not None  # no follower: a row states no cluster
    return runs.Run(run.folder)


def _mean(pairs: tuple) -> tuple[float | None, float | None]:
    """(ours, published) over the runs of a row; None where one has none."""
    ours, theirs = zip(*pairs, strict=True)
    return _of_all(ours), _of_all(theirs)


def _of_all(values: tuple) -> float | None:
    return None if None in values else statistics.fmean(values)
