"""aecli interpolate: from one image to another through the latent space."""

import pathlib
import sys

import numpy as np
from omegaconf import DictConfig

from aecli import look, runs
from aecli.console.table import show_table
from aecli.datasets import source_file
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest, NotApplicable
from aecli.io import conditions, keys, request, sentences, tables
from aecli.io.given import Images

ENDS = ("images", "labels", "sentences")
SHOWN = 5  # unknown tokens


def main(cfg: DictConfig) -> None:
    for path in interpolate(cfg):
        print(path)


@look.drawing
def interpolate(cfg: DictConfig) -> list[pathlib.Path]:
    """Write the strip and the moving pictures into eval/<time>/; returns the files.

    Of a table with named columns, interpolation.csv instead: the two rows, then those on the way;
    the sentences on the way from one to another are printed, too.
    A model that is told labels is told the stated one, else that of the nearer end.
    """
    request.check(cfg, keys.interpolate)
    for key in ENDS:
        if cfg[key] is not None and len(cfg[key]) != 2:
            like = "['a dog','the sea']" if key == "sentences" else "[3,8]"
            raise BadRequest(f"{key} must be two, as in {key}={like}; got {list(cfg[key])}")
    if sum(cfg[key] is not None for key in ENDS) > 1:
        raise BadRequest(f"{', '.join(ENDS)} each say between what\nstate one of them")
    run = request.opened(cfg)
    is_text = run.spec.kind == "text"
    if not is_text and not request.is_table(run):
        _require_images(run.spec)
    found = _stated(run, cfg) if cfg.sentences else request.images(run, cfg, relabels=True)
    pair = _pair(found, cfg)
    from aecli.figures import interpolation, style

    ends = None if found.labels is None else found.labels[pair]
    stated = conditions.stated(run, cfg.label)
    paths = ["linear", "spherical"] if cfg.path == "both" else [cfg.path]
    ways, t = interpolation.between(run, found.x[pair], ends, paths, cfg.steps, stated)
    if is_text:
        return [_told(run, found.x[pair], ways, t)]
    if request.is_table(run):
        return [_written(run, found.x[pair], ways, t)]
    names = [_name(found, row) for row in pair]
    if stated is not None:
        names[1] += f", decoded with label {conditions.name(run, stated)}"
    figure = interpolation.strip(run, found.x[pair], ways, names)
    style.name_shown(figure, request.shown(cfg))
    folder = run.new_eval_folder()
    files = [run.save_figure(figure, "interpolation", folder)]
    moves = cfg.gif and run.spec.is_image  # of lines there is no picture of one size
    for name, way in ways.items() if moves else ():
        files.append(folder / f"{name}.gif")
        interpolation.write_gif(files[-1], way, run.data_range)
    return files


def _written(run: runs.Run, ends: np.ndarray, ways: dict[str, np.ndarray], t) -> pathlib.Path:
    """A table of rows in their own units, with the path and the share of the way of each."""
    names = ["input"] * 2 + [name for name in ways for _ in t]
    told = {"path": np.array(names), "share": np.array([0.0, 1.0, *np.tile(t, len(ways))])}
    x, _ = request.in_file_units(run, np.concatenate([ends, *ways.values()]))
    path = run.new_eval_folder() / "interpolation.csv"
    tables.write(path, told | (request.columns(run, x) or {}))
    return path


def _require_images(spec: DataSpec) -> None:
    from aecli.figures import lines

    try:
        lines.are_series(spec)
    except NotApplicable as reason:
        raise NotApplicable(f"interpolate {reason}") from None


def _stated(run: runs.Run, cfg: DictConfig) -> Images:
    """The two sentences of sentences=[...]. Raises BadRequest for a run that is of no text."""
    vocabulary = run.learnt.vocabulary
    if vocabulary is None:
        raise BadRequest("sentences: this run was trained on no text\nstate images=[0,1]")
    if cfg.input is not None or cfg.get("dataset") is not None:
        raise BadRequest("sentences, and input or dataset, say which\nstate one of them")
    split = [vocabulary.split(sentence) for sentence in cfg.sentences]
    unknown = [token for one in split for token in one if token not in vocabulary.numbers]
    if unknown:
        shown = ", ".join(map(source_file.shown, unknown[:SHOWN]))
        print(f"note   not in the vocabulary, and taken for one: {shown}", file=sys.stderr)
    request.wake(run)
    x = vocabulary.rows(split, run.data_shape[1])
    found = Images(x, None, None, None, None, "the two sentences")
    return conditions.of_images(run, found, cfg.label, relabels=True)


def _told(
    run: runs.Run, ends: np.ndarray, ways: dict[str, np.ndarray], t: np.ndarray
) -> pathlib.Path:
    """Print the sentences on the ways, and write them beside their share of the way."""
    vocabulary = run.learnt.vocabulary
    assert vocabulary is not None  # of a text
    first, last = vocabulary.sentences(ends)
    for name, way in ways.items():
        steps = zip(t, vocabulary.sentences(way), strict=True)
        rows = [[f"{share:.2g}", sentence] for share, sentence in steps]
        show_table([name, ""], [["input", first], *rows, ["input", last]])
    file = run.new_eval_folder() / "interpolation.csv"
    names = np.repeat([*ways], len(t))
    made = np.concatenate([*ways.values()])
    shares = {"path": names, "share": np.tile(t, len(ways))}
    sentences.write(file, vocabulary, {"sentence": made}, shares)
    return file


def _pair(found: Images, cfg: DictConfig) -> list[int]:
    """The rows of the two images. Raises BadRequest."""
    if cfg.labels is not None:
        return [_first_of(found, label) for label in cfg.labels]
    if cfg.images is not None:
        if max(cfg.images) >= len(found):
            raise BadRequest(
                f"images={list(cfg.images)}: there are {len(found):,}, counted from 0 to "
                f"{len(found) - 1}"
            )
        return list(cfg.images)
    if len(found) < 2:
        raise BadRequest("there is one image; it takes two")
    labels = range(len(found)) if found.labels is None else found.labels
    others = np.flatnonzero(np.asarray(labels) != labels[0])
    return [0, int(others[0]) if len(others) else 1]


def _first_of(found: Images, label: int | str) -> int:
    if found.labels is None:
        raise BadRequest("labels: these images have none\nstate images=[0,1]")
    named = request.named_labels(found).astype(str)
    rows = np.flatnonzero((named == str(label)) | (found.labels.astype(str) == str(label)))
    if not len(rows):
        known = ", ".join(np.unique(named)[:20])
        raise BadRequest(f"labels: no image has the label {label!r}; there are {known}")
    return int(rows[0])


def _name(found: Images, row: int) -> str:
    """image 17 (label 3)"""
    name = f"image {row}" if found.files is None else pathlib.PurePath(found.files[row]).name
    return name if found.labels is None else f"{name} (label {request.named_labels(found)[row]})"
