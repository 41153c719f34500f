"""An example as a piece of HTML: an image, lines, rows with names, or a sentence."""

import base64
import io
from typing import Any

import numpy as np
from markupsafe import escape

from aecli.figures.palettes import LINES
from aecli.io import pictures, request

SIDE = 64  # pixels of a picture on the page, and at most of what is sent
QUALITY = 90  # of a colour picture on the page, of 100: a tenth of a PNG file's bytes
WIDE, HIGH = 200, 70  # of the lines of a series
BAR = 60  # pixels of a column's range
ROWS = 12  # features of a row beside their reconstruction, those with the largest error
EVERY = 2  # steps of the way between two rows, of which one is shown
MADE = 'class="made"'  # what the model made, in a colour of its own


class Views:
    """Of a run's examples; every name is escaped. Raises NotApplicable for what cannot be seen.

    about: how an example and its reconstruction are told apart, a sentence.
    """

    def __init__(self, run, x: np.ndarray):
        """x: [N, H, W, C], those whose range is the range of all that is shown."""
        from aecli.figures import images, lines

        self._run, self._kind = run, run.spec.kind
        self._limits: Any = None  # (lowest, highest), of a table a number a column
        if self._kind == "image":
            images.require_images(run.spec)
            self._limits = images.shown_range(x)
            self.about = "The image and, right of it, its reconstruction."
        elif self._kind == "series":
            self._limits = lines.limits_of(lines.in_file_units(run, x))
            low, high = (f"{limit:.3g}" for limit in self._limits)
            which = lines.channels_note(run)
            self.about = (
                f"Solid: the series{which and ', '}{which}; dashed: its reconstruction. "
                f"All axes: {x.shape[2]} points, from {low} to {high}."
            )
        elif self._kind == "table":
            rows = self._rows(x)
            self._limits = rows.min(axis=0), rows.max(axis=0)
            most = f"The {ROWS} columns" if rows.shape[1] > ROWS else "The columns"
            self.about = (
                f"{most} that are made worst come first. Bar: the value within what "
                "these rows span; mark: what is made of it."
            )
        else:
            self.about = "The sentence and, below it, what the model makes of its code."

    @property
    def middle(self) -> float:
        """Between the values drawn as black and as white, of images."""
        return sum(self._limits) / 2

    def of(self, x: np.ndarray, made: np.ndarray | None = None) -> list[str]:
        """One a example, of x [N, H, W, C] and, beside it, what the model made of it."""
        parts = [x] if made is None else [x, made]
        if self._kind == "image":
            names = ["image", "reconstruction"] if made is not None else ["decoded"]
            shown = [pictures.to_bytes(part, self._limits) for part in parts]
            return ["".join(map(_img, one, names)) for one in zip(*shown, strict=True)]
        if self._kind == "series":
            return self._lines(parts)
        if self._kind == "text":
            said = [self._run.learnt.vocabulary.sentences(part) for part in parts]
            return ["".join(map(_said, one, ("", MADE))) for one in zip(*said, strict=False)]
        return self._beside(x, made) if made is not None else [self._table(row[None]) for row in x]

    def way(self, x: np.ndarray) -> list[str]:
        """What lies between two examples, [N, H, W, C]; rows as one table, a column each."""
        if self._kind != "table":
            return self.of(x)
        shares = np.linspace(0, 100, len(x))[::EVERY]
        return [self._table(x[::EVERY], [f"{share:.0f} %" for share in shares])]

    def _lines(self, parts) -> list[str]:
        from aecli.figures import lines

        low, high = self._limits
        drawn = [lines.in_file_units(self._run, part) for part in parts]
        views = []
        for one in zip(*drawn, strict=True):
            paths = "".join(_path(v, low, high, i) for i, v in enumerate(one))
            size = f'viewBox="-2 -2 {WIDE + 4} {HIGH + 4}" width="{WIDE}" height="{HIGH}"'
            views.append(f'<svg {size} role="img" aria-label="series">{paths}</svg>')
        return views

    def _rows(self, x: np.ndarray) -> np.ndarray:
        """In the file's units; what float32 leaves of a 0 is 0."""
        rows = np.asarray(request.in_file_units(self._run, x)[0], float).reshape(len(x), -1)
        if self._limits is None:
            span = rows.max(axis=0) - rows.min(axis=0)
        else:
            span = self._limits[1] - self._limits[0]
        return np.where(np.abs(rows) < 1e-6 * span, 0.0, rows)

    def _columns(self, count: int) -> list[str]:
        return [*(self._run.learnt.columns or map(str, range(count)))]

    def _text(self, column: str, value: float) -> str:
        values = self._run.learnt.categories.get(column)
        return f"{value:.4g}" if values is None else str(escape(values[int(value)]))

    def _table(self, rows: np.ndarray, heads: list[str] | None = None) -> str:
        """All columns of what was decoded, a line each."""
        cells = self._rows(rows)
        lines = "".join(f"<td>{head}</td>" for head in heads or [])
        lines = lines and f"<tr><th></th>{lines}</tr>"
        for name, values in zip(self._columns(cells.shape[1]), cells.T, strict=True):
            shown = "".join(f"<td {MADE}>{self._text(name, v)}</td>" for v in values)
            lines += f"<tr><th>{escape(name)}</th>{shown}</tr>"
        return f"<table>{lines}</table>"

    def _beside(self, x: np.ndarray, made: np.ndarray) -> list[str]:
        """Rows beside their reconstructions, what is made worst first."""
        rows, again = self._rows(x), self._rows(made)
        low, high = self._limits
        width = np.where(high > low, high - low, 1.0)
        columns = self._columns(rows.shape[1])
        head = "<tr><th></th><td>value</td><td>made</td><td></td></tr>"
        views = []
        for row, other in zip(rows, again, strict=True):
            order = np.argsort(-np.abs(other - row) / width, kind="stable")[:ROWS]
            lines = ""
            for i in order:
                name, ends = columns[i], np.clip(([row[i], other[i]] - low[i]) / width[i], 0, 1)
                bar = "" if name in self._run.learnt.categories else _bar(*ends)
                lines += (
                    f"<tr><th>{escape(name)}</th><td>{self._text(name, row[i])}</td>"
                    f"<td {MADE}>{self._text(name, other[i])}</td><td>{bar}</td></tr>"
                )
            views.append(f"<table>{head}{lines}</table>")
        return views


