"""aecli study: models at several strengths and seeds, and the tables and figures of them."""

import contextlib
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Annotated

from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from pydantic import Field

from aecli import build, look, runs, typed
from aecli.console import catalog, options, root_keys
from aecli.console.arguments import Arguments
from aecli.console.compose import composed
from aecli.console.table import show_table
from aecli.errors import BadRequest, NotApplicable
from aecli.files import as_json, made_folder, write_json, write_text
from aecli.io import request
from aecli.jobs import hydra_sweep, warm
from aecli.locking import locked
from aecli.study import ceiling, folder, report
from aecli.study.design import GROUP, read
from aecli.study.folder import Study
from aecli.study.results import Results, results
from aecli.untrusted.bounded import check_writable

COMMAND = "study"
Words = list[Annotated[str, Field(min_length=1)]]


def _keys(
    models: Annotated[Words, Field(min_length=1)] | None,
    seeds: Annotated[int, Field(ge=1, le=1000)] | None,
    sweep: Annotated[str, Field(min_length=1)] | None,
): ...


def run(arguments: Arguments) -> int:
    """The whole command; 1 where a training failed.

    Raises BadRequest before anything is trained, Interrupted by a signal.
    """
    if others := arguments.without(options.CONFIG_DIR).options:
        raise BadRequest(f"aecli study does not take {next(iter(others))}")
    mine, theirs = _shared_out(arguments.overrides)
    made = composed(COMMAND, mine, arguments.config_dir)
    cfg, name = made.config, made.choices[GROUP]
    OmegaConf.resolve(cfg)
    root_keys.check(cfg)
    request.check(cfg, _keys)
    if name is None and cfg.sweep is None:
        _list(arguments.config_dir, cfg.json)
        return 0
    study = _study(None if name is None else str(name), cfg, theirs, arguments.config_dir)
    with contextlib.redirect_stdout(sys.stderr), locked(study.folder):  # there stand the results
        code = hydra_sweep.train_all(study.sweep, cfg.n_jobs, cfg.gpus, COMMAND)
    found = results(study)
    if found.cells:
        _tell(found, cfg)
    return code


def _shared_out(words: list[str]) -> tuple[list[str], list[str]]:
    """(those whose keys the command has, those of aecli train)"""
    own = {*composed(COMMAND, []).config, GROUP, look.GROUP}
    mine = [word for word in words if word.partition("=")[0].lstrip("+") in own]
    return mine, [word for word in words if word not in mine]


def _study(name: str | None, cfg: DictConfig, train: list[str], config_dir: str | None) -> Study:
    """That which is gone on with, or a new one."""
    if cfg.sweep is not None:
        if name is not None or cfg.models or cfg.seeds or train:
            raise BadRequest(
                "sweep= goes on with a study as it was asked for, and takes nothing of a new one\n"
                + typed.command(COMMAND, sweep=cfg.sweep)
            )
        return folder.find(str(cfg.sweep), str(cfg.outputs))
    assert name is not None  # else the studies are listed
    plain = build.plain(cfg)
    design = read(name, config_dir).narrowed(plain["models"], plain["seeds"], train)
    jobs = []  # all composed before any begins
    for job in folder.asked(design, hydra_sweep.threads(cfg.n_jobs), config_dir):
        jobs.append(job)
        if len(jobs) == 2:  # several are known to be right: a server imports beside the others
            warm.get_ready(job.config, cfg.gpus)
    check_writable(pathlib.Path(cfg.outputs))
    return folder.create(name, design, jobs, str(cfg.outputs))


def _list(config_dir: str | None, json: bool) -> None:
    names = [option.name for option in catalog.options(GROUP, config_dir)]
    found = {name: read(name, config_dir) for name in names}
    if json:
        print(as_json({name: design.as_plain() for name, design in found.items()}))
        return
    rows = [
        [name, str(len(design.cells)), f"{design.minutes:.0f} min", design.about]
        for name, design in found.items()
    ]
    show_table(["study", "trainings", "on 2 cores", "what"], rows)
    print("\naecli study STUDY trains and compares;  models=[...] seeds=2 for fewer")


def _tell(found: Results, cfg: DictConfig) -> None:
    """Tables on stdout; files and figures beside the trainings."""
    into = found.study.folder
    known = ceiling.of(found, into)
    tables = report.tables(found, known)
    write_text(into / "scores.csv", report.as_csv(found))
    write_text(into / "study.md", report.as_markdown(found, tables))
    write_json(into / "study.json", report.as_json(found, known))
    written = ["study.md", "study.json", "scores.csv"]
    if cfg.json:
        print(as_json(report.as_json(found, known)))
    else:
        print(report.headline(found))
        for title, table in tables.items():
            print(f"\n{title}")
            show_table(*table)
    sys.stdout.flush()  # the figures take seconds
    if cfg.draw:
        with look.of(cfg).used():
            written += _drawn(found, known, into)
    print(f"written to {into}/:  {'  '.join(written)}", file=sys.stderr)


def _drawn(found: Results, known: dict[str, float], into: pathlib.Path) -> list[str]:
    places, written = made_folder(into / "figures"), []
    writer = runs.Run(into / "01")
    for name, draw in _figures(found, known):
        try:
            path = writer.save_figure(draw(), name, folder=places)
            written.append(f"figures/{path.name}")
        except NotApplicable as reason:
            print(f"no {name} figure: it {reason}", file=sys.stderr)
    return written


def _figures(found: Results, known: dict[str, float]) -> Iterator[tuple[str, Callable[[], Figure]]]:
    from aecli.figures import study as figures

    yield "scores_by_model", lambda: figures.scores_by_model(found, known)
    yield "score_against_strength", lambda: figures.score_against_strength(found, known)
    yield "rank_correlations", lambda: figures.rank_correlations(found)
