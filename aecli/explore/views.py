"""An example as a piece of HTML: an image, lines, rows with names, or a sentence."""

import base64
import io
from typing import Any

import numpy as np
from markupsafe import escape

from aecli.io import pictures, request

SIDE = 64  # pixels of a picture on the page, and at most of what is sent
WIDE, HIGH = 200, 70  # of the lines of a series
ROWS = 12  # features of a row beside their reconstruction, those with the largest error


class Views:
    """Of a run's examples; every name is escaped. Raises NotApplicable for what cannot be seen."""

    def __init__(self, run, x: np.ndarray):
        """x: [N, H, W, C], those whose range is the range of all that is shown."""
        from aecli.figures import images, lines

        self._run, self._kind = run, run.spec.kind
        self._limits: Any = None  # (lowest, highest), of a table a number a column
        if self._kind == "image":
            images.require_images(run.spec)
            self._limits = images.shown_range(x)
        elif self._kind == "series":
            self._limits = lines.limits_of(lines.in_file_units(run, x))
        elif self._kind == "table":
            rows = self._rows(x)
            self._limits = rows.min(axis=0), rows.max(axis=0)

    @property
    def middle(self) -> float:
        """Between the values drawn as black and as white, of images."""
        return sum(self._limits) / 2

    def of(self, x: np.ndarray, made: np.ndarray | None = None) -> list[str]:
        """One a example, of x [N, H, W, C] and, beside it, what the model made of it."""
        if self._kind == "image":
            parts = [x] if made is None else [x, made]
            names = ["image", "reconstruction"] if made is not None else ["decoded"]
            shown = [pictures.to_bytes(part, self._limits) for part in parts]
            return ["".join(map(_img, one, names)) for one in zip(*shown, strict=True)]
        if self._kind == "series":
            return self._lines(x, made)
        if self._kind == "text":
            said = [self._run.learnt.vocabulary.sentences(p) for p in (x, made) if p is not None]
            return ["".join(f"<p>{escape(s)}</p>" for s in one) for one in zip(*said, strict=True)]
        return self._tables(x, made)

    def _rows(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(request.in_file_units(self._run, x)[0]).reshape(len(x), -1)

    def _lines(self, x, made) -> list[str]:
        from aecli.figures import lines

        low, high = self._limits
        drawn = [lines.in_file_units(self._run, p) for p in (x, made) if p is not None]
        views = []
        for one in zip(*drawn, strict=True):
            paths = "".join(_path(v, low, high, i) for i, v in enumerate(one))
            views.append(
                f'<svg width="{WIDE}" height="{HIGH + 16}" role="img" aria-label="series">{paths}'
                f'<text x="2" y="{HIGH + 13}" font-size="11" fill="currentColor">'
                f"{len(one[0])} points, {low:.3g} to {high:.3g}</text></svg>"
            )
        return views

    def _tables(self, x, made) -> list[str]:
        rows = self._rows(x)
        columns = [*(self._run.learnt.columns or map(str, range(rows.shape[1])))]
        named = self._run.learnt.categories
        low, high = self._limits
        width = np.where(high > low, high - low, 1.0)
        again = None if made is None else self._rows(made)

        def text(column: int, value: float) -> str:
            values = named.get(columns[column])
            return f"{value:.4g}" if values is None else str(escape(values[int(value)]))

        views = []
        for row in range(len(rows)):
            order, cells = range(len(columns)), rows[row]
            if again is not None:
                error = np.abs(again[row] - cells) / width
                order = np.argsort(-error, kind="stable")[:ROWS]
            lines = ""
            for i in order:
                share = float(np.clip((cells[i] - low[i]) / width[i], 0, 1))
                other = "" if again is None else f"<td>{text(i, again[row, i])}</td>"
                bar = f'<meter value="{share:.2f}" style="width:5em">{share:.2f}</meter>'
                lines += (
                    f"<tr><th>{escape(columns[i])}</th><td>{text(i, cells[i])}</td>{other}"
                    f"<td>{bar}</td></tr>"
                )
            head = "" if again is None else "<tr><th></th><td>value</td><td>made</td><td></td></tr>"
            views.append(f"<table>{head}{lines}</table>")
        return views


def _img(pixels: np.ndarray, name: str) -> str:
    """[H, W, 1 or 3] uint8 -> a picture within the page."""
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode("ascii")
    scale = SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return (
        f'<img alt="{name}" title="{name}" width="{width}" height="{height}" '
        f'style="image-rendering:pixelated;margin:1px" src="data:image/png;base64,{data}">'
    )


def _path(values: np.ndarray, low: float, high: float, made: int) -> str:
    """[T, C] as lines, one a channel; the gaps at the end are left out."""
    dash = ' stroke-dasharray="4 2" stroke-width="2"' if made else ""
    colour = "#e76300" if made else "currentColor"
    found = ""
    for channel in values.T:
        kept = channel[np.isfinite(channel)]
        at = np.linspace(0, WIDE, len(channel))[: len(kept)]
        heights = HIGH * (1 - np.clip((kept - low) / (high - low), 0, 1))
        points = " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(at, heights, strict=True))
        found += f'<polyline fill="none" stroke="{colour}"{dash} points="{points}"/>'
    return found
