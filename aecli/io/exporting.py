"""A run's encoder, decoder and autoencoder as files, each run and compared with Keras."""

import os
import pathlib
import shutil
import sys

import numpy as np

from aecli.datasets import ranges
from aecli.datasets.splits import Split
from aecli.errors import BadRequest, RunFailed
from aecli.files import NAME_KEPT, cannot_write, write_text, writing
from aecli.io import request
from aecli.io.destination import Destination
from aecli.io.formats import FORMATS, Format, quietly, script, working_in
from aecli.runs import Run

IMAGES = 64  # of the test split, by which the formats are compared with Keras
TOLERANCE = 1e-3  # of the largest value of Keras's output; of discrete codes, as many may differ


def asked_for(parts, name: str) -> tuple[list[str], Format]:
    """The parts and the format, checked. Raises BadRequest."""
    return _checked_parts(parts), _checked_format(name)


def check(run: Run, parts: list[str]) -> None:
    """Raises BadRequest for parts of a run that are not exported."""
    if run.spec.kind == "text" and parts != ["encoder"]:
        raise BadRequest(
            "the decoder of a text writes in a loop, which is not exported: parts=[encoder]\n"
            "Keras loads the whole model from checkpoints/best.keras, with `import aecli` before"
        )


def exported(
    run: Run, parts: list[str], kind: Format, to: Destination
) -> tuple[pathlib.Path, dict[str, float]]:
    """-> the folder, {part: largest absolute difference to Keras}.

    run: one whose model is not built yet: it is built in float32. Raises RunFailed (and leaves
    nothing) where a file does not run or differs, CannotWrite.
    """
    run.config.trainer.precision = "float32"  # few programs know the shorter ones
    examples = _examples(run)
    request.wake(run)
    path = to.path()
    temporary = path.with_name(f".{path.name[:NAME_KEPT]}.{os.getpid()}.tmp")
    from aecli.io.parts import raw_shape  # TensorFlow

    try:
        with writing(path):
            temporary.mkdir()
            differences = {
                name: _exported(run, name, kind, temporary / f"{name}{kind.suffix}", examples)
                for name in parts
            }
            raw = raw_shape(run.learnt)
            write_text(temporary / "load.py", script(kind, parts, run.model, run.learnt, raw))
            os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return path, differences


def _examples(run: Run) -> Split:
    """Images [N, H, W, C] float32 as in a file: of the test split, or noise of the same range."""
    try:
        part = run.splits.test.take(np.arange(len(run.splits.test))[:IMAGES])
        return Split(run.learnt.raw(part.pixels()), part.labels)
    except BadRequest:  # the run may travel without its data
        print("data   not at hand: compared on random values instead", file=sys.stderr)
        low, high = run.learnt.raw_range
        rng = np.random.default_rng(0)
        x = rng.uniform(low, high, (IMAGES, *run.data_shape)).astype(np.float32)
        if run.learnt.coding is not None:
            x = run.learnt.coding.undone(x)
        return Split(x, None if run.learnt.train_labels is None else np.zeros(IMAGES, int))


def _exported(run, name: str, kind: Format, path: pathlib.Path, examples: Split) -> float:
    """Write a part, run it as another program would, and compare with the command line's numbers.

    examples: as in a file.
    """
    from aecli.io.parts import part, raw_shape

    model, learnt, x = run.model, run.learnt, examples.x
    labels = model.labels(examples.labels, len(x))
    plain = part(model, name, learnt, kind.stated_shapes)
    unit = np.float32(255 if learnt.unit == "bytes" else 1)
    prepared = learnt.in_model_units(Split(ranges.scaled(x[:] / unit, learnt.unit))).x
    is_discrete = model.codebook_size is not None
    encode = model.encode_indices if is_discrete else model.encode
    decode = model.decode_indices if is_discrete else model.decode
    codes = encode(prepared, **labels)
    raw = x[:].reshape(-1, *raw_shape(learnt))
    given = [codes if name == "decoder" else raw, *labels.values()]
    wanted = codes
    if name != "encoder":
        wanted = learnt.raw(decode(codes, **labels)).reshape(-1, *raw_shape(learnt))
    first = [a[:1] for a in given]
    plain(first if labels else first[0])  # Keras writes no ONNX of a model that was never called
    try:
        with quietly(), working_in(path.parent):
            kind.write(plain, path)
            run = kind.open(path)
            found = np.concatenate(
                [run(*(a[rows] for a in given)) for rows in (slice(0, 1), slice(1, None))]
            )
    except OSError as error:
        raise cannot_write(path, error) from error
    except Exception as error:  # each converter has its own
        line = str(error).strip().splitlines() or [type(error).__name__]
        raise RunFailed(f"{name} cannot be exported to this format: {line[0][:200]}") from error
    if wanted.dtype.kind == "i":  # of two that are equally near either may be chosen
        difference, most = float(np.mean(found != wanted)), 1.0
    else:
        difference, most = float(np.abs(found - wanted).max()), float(np.abs(wanted).max())
    if not difference <= TOLERANCE * max(1.0, most):
        raise RunFailed(f"the exported {name} differs from Keras by {difference:.2g}: not kept")
    return difference


def _checked_format(name) -> Format:
    if name not in FORMATS:
        raise BadRequest(f"format must be {', '.join(FORMATS)}; got {name!r}")
    FORMATS[name].check()
    return FORMATS[name]


def _checked_parts(parts) -> list[str]:
    known = ("encoder", "decoder", "autoencoder")
    parts = list(parts) if not isinstance(parts, str) else [parts]
    if not parts or any(name not in known for name in parts) or len(set(parts)) < len(parts):
        raise BadRequest(f"parts must be a list of {', '.join(known)}; got {parts}")
    return parts
