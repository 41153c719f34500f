"""aecli report: one HTML file that shows a run, or a sweep, to somebody without aecli."""

import pathlib
import sys
import time

from omegaconf import DictConfig

from aecli import look, runs, typed
from aecli.errors import BadRequest
from aecli.files import unique_folder, write_text
from aecli.io import request
from aecli.io.destination import Destination
from aecli.runs import sweeps
from aecli.untrusted.bounded import refuse_links


def main(cfg: DictConfig) -> None:
    print(report(cfg))


def report(cfg: DictConfig) -> pathlib.Path:
    """Write the page of a run folder or of a sweep's folder; returns the file.

    The latest is the sweep, where the latest finished run is one of its.
    """
    if runs.is_latest(cfg.run) and (latest := runs.latest(str(cfg.outputs))).sweep is not None:
        print(latest.told(of_sweep=True), file=sys.stderr)
        return _of_sweep(cfg, latest.sweep)
    if not runs.is_latest(cfg.run) and (pathlib.Path(cfg.run) / sweeps.FILE).is_file():
        return _of_sweep(cfg, pathlib.Path(cfg.run))
    run = request.which_run(cfg)
    if look.of(cfg) != look.Look():
        raise BadRequest(
            "style and its keys are for a sweep, whose figures are drawn for the report; those of "
            "a run are as they were drawn\ndraw one anew: aecli plot-loss style=paper"
        )
    to = Destination(run, cfg.output, "report.html", [".html"])
    from aecli.page.of_run import page

    made = page(run)
    if not any(table.title.startswith("Report card") for table in made.tables):
        make = typed.command("eval", run=run.folder, card="full")
        print(f"no report card in it yet: {make}", file=sys.stderr)
    return _written(made.html(), to.path())


def _of_sweep(cfg: DictConfig, place: pathlib.Path) -> pathlib.Path:
    from aecli.comparison import sources
    from aecli.comparison.leaderboard import leaderboard
    from aecli.figures.leaderboard import draw_all
    from aecli.page.of_sweep import page

    source = sources.find([str(place)], str(cfg.outputs))
    sweep = source.sweep
    assert sweep is not None  # report has seen that it is one
    refuse_links(sweep)
    used = look.of(cfg)
    if used.format == "pdf":
        raise BadRequest("format=pdf: a page shows png or svg\naecli compare writes PDF files")
    board = leaderboard(source, None)
    if not board.rows:
        raise BadRequest(f"run={place}: none of its runs is done")
    first = runs.Run(board.rows[0].records[0].entry.folder)
    to = Destination(first, cfg.output, "report.html", [".html"])
    folder = sweep / "compare" / time.strftime("%Y-%m-%d_%H-%M-%S")
    folder = unique_folder(folder)
    with used.used():
        figures = [folder / name for name in draw_all(board, folder / "figures")]
    made = page(board, str(sweep), figures)
    path = folder / "report.html" if cfg.output is None else to.path()
    return _written(made.html(), path)


def _written(html: str, path: pathlib.Path) -> pathlib.Path:
    write_text(path, html)
    return path
