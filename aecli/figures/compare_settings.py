"""The metric against one setting that varies."""

from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from aecli.comparison.leaderboard import Leaderboard, Row
from aecli.comparison.values import shown
from aecli.figures import compare_look as look
from aecli.figures import style

BEST = "best at each value"
APART = 7.0  # points between series that share a value, less where there is no room


@look.in_style
def metric_against(board: Leaderboard, place: int) -> Figure:
    """Each run as a dot, the mean over seeds with its 95 % interval, against settings[place].

    The other settings make series of their own, or, if they are more than look.MANY, grey dots
    under a line through the best row of each value.
    """
    key = board.settings[place].key
    rows = [row for row in board.rows if row.summaries[board.metric].mean is not None]
    series = _series(board, rows, place)
    legend = [label for label, _ in series] if len(series) <= look.MANY else ["run", BEST]
    below, how = look.legend_below(legend) if len(legend) > 1 else (0.0, None)
    figure = style.new_figure(board, f"{board.metric} against {key}", style.high(3.9) + below)
    ax = figure.add_subplot()
    values = look.values_of(rows, place)
    where = look.set_x(ax, values)
    if len(series) <= look.MANY:
        _draw_series(ax, board, place, series, where, len(values))
    else:
        _draw_best(ax, board, place, rows, [where(row.values[place]) for row in rows])
    _limit(ax, board, rows, place)
    ax.set(xlabel=key, ylabel=board.metric_label)
    style.note(ax, _caption(board))
    if how is not None:
        figure.legend(**how)
    return figure


def _series(board: Leaderboard, rows: list[Row], place: int) -> list[tuple[str, list[Row]]]:
    """What the other settings are, and the rows with that by their value at place."""
    others = [setting for i, setting in enumerate(board.settings) if i != place]
    ranks = [
        {shown(value): n for n, value in enumerate(look.values_of(rows, i))}
        for i in range(len(board.settings))
    ]
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda r: [ranks[i][shown(v)] for i, v in enumerate(r.values)]):
        values = [value for i, value in enumerate(row.values) if i != place]
        found.setdefault(look.row_label(others, values), []).append(row)
    return [(look.shortened(label), mine) for label, mine in found.items()]


def _draw_series(ax, board, place, series, where, values: int) -> None:
    """Side by side where they share a value; the runs to the right of their mean."""
    room = 72 * 0.6 * (style.width() - 1) / values  # points
    apart = min(APART, room / len(series))
    for n, (label, rows) in enumerate(series):
        colour = look.COLOURS[n]
        beside = _moved(ax, apart * (n - (len(series) - 1) / 2))
        xs = [where(row.values[place]) for row in rows]
        how = {"color": colour, "transform": beside, "label": label or None}
        _draw_means(ax, board, place, rows, xs, **how)
        if board.has_repetitions:
            right = _moved(ax, apart / 2, beside)
            _draw_runs(ax, board, rows, xs, color=colour, transform=right)


def _moved(ax, points: float, transform=None):
    """The place of data, moved to the right by so many points."""
    start = ax.transData if transform is None else transform
    return start + ScaledTranslation(points / 72, 0, ax.figure.dpi_scale_trans)


def _draw_best(ax, board, place, rows, xs) -> None:
    _draw_runs(ax, board, rows, xs, color=look.GREY)
    ax.plot([], [], ".", color=look.GREY, markersize=style.pt(6), label="run")
    best: dict[float, Row] = {}
    for row, x in zip(rows, xs, strict=True):  # best first
        best.setdefault(x, row)
    chosen = [best[x] for x in sorted(best)]
    _draw_means(ax, board, place, chosen, sorted(best), color=look.COLOURS[0], label=BEST)


def _draw_runs(ax, board, rows, xs, **how) -> None:
    for row, x in zip(rows, xs, strict=True):
        values = _values(board, row)
        ax.plot([x] * len(values), values, ".", markersize=style.pt(5), alpha=0.7, **how)


def _draw_means(ax, board, place, rows, xs, **how) -> None:
    summaries = [row.summaries[board.metric] for row in rows]
    means = [summary.mean for summary in summaries]
    halves = [float("nan") if summary.half is None else summary.half for summary in summaries]
    line = "-" if board.settings[place].is_numeric else "none"
    style.with_intervals(ax, xs, means, halves, markersize=style.pt(5), linestyle=line, **how)


def _limit(ax, board: Leaderboard, rows: list[Row], place: int) -> None:
    """Everything is inside: Matplotlib does not know of what is moved."""
    summaries = [row.summaries[board.metric] for row in rows]
    numbers = [value for row in rows for value in _values(board, row)]
    look.set_y(ax, numbers)
    drawn = [(s.mean, s.half or 0.0) for s in summaries if s.mean is not None]
    ends = [mean + sign * half for mean, half in drawn for sign in (-1, 1)]
    is_log = ax.get_yscale() == "log"
    ax.set_ylim(*look.padded([v for v in numbers + ends if v > 0 or not is_log], is_log))
    if board.settings[place].is_numeric:
        xs = [float(row.values[place]) for row in rows]
        ax.set_xlim(*look.padded(xs, ax.get_xscale() == "log"))


def _values(board: Leaderboard, row: Row) -> list[float]:
    values = [record.metrics.get(board.metric) for record in row.records]
    return [value for value in values if value is not None]


def _caption(board: Leaderboard) -> str:
    if not board.has_repetitions:
        return "one run each"
    return "small dots: runs; large dots: mean over seeds with 95 % interval"
