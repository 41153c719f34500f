"""Noisy images, what filters make of them, and what the model does."""

import numpy as np
from matplotlib.figure import Figure

from aecli.figures import images, lines, style
from aecli.metrics.pixels import Pixels

N = 10  # images


@style.in_style
def rows(run, stages: dict[str, np.ndarray], measured: dict[str, dict]) -> Figure:
    """The first N of the images [N, H, W, C] of each stage, a row a stage.

    measured: {stage: {"psnr": ...}}, means over all of its images, for the stages that have.
    """
    shown = {name: x[:N] for name, x in stages.items()}
    first = next(iter(shown.values()))
    if run.spec.kind == "series":
        return lines.pairs(run, "Denoised series", shown)
    if not run.spec.is_image:
        return images.of_rows(run, "Denoised examples", shown)
    images.require_images(run.spec)
    _, height, width, _ = first.shape
    gap, limits = images.gap_for(width), images.shown_range(first)
    picture = images.tile(np.stack(list(shown.values())), gap)
    count = len(next(iter(stages.values())))
    notes = [f"mean PSNR over {count:,} images"] if measured else []
    notes += filter(None, [images.range_note(limits)])
    inches, _ = style.fitted(*picture.shape[:2], beside=1.25, above=0.55 + 0.2 * bool(notes))
    figure = style.new_figure(run, "Denoised images", inches)
    ax = figure.add_subplot()
    images.show(ax, picture, limits)
    unit = Pixels.about["psnr"].unit
    names = [
        f"{name}\n{measured[name]['psnr']:.2f} {unit}" if name in measured else name
        for name in shown
    ]
    images.name_rows(ax, names, height, gap)
    ax.set_xlabel("; ".join(notes))
    return figure
