"""The same test images, reconstructed by one run of each row."""

import numpy as np
from matplotlib.figure import Figure

from aecli import runs
from aecli.comparison.leaderboard import Leaderboard, Row
from aecli.comparison.records import Record
from aecli.comparison.values import shown
from aecli.datasets.base import Split
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest
from aecli.figures import compare_look as look
from aecli.figures import images, style

N = 10  # images, fewer where a figure is narrow, but
LEAST = 3
LINE = 0.155  # inches of a line of a name


@look.in_style
def reconstructions(board: Leaderboard) -> Figure:
    """Original test images, the noisy input if all runs have the same, and a strip a row.

    Best row first, at most look.MANY, each with the metric of the run that drew it: the one with
    the seed of the best row's first run, where there is one, so that the split is the same. Rows
    with other data, and those whose model cannot be read, are left out.
    """
    first = board.rows[0].records[0]
    run = runs.Run(first.entry.folder)
    chosen = [(row, _of_seed(row, first.seed)) for row in board.rows]
    same = [_data(record) == _data(first) for _, record in chosen]
    test = run.splits.test
    raw = Split(test.x[:N], None if test.labels is None else test.labels[:N])
    x, target = run.preparation.frozen(raw.x[:])
    images.require_images(DataSpec.of(target.shape[1:]))
    strips = [("original", target)]
    if run.is_noisy and len({_node(record, "noise") for _, record in chosen}) == 1:
        strips.append(("noisy input", x))
    lines = 2 if target.shape[1] >= 0.9 * target.shape[2] else 1  # as high as the images
    drawn, unread = [], []
    for label, (_, record), fits in zip(look.row_labels(board), chosen, same, strict=True):
        if not fits or len(drawn) == look.MANY:
            continue
        try:
            name = f"{_folded(label, lines)}\n{_value(record, board.metric)}"
            drawn.append((name, _reconstructed(record, raw)))
        except BadRequest as error:
            unread.append(error)
    if not drawn:
        raise unread[0]
    left = sum(same) - len(drawn) - len(unread)
    notes = [f"the best {len(drawn)} of {len(drawn) + left}"] * bool(left)
    notes += [f"{len(unread)} without a readable model"] * bool(unread)
    notes += [f"{same.count(False)} with other data left out"] * (False in same)
    return _drawn(board, strips + drawn, images.shown_range(target), notes)


def _drawn(board: Leaderboard, strips: list[tuple[str, np.ndarray]], limits, notes) -> Figure:
    """strips: names and images [N, H, W, C]; notes: what is said below them."""
    names = [name for name, _ in strips]
    _, height, width, _ = strips[0][1].shape
    gap = images.gap_for(width)
    note = "; ".join(text for text in (images.range_note(limits), *notes) if text)
    letters = max(len(line) for name in names for line in name.splitlines())
    beside, high = 0.35 + 0.064 * letters, LINE * max(len(name.splitlines()) for name in names)
    most = int((style.width() - beside) * (height + gap) / (width + gap) / high)
    count = min(N, max(LEAST, most))  # a row is as high as its name
    picture = images.tile(np.stack([batch[:count] for _, batch in strips]), gap)
    inches, _ = style.fitted(*picture.shape[:2], beside=beside, above=0.75 if note else 0.55)
    figure = style.new_figure(board, "Reconstructions of test images", inches)
    ax = figure.add_subplot()
    images.show(ax, picture, limits)
    images.name_rows(ax, names, height, gap)
    ax.tick_params(axis="y", labelsize=style.pt(9))
    ax.set_xlabel(note)
    return figure


def _reconstructed(record: Record, raw: Split) -> np.ndarray:
    """[N, H, W, C], what a run makes of the images, with its own noise on them."""
    run = runs.Run(record.entry.folder)
    x = run.preparation.frozen(raw.x[:])[0]
    return run.model.reconstruct(x, label=raw.labels)


def _of_seed(row: Row, seed: int) -> Record:
    return next((record for record in row.records if record.seed == seed), row.records[0])


def _data(record: Record) -> str:
    """The dataset's config, its seed apart."""
    return _node(record, "dataset", without="dataset.seed")


def _node(record: Record, group: str, without: str = "") -> str:
    leaves = {k: v for k, v in record.leaves.items() if k.startswith(f"{group}.") and k != without}
    return shown(sorted(f"{key}={shown(value)}" for key, value in leaves.items()))


def _value(record: Record, metric: str) -> str:
    value = record.metrics.get(metric)
    return f"{metric} -" if value is None else f"{metric} {value:.4g}"


def _folded(name: str, most: int, width: int = 26) -> str:
    """At spaces, into so many lines of about so many letters."""
    lines = [""]
    for word in name.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines) if len(lines) <= most else "\n".join(lines[:most]) + " …"
