"""aecli report: one HTML file that shows a run, or a sweep, to somebody without aecli."""

import pathlib
import sys
import time

from omegaconf import DictConfig

from aecli import look, runs, typed
from aecli.errors import BadRequest
from aecli.files import unique_folder, write_text
from aecli.io.destination import Destination
from aecli.runs import sweeps
from aecli.untrusted.bounded import refuse_links


def main(cfg: DictConfig) -> None:
    print(report(cfg))


def report(cfg: DictConfig) -> pathlib.Path:
    """Write the page of a run folder or of a sweep's folder; returns the file."""
    if cfg.run is not None and (pathlib.Path(cfg.run) / sweeps.FILE).is_file():
        return _of_sweep(cfg)
    run = runs.find(cfg.run, cfg.outputs)
    if look.of(cfg) != look.Look():
        raise BadRequest(
            "style and its keys are for a sweep, whose figures are drawn for the report; those of "
            "a run are as they were drawn\ndraw one anew: aecli plot-loss style=paper"
        )
    if cfg.run is None:
        print(f"run    {run.folder} (the latest finished one)", file=sys.stderr)
    to = Destination(run, cfg.output, "report.html", [".html"])
    from aecli.page.of_run import page

    made = page(run)
    if not any(table.title.startswith("Report card") for table in made.tables):
        make = typed.command("eval", run=run.folder, card="full")
        print(f"no report card in it yet: {make}", file=sys.stderr)
    return _written(made.html(), to.path())


def _of_sweep(cfg: DictConfig) -> pathlib.Path:
    from aecli.comparison import sources
    from aecli.comparison.leaderboard import leaderboard
    from aecli.figures.leaderboard import draw_all
    from aecli.page.of_sweep import page

    source = sources.find([str(cfg.run)], str(cfg.outputs))
    sweep = source.sweep
    assert sweep is not None  # report has seen that it is one
    refuse_links(sweep)
    used = look.of(cfg)
    if used.format == "pdf":
        raise BadRequest("format=pdf: a page shows png or svg\naecli compare writes PDF files")
    board = leaderboard(source, None)
    if not board.rows:
        raise BadRequest(f"run={cfg.run}: none of its runs is done")
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
