"""One code unit a row, from low to high, decoded."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from aecli.figures import images, lines, style
from aecli.figures.manifold import tick_labels

ACROSS = 5  # moving images in a row


def replaced(code: np.ndarray, units: np.ndarray, values: np.ndarray, limits=None) -> np.ndarray:
    """Copies of a code [D], in row r with units[r] set to values[r]: [R, T, D].

    units: [R]; values: [R, T]; limits: (lowest [R], highest [R]) value, or None.
    """
    z = np.broadcast_to(code, (*values.shape, len(code))).copy()
    for row, unit in enumerate(units):
        z[row, :, unit] = _within(values[row], limits, row)
    return z


def shifted(code: np.ndarray, units: np.ndarray, steps: np.ndarray, limits=None) -> np.ndarray:
    """Copies of a grid code, in row r with map units[r] moved by steps[r]: [R, T, h, w, D].

    code: [h, w, D]; units: [R]; steps: [R, T], the same for all cells; limits: as in replaced.
    """
    z = np.broadcast_to(code, (*steps.shape, *code.shape)).copy()
    for row, unit in enumerate(units):
        z[row, ..., unit] = _within(code[..., unit] + steps[row][:, None, None], limits, row)
    return z


def _within(values: np.ndarray, limits, row: int) -> np.ndarray:
    return values if limits is None else np.clip(values, limits[0][row], limits[1][row])


@style.in_style
def grid(run, x: np.ndarray, t: np.ndarray, units: dict, words: tuple[str, str]) -> Figure:
    """Images [D, T, H, W, C] of the first D units, at t [T].

    units: of all units, in the order of the rows: "unit", "kl" (nats) where there is one,
    "variance"; words: where the other units are, and in which unit t is.
    """
    size, steps, height, width, _ = x.shape
    if run.spec.kind == "series":
        limits = lines.limits_of(lines.in_file_units(run, np.clip(x, *run.data_range)))
        tops, title = [f"{value:.2g}" for value in t], f"{_share(units, size)}\n{words[0]}"
        about = {"xlabel": words[1], "title": title}
        return lines.sheet(
            run, "Traversal of the code", x, limits, _names(units, size), tops, **about
        )
    gap, limits = images.gap_for(width), images.shown_range(np.clip(x, *run.data_range))
    picture = images.tile(x, gap)
    names = _names(units, size)
    beside = 0.4 + 0.07 * max(map(len, names))
    inches, across = style.fitted(*picture.shape[:2], beside=beside, above=1.25)
    figure = style.new_figure(run, "Traversal of the code", inches)
    ax = figure.add_subplot()
    images.show(ax, picture, limits)
    images.name_rows(ax, names, height, gap)
    every = int(np.ceil(0.38 / (across / steps)))  # a tick's label takes so many inches
    columns = np.arange((steps - 1) % every // 2, steps, every)
    labels = [f"{t[i]:.2g}" for i in columns]
    ax.set_xticks(columns * (width + gap) + (width - 1) / 2, labels)
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel("; ".join(filter(None, [words[1], images.range_note(limits)])))
    style.note(ax, f"{_share(units, size)}\n{words[0]}")
    return figure


@style.in_style
def _first(run, x: np.ndarray, units: dict) -> Figure:
    """An image [H, W, C] of each unit beside the others, each on axes of its own."""
    count, height, width, _ = x.shape
    across = min(count, ACROSS)
    down = -(-count // across)
    side = (style.width() - 0.3) / across
    inches = min(down * (side * height / width + 0.5) + 1.0, style.max_height())
    figure = style.new_figure(run, "Traversal of the code", inches)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for ax in axes[count:]:
        ax.set_axis_off()
    for ax, one, name in zip(axes, x, _named(units, count), strict=False):
        images.show(ax, one, (0.0, 1.0))
        ax.set_title(name.replace("  ", "\n"), fontsize=style.pt(9))
    return figure


def frames(
    run, x: np.ndarray, t: np.ndarray, units: dict, words: tuple[str, str], name: str | None = None
) -> np.ndarray:
    """Pictures [T, h, w, 3] in [0, 1]: of each step the images of all units. As grid takes them.

    name: of what is shown, where that is not the data of the run's training.
    """
    low, high = images.shown_range(np.clip(x, *run.data_range))
    x = np.clip((x - low) / (high - low), 0, 1)
    figure = _first(run, x[:, 0], units)
    style.name_shown(figure, name)
    shown = [image for ax in figure.axes for image in ax.images]
    canvas, made = figure.canvas, []
    assert isinstance(canvas, FigureCanvasAgg)  # of new_figure
    for step, at in enumerate(t):
        for image, one in zip(shown, x[:, step], strict=True):
            image.set_data(one[..., 0] if one.shape[-1] == 1 else one)
        figure.supxlabel(f"{at:+.2f} {words[1]}\n{words[0]}", fontsize=style.pt(9))
        canvas.draw()
        made.append(np.asarray(canvas.buffer_rgba())[..., :3].astype("float32") / 255)
    return np.stack(made)


def _named(units: dict, size: int) -> list[str]:
    """The units, with the factor of which each tells most, where that is known."""
    if "factor" not in units:
        return [str(name) for name in units["unit"][:size]]
    columns = (units[key][:size] for key in ("unit", "factor", "share"))
    return [
        f"{unit}  {factor} {100 * share:.0f} %" if factor != "-" else str(unit)
        for unit, factor, share in zip(*columns, strict=True)
    ]


def _names(units: dict, size: int) -> list[str]:
    measure = "kl" if "kl" in units else "variance"
    values = tick_labels(units[measure][:size])
    texts = [f"KL {v} nats" if measure == "kl" else f"variance {v}" for v in values]
    return [f"{name}   {text}" for name, text in zip(_named(units, size), texts, strict=True)]


def _share(units: dict, size: int) -> str:
    """What part the drawn units are of all."""
    values = units.get("kl", units["variance"])
    total, count = values.sum(), len(values)
    which = f"all {count} units" if size == count else f"{size} of {count} units"
    share = "" if size == count else f"{100 * values[:size].sum() / (total or 1):.0f} % of the "
    if "kl" in units:
        return f"{which}: {share}KL of {total:.2f} nats"
    return f"{which}: {share}variance" if share else which
