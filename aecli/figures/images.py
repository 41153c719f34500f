"""Images put on axes: their range, grids of them, rows of numbers as heat maps."""

import matplotlib
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from aecli.dataspec import DataSpec
from aecli.errors import NotApplicable, OfOtherData
from aecli.figures import style

GREY = matplotlib.colormaps["gray"].with_extremes(bad="white")  # the gaps of a grid are NaN

NAMED, LETTERS = 40, 24  # features that are named, and letters of a name


def require_images(spec: DataSpec) -> None:
    """Raises NotApplicable unless the data can be seen as grey or colour images.

    OfOtherData where they are no images at all.
    """
    _, width, channels = spec.shape
    if spec.kind == "text":
        raise OfOtherData("needs images; these data are sentences")
    if spec.kind == "series":
        raise OfOtherData(f"needs images; these data are series of {width} points")
    if not spec.is_image:
        raise OfOtherData(f"needs images; this data is rows of {width} numbers")
    if channels not in (1, 3):
        raise NotApplicable(f"needs images of 1 or 3 channels; these have {channels}")


def shown_range(x: np.ndarray) -> tuple[float, float]:
    """The values drawn as black and as white: (0, 1) when all of x lies there.

    Otherwise the 0.5 and 99.5 % quantiles of x, so that a few outliers do not hide the rest.
    """
    if x.min() >= -1e-6 and x.max() <= 1 + 1e-6:
        return 0.0, 1.0
    low, high = (float(q) for q in np.quantile(x, [0.005, 0.995]))
    return (low, high) if high > low else (low, low + 1.0)


def range_note(limits: tuple[float, float]) -> str:
    """What a reader must be told of the range; nothing for [0, 1]."""
    return "" if limits == (0.0, 1.0) else f"black = {limits[0]:.3g}, white = {limits[1]:.3g}"


def tile(x: np.ndarray, gap: int = 0) -> np.ndarray:
    """Images [R, C, H, W, channels] -> one picture, row r from the top, column c from the left.

    gap pixels of NaN lie between neighbours: [R*H + (R-1)*gap, C*W + (C-1)*gap, channels].
    """
    rows, columns, height, width, channels = x.shape
    cells = np.full((rows, columns, height + gap, width + gap, channels), np.nan, "float32")
    cells[:, :, :height, :width] = x
    picture = cells.transpose(0, 2, 1, 3, 4).reshape(
        rows * (height + gap), columns * (width + gap), channels
    )
    return picture[: picture.shape[0] - gap, : picture.shape[1] - gap]


def gap_for(width: int, share: int = 14) -> int:
    """A gap, in pixels, that can be seen between images: this share of their width."""
    return max(1, width // share)


def show(axes, picture: np.ndarray, limits: tuple[float, float]):
    """Draw a picture [H, W, 1 or 3], limits = (black, white), without ticks or frame."""
    if picture.shape[-1] == 1:
        low, high = limits
        image = axes.imshow(picture[..., 0], cmap=GREY, vmin=low, vmax=high)
    else:
        scaled = (picture - limits[0]) / (limits[1] - limits[0])
        image = axes.imshow(np.nan_to_num(np.clip(scaled, 0, 1), nan=1.0))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return image


def name_rows(axes, names: list[str], height: int, gap: int) -> None:
    """Write a name to the left of each row of a tiled picture."""
    centres = np.arange(len(names)) * (height + gap) + (height - 1) / 2
    axes.set_yticks(centres, names)
    axes.tick_params(axis="y", length=0, labelsize=style.pt(10))


def name_columns(axes, names: list[str], width: int) -> None:
    """Write a name below each column of a tiled picture, whose gaps are those of gap_for."""
    centres = np.arange(len(names)) * (width + gap_for(width)) + (width - 1) / 2
    axes.set_xticks(centres, names)
    axes.tick_params(axis="x", length=0, labelsize=style.pt(10))


def of_rows(run, title: str, panels: dict[str, np.ndarray]) -> Figure:
    """{title: rows [n, ...]} side by side as heat maps with one scale and one colour bar."""
    names = feature_names(run.learnt)
    figure = style.new_figure(run, title, style.high(4.6 if names else 3.6))
    rows = {name: x.reshape(len(x), -1) for name, x in panels.items()}
    first = next(iter(rows.values()))
    axes = figure.subplots(1, len(rows), sharex=True, sharey=True, squeeze=False)[0]
    far = float(np.abs(first).max())
    has_signs = first.min() < 0 < first.max()
    scale = Normalize(-far, far) if has_signs else Normalize(first.min(), first.max())
    colours = style.signed(first)["cmap"] if has_signs else None
    for ax, (name, values) in zip(axes, rows.items(), strict=True):
        ax.imshow(values, aspect="auto", norm=scale, cmap=colours)
        ax.set(title=name, xlabel="" if names else "feature")
        if names:
            short = [n if len(n) <= LETTERS else f"{n[: LETTERS - 1]}…" for n in names]
            ax.set_xticks(
                range(len(names)), short, rotation=90, fontsize=style.pt(8), parse_math=False
            )
        else:
            style.whole_numbers(ax.xaxis, at_most=6)
    axes[0].set_ylabel("row" if names else "example")
    style.whole_numbers(axes[0].yaxis)
    label = "value" if run.learnt is None or run.learnt.scaling is None else "value, scaled"
    figure.colorbar(axes[0].images[0], ax=axes, label=label, extend="both")
    return figure


def feature_names(learnt) -> list[str]:
    """What each number of a table's row is called; [] where none has a name, or they are many."""
    if learnt is None or learnt.kind != "table" or not learnt.columns:
        return []
    names = [*learnt.columns]
    if learnt.coding is not None:
        names = learnt.coding.names(names, learnt.categories)
    return names if len(names) <= NAMED else []
