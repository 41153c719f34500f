"""The figures of a leaderboard, each written, or a line on why it is not."""

import pathlib
import sys
from collections.abc import Callable, Iterator

from matplotlib.figure import Figure

from aecli import runs
from aecli.comparison.leaderboard import Leaderboard
from aecli.console import quiet
from aecli.errors import BadRequest, CannotWrite, NotApplicable
from aecli.figures import compare_curves, compare_heat_map, compare_settings, compare_strips
from aecli.files import made_folder

PER_SETTING = 12  # figures at most


def draw_all(board: Leaderboard, folder: pathlib.Path) -> list[str]:
    """Draw them into a new folder; returns the files, as figures/loss_curves.png.

    One that fails is a line on stderr, never a lost leaderboard.
    """
    made_folder(folder)
    writer = runs.Run(board.rows[0].records[0].entry.folder)
    written = []
    for name, draw in _figures(board):
        try:
            path = writer.save_figure(draw(), name, folder=folder)
            written.append(f"{folder.name}/{path.name}")
        except NotApplicable as reason:
            print(f"no {name} figure: it {reason}", file=sys.stderr)
        except BadRequest as error:
            print(f"no {name} figure: {str(error).splitlines()[0]}", file=sys.stderr)
        except CannotWrite:
            raise
        except Exception as error:
            print(f"no {name} figure: {type(error).__name__}: {error}", file=sys.stderr)
    return written


def _figures(board: Leaderboard) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """Names and what draws them; TensorFlow is imported for the last alone."""
    for place, setting in enumerate(board.settings[:PER_SETTING]):
        yield (
            f"metric_against_{setting.short}",
            lambda place=place: compare_settings.metric_against(board, place),
        )
    if len(board.settings) == 2:
        yield "heat_map", lambda: compare_heat_map.heat_map(board)
    yield "loss_curves", lambda: compare_curves.loss_curves(board)
    yield "reconstructions", lambda: _strips(board)


def _strips(board: Leaderboard) -> Figure:
    config = runs.Run(board.rows[0].records[0].entry.folder).config
    quiet.import_tensorflow_quietly(config.trainer.threads)
    return compare_strips.reconstructions(board)
