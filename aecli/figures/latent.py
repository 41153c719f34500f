"""Where the test examples lie in the latent space."""

import dataclasses
from typing import Annotated, Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle
from pydantic import Field

from aecli.figures import classes, style
from aecli.figures.base import RunFigure

MAX_BINS = 60


@dataclasses.dataclass(frozen=True, kw_only=True)
class Latent(RunFigure):
    """Scatter of the test codes, coloured by label.

    Codes of one dimension become a histogram. Codes of more than two dimensions are projected on
    their first two principal components, and the figure says so.
    """

    max_points: Annotated[
        int, Field(ge=2, description="codes drawn, at random if there are more")
    ] = 5000

    def draw(self, run):
        total = len(run.splits.test)
        x, _, labels = run.examples(n=self.max_points, random=total > self.max_points)
        codes = run.model.encode(x, label=labels)
        codes = codes.reshape(len(codes), -1)
        size = codes.shape[1]

        figure = style.new_figure(
            run, "Codes of the test examples", style.high(4.0 if size == 1 else 5.6)
        )
        ax = figure.add_subplot()
        unit = " (prior standard deviations)" if run.model.has_quantiles else ""
        names = [f"z[{i}]{unit}" for i in range(min(size, 2))]
        note = [f"{len(codes):,} of {total:,}, drawn at random"] if len(codes) < total else []
        note += ["noisy inputs"] if run.is_noisy else []
        if size > 2:
            codes, shares = project(codes)
            names = [
                f"principal component {i + 1} ({100 * s:.1f} % of the variance)"
                for i, s in enumerate(shares)
            ]
            shown = f"{100 * shares.sum():.1f} % of their variance is shown"
            note.append(f"PCA of the {size} code units: {shown}")
        style.note(ax, "\n".join(note))
        known = None if labels is None else classes.classes(labels, run.splits.label_names)
        draw = self._histogram if size == 1 else self._points
        drawn = draw(ax, codes, labels, known)
        if known is not None:
            known.legend(figure)
        elif drawn is not None:
            bar: Any = figure.colorbar(drawn, ax=ax, label="label")
            bar.solids.set_alpha(1)
        if size == 2 and (radius := run.model.code_radius) is not None:
            ax.add_patch(Circle((0, 0), radius, fill=False, edgecolor="0.6"))
            ax.autoscale_view()
        ax.set_xlabel(names[0])
        ax.set_ylabel("examples" if size == 1 else names[1])
        return figure

    def _points(self, ax, codes: np.ndarray, labels, known: classes.Classes | None):
        """Scatter [N, 2]; returns what a bar of many numbers is made from, None where none is."""
        ax.set_aspect("equal", adjustable="datalim")
        ax.grid(alpha=0.3)
        size = float(np.clip(20_000 / len(codes), 5, 25)) * style.pt(1) ** 2  # points squared
        look: dict[str, Any] = {"s": size, "alpha": 0.7, "linewidths": 0, "rasterized": True}
        if known is None:
            numbers = {} if labels is None else {"c": labels}
            scatter = ax.scatter(*codes.T, **look, **numbers)
            return None if labels is None else scatter
        colours = np.array([to_rgb(colour) for colour in known.colours])[known.index]
        marks = np.array(known.marks)[known.index]
        for mark in dict.fromkeys(known.marks):  # those of one mark in their order, none on top
            rows = marks == mark
            ax.scatter(*codes[rows].T, c=colours[rows], marker=mark, **look)
        return None

    def _histogram(self, ax, codes: np.ndarray, labels, known: classes.Classes | None) -> None:
        """Of [N, 1]; a stack a class."""
        style.whole_numbers(ax.yaxis)
        bins = min(MAX_BINS, int(np.ceil(np.sqrt(len(codes)))))
        if known is None:
            ax.hist(codes[:, 0], bins=bins)
            return
        parts = [codes[known.index == i, 0] for i in range(len(known.names))]
        ax.hist(parts, bins=bins, stacked=True, color=known.colours)


def project(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes [N, d] -> their first two principal components [N, 2] and the variance shares [2]."""
    from sklearn.decomposition import PCA

    pca = PCA(n_components=2, random_state=0)
    with np.errstate(invalid="ignore"):  # a collapsed code has no variance to share
        components = pca.fit_transform(codes)
        shares = np.nan_to_num(pca.explained_variance_ratio_)
    return components, shares
