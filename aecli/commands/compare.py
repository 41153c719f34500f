"""aecli compare: a leaderboard of runs, in words, in files and in figures."""

import pathlib
import sys
import time

from omegaconf import DictConfig, ListConfig

from aecli import look
from aecli.comparison import report, sources
from aecli.comparison.leaderboard import Leaderboard, leaderboard
from aecli.comparison.records import Record
from aecli.comparison.settings import differences
from aecli.console.quiet import import_tensorflow_quietly
from aecli.console.table import fits, show_table
from aecli.errors import BadRequest
from aecli.files import as_json, unique_folder, write_json, write_text
from aecli.untrusted.bounded import refuse_links


@look.drawing
def main(cfg: DictConfig) -> None:
    """The command: a table (or JSON) on stdout; CSV, JSON and figures in a new folder."""
    if cfg.by not in (None, "task"):
        raise BadRequest(f"by must be task or null; got {cfg.by!r}")
    source = sources.find(_paths(cfg), str(cfg.outputs))
    board = leaderboard(source, None if cfg.metric is None else str(cfg.metric))
    plain = report.as_json(board)
    folder = _new_folder(source, str(cfg.outputs))
    write_text(folder / "leaderboard.csv", report.as_csv(board))
    write_json(folder / "leaderboard.json", plain)
    written = ["leaderboard.csv", "leaderboard.json"]
    if cfg.by == "task":
        written += _by_task(board, folder, quiet=cfg.json)
    if cfg.json:
        print(as_json(plain))
    elif cfg.by is None:
        _print(board)
    sys.stdout.flush()  # the figures take seconds
    if cfg.draw:
        from aecli.figures import leaderboard as compare_figures

        written += compare_figures.draw_all(board, folder / "figures")
    print(f"written to {folder}/:  {'  '.join(written)}", file=sys.stderr)


def _by_task(board: Leaderboard, folder: pathlib.Path, quiet: bool) -> list[str]:
    """Print a table a task, and write them as tasks.md. Raises BadRequest where there is none."""
    from aecli.comparison import tasks

    import_tensorflow_quietly(wake=False)  # some metrics are made of it
    found = tasks.sections(board)
    if not found:
        raise BadRequest("these runs have no figures but their losses\nadd some: metrics=[bounds]")
    write_text(folder / "tasks.md", tasks.as_markdown(board, found))
    if not quiet:
        print(f"{board.title}; {tasks.LEGEND}")
        for section, metrics in found.items():
            print(f"\n{section}")
            show_table(*tasks.table(board, metrics))
            for line in tasks.below(board, section):
                print(line)
        for line in [*tasks.notes(board, found), *report.below(board)]:
            print(line)
    return ["tasks.md"]


def _paths(cfg: DictConfig) -> list[str]:
    paths = [cfg.paths] if isinstance(cfg.paths, str) else cfg.paths or []
    is_list = isinstance(paths, list | ListConfig)
    if not is_list or not all(isinstance(path, str) and path for path in paths):
        raise BadRequest("paths must be a list of folders\naecli compare RUN RUN ...")
    return list(paths)


def _new_folder(source: sources.Source, outputs: str) -> pathlib.Path:
    """SWEEP/compare/<time>, or <outputs>/<date>/<time>_compare; never one that is there."""
    if source.sweep is None:
        return unique_folder(pathlib.Path(outputs) / time.strftime("%Y-%m-%d/%H-%M-%S_compare"))
    refuse_links(source.sweep)
    return unique_folder(source.sweep / "compare" / time.strftime("%Y-%m-%d_%H-%M-%S"))


def _print(board: Leaderboard) -> None:
    print(report.headline(board))
    metrics = _that_fit(board)
    show_table(*report.table(board, metrics))
    if len(metrics) < len(board.metrics):
        print(f"more in leaderboard.csv: {', '.join(board.metrics[len(metrics) :])}")
    for line in report.below(board):
        print(line)
    if board.pair is not None:
        _print_differences(*board.pair)


def _that_fit(board: Leaderboard) -> list[str]:
    """As many metrics as have room beside each other on a terminal; all of them in a pipe."""
    metrics = list(board.metrics)
    while len(metrics) > 1 and not fits(*report.table(board, metrics)):
        metrics.pop()
    return metrics


def _print_differences(first: Record, second: Record) -> None:
    found = differences(first, second)
    if not found:
        print("\nthe two configs are the same")
        return
    print()
    rows = [[key, *values] for key, values in found.items()]
    show_table(["differs", first.entry.label, second.entry.label], rows)