def _said(sentence: str, kind: str) -> str:
    return f"<p {kind}>{escape(sentence)}</p>"


def _bar(value: float, made: float) -> str:
    """Both in [0, 1]."""
    return (
        f'<svg class="bar" width="{BAR}" height="10" aria-hidden="true">'
        f'<rect class="back" width="{BAR}" height="10"/>'
        f'<rect y="2" width="{BAR * value:.0f}" height="6" fill="currentColor"/>'
        f'<rect class="made" x="{(BAR - 3) * made:.0f}" width="3" height="10"/></svg>'
    )


def _img(pixels: np.ndarray, name: str) -> str:
    """[H, W, 1 or 3] uint8 -> a picture within the page."""
    from PIL import Image

    is_grey = pixels.shape[-1] == 1
    image = Image.fromarray(pixels[..., 0] if is_grey else pixels)
    image.thumbnail((SIDE, SIDE))
    file, kind = io.BytesIO(), "png" if is_grey else "webp"
    image.save(file, kind, quality=QUALITY)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    scale = SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return (
        f'<img alt="{name}" title="{name}" width="{width}" height="{height}" '
        f'src="data:image/{kind};base64,{data}">'
    )


def _path(values: np.ndarray, low: float, high: float, made: int) -> str:
    """[T, C] as a line a channel, several in colours; the gaps at the end are left out."""
    found, kind = "", "line made" if made else "line"
    for number, channel in enumerate(values.T):
        style = f' style="stroke:{LINES[number]}"' if values.shape[1] > 1 else ""
        kept = channel[np.isfinite(channel)]
        at = np.linspace(0, WIDE, len(channel))[: len(kept)]
        heights = HIGH * (1 - np.clip((kept - low) / (high - low), 0, 1))
        points = " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(at, heights, strict=True))
        found += f'<polyline class="{kind}"{style} points="{points}"/>'
    return found
