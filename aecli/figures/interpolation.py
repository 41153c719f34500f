"""Paths between two codes, and the images on them as a strip or a moving picture."""

import pathlib

import numpy as np
from matplotlib.figure import Figure

from aecli.figures import images, lines, style
from aecli.files import replacing
from aecli.io import pictures

SHOWN = 11  # images of a strip; of more, as many at equal distances
SIDE = 224  # pixels of a moving picture's longer side, at least
SECONDS = (2.5, 0.5)  # of the way there; and of a halt at each end, in a moving picture


def linear(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """(1 - t) a + t b, for codes a, b [...] and t [T] in [0, 1]: [T, ...]."""
    t = t.reshape(-1, *[1] * a.ndim)
    return (1 - t) * a + t * b


def spherical(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b, where w is the angle between a and b.

    For codes a, b [...], flattened, and t [T] in [0, 1]: [T, ...]. Shoemake 1985, Animating
    rotation with quaternion curves, eq. for slerp; for latent codes White 2016. Codes of one
    length keep it all the way, as draws of a Gaussian prior in many dimensions nearly have. For
    parallel codes, where no great circle or any goes through both, it is linear.
    """
    p, q = a.ravel().astype("float64"), b.ravel().astype("float64")
    cosine = p @ q / (np.linalg.norm(p) * np.linalg.norm(q) or 1.0)
    sine = np.sqrt(max(0.0, 1.0 - cosine**2))
    if sine < 1e-6 or not p.any() or not q.any():
        return linear(a, b, t)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    way = (np.outer(np.sin((1 - t) * angle), p) + np.outer(np.sin(t * angle), q)) / np.sin(angle)
    return way.reshape(len(t), *a.shape)


PATHS = {"linear": linear, "spherical": spherical}


def between(
    run, ends: np.ndarray, labels: np.ndarray | None, paths: list[str], steps: int, label=None
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """({path: examples [steps, H, W, C] on the way}, shares of the way [steps]) between two.

    ends: [2, H, W, C]; labels: [2], theirs, where the model is told labels. label: the one of all
    the way; None: that of the nearer end.
    """
    a, b = run.model.encode(ends, label=labels)
    t = np.linspace(0.0, 1.0, steps)
    told = np.where(t < 0.5, *labels) if label is None and labels is not None else label
    return {name: run.model.decode(PATHS[name](a, b, t), told) for name in paths}, t


@style.in_style
def strip(run, ends: np.ndarray, ways: dict[str, np.ndarray], names: list[str]) -> Figure:
    """A row a path, between the two images that were given.

    ends: [2, H, W, C]; ways: {path: images [T, H, W, C]}; names: what the two ends are.
    """
    steps = len(next(iter(ways.values())))
    shown = np.unique(np.linspace(0, steps - 1, min(SHOWN, steps)).round().astype(int))
    ticks = ["input", *(f"{i / (steps - 1):.2g}" for i in shown), "input"]
    title = f"from {names[0]} to {names[1]}"
    if lines.are_series(run.spec):
        cells = np.stack([np.stack([ends[0], *way[shown], ends[1]]) for way in ways.values()])
        limits = lines.limits_of(lines.in_file_units(run, ends))
        about = {"xlabel": "share of the way", "title": title}
        return lines.sheet(run, "Interpolation", cells, limits, list(ways), ticks, **about)
    height, width, channels = ends.shape[1:]
    gap, limits = images.gap_for(width), images.shown_range(ends)
    rows = images.tile(np.stack([way[shown] for way in ways.values()]), gap)
    given = [images.tile(np.stack([[end]] * len(ways)), gap) for end in ends]
    blank = np.full((len(rows), width // 3, channels), np.nan, "float32")
    picture = np.concatenate([given[0], blank, rows, blank, given[1]], axis=1)

    inches, _ = style.fitted(*picture.shape[:2], beside=1.1, above=1.1)
    figure = style.new_figure(run, "Interpolation", inches)
    ax = figure.add_subplot()
    images.show(ax, picture, limits)
    images.name_rows(ax, list(ways), height, gap)
    start = width + blank.shape[1]
    centres = [start + i * (width + gap) + (width - 1) / 2 for i in range(len(shown))]
    last = picture.shape[1] - (width + 1) / 2
    ax.set_xticks([(width - 1) / 2, *centres, last], ticks)
    ax.tick_params(axis="x", length=0)
    style.note(ax, title)
    ax.set_xlabel("; ".join(filter(None, ["share of the way", images.range_note(limits)])))
    return figure


def write_gif(path: pathlib.Path, way: np.ndarray, data_range: tuple[float, float]) -> None:
    """Images [T, H, W, C] there and back, for ever, enlarged to SIDE pixels or more."""
    from PIL import Image

    frames = pictures.to_bytes(way, data_range)
    times = -(-SIDE // max(way.shape[1:3]))
    frames = frames.repeat(times, axis=1).repeat(times, axis=2)
    each, halt = 1000 * SECONDS[0] / (len(way) - 1), 1000 * SECONDS[1]  # milliseconds
    durations = [halt, *[each] * (len(way) - 2), halt, *[each] * (len(way) - 2)]
    frames = np.concatenate([frames, frames[-2:0:-1]])
    first, *rest = (Image.fromarray(f[..., 0] if f.shape[-1] == 1 else f) for f in frames)
    with replacing(path) as temporary:
        durations = [max(20, round(d, -1)) for d in durations]  # a GIF counts hundredths
        first.save(temporary, "GIF", save_all=True, append_images=rest, duration=durations, loop=0)
