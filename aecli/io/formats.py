"""Formats of other programs: how a Keras model is written, and run again by those programs."""

import contextlib
import dataclasses
import importlib
import importlib.util
import inspect
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np

from aecli.datasets.learnt import Learnt
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True)
class Format:
    """suffix: of a part's file, "" for a folder; kind: Keras's word for it; packages: it needs."""

    suffix: str
    opener: str
    kind: str | None = None
    packages: tuple[str, ...] = ()
    stated_shapes: bool = False  # see parts

    def check(self) -> None:
        """Raises BadRequest where a package is missing."""
        if missing := [p for p in self.packages if importlib.util.find_spec(p) is None]:
            raise BadRequest(f"this format needs {missing[0]}: pip install 'aecli[export]'")

    def write(self, model, path: pathlib.Path) -> None:
        if self.kind is None:
            from aecli.untrusted import keras_file  # TensorFlow

            keras_file.save(model, path)
        else:
            model.export(path, format=self.kind, verbose=False)

    def open(self, path: pathlib.Path) -> Callable[[np.ndarray], np.ndarray]:
        """As a user's script does."""
        return self._opener().opened(path)

    def source(self) -> str:
        """The lines of a script that define opened(path)."""
        opener = self._opener()
        return inspect.getsource(opener).removeprefix(f'"""{opener.__doc__}"""').strip()

    def _opener(self) -> ModuleType:
        return importlib.import_module(f"aecli.io.openers.{self.opener}")


FORMATS = {
    "keras": Format(".keras", "keras_file"),
    "saved_model": Format("", "saved_model", "tf_saved_model"),
    "onnx": Format(".onnx", "onnx_file", "onnx", ("tf2onnx", "onnx", "onnxruntime")),
    "litert": Format(".tflite", "litert", "litert", ("ai_edge_litert",), True),
}

SCRIPT = '''\
"""Runs what aecli exported: python load.py"""

import pathlib
import sys

import numpy as np
{opening}

HERE = pathlib.Path(__file__).parent
{nouns} = np.random.default_rng(0).random((2, {shape}), dtype="float32")  # yours: in {range}
{categories}codes = {codes}
'''
CODES = 'np.random.default_rng(0).random((2, {shape}), dtype="float32")'
INDICES = 'np.random.default_rng(0).integers({size}, size=(2, {shape}), dtype="int32")'
CATEGORIES = "{nouns}[:, {columns}] = 0  # positions of a category's value: 0 to {lasts}\n"
LABELS = 'labels = np.array([0, 0], dtype="int32")  # of each example: 0 to {last}\n'
LINES = {  # a part's
    "encoder": 'codes = opened(HERE / "encoder{suffix}")({x})\nprint("codes", codes.shape)\n',
    "decoder": 'made = opened(HERE / "decoder{suffix}")({z})\nprint("{nouns}", made.shape)\n',
    "autoencoder": 'made = opened(HERE / "autoencoder{suffix}")({x})\nprint(made.shape)\n',
}


def script(kind: Format, parts: list[str], model, learnt: Learnt, raw: tuple[int, ...]) -> str:
    """A Python file that loads the parts beside it. raw: the shape of an example in a file."""
    shape, code = (", ".join(map(str, s)) for s in (raw, model.stored_shape))
    codes = CODES if model.codebook_size is None else INDICES
    codes = codes.format(shape=code, size=model.codebook_size)
    nouns, (low, high) = learnt.spec.nouns, learnt.raw_range
    head = SCRIPT.format(
        opening=kind.source(), shape=shape, codes=codes, range=f"[{low:g}, {high:g}]", nouns=nouns,
        categories=_categories(learnt, nouns),
    )  # fmt: skip
    told = ""
    if model.label_count is not None:
        head, told = head + LABELS.format(last=model.label_count - 1), ", labels"
    given = {"suffix": kind.suffix, "x": f"{nouns}{told}", "z": f"codes{told}", "nouns": nouns}
    return head + "".join(LINES[name].format(**given) for name in parts)


def _categories(learnt: Learnt, nouns: str) -> str:
    sizes = () if learnt.coding is None else learnt.coding.sizes
    columns = [column for column, size in enumerate(sizes) if size]
    if not columns:
        return ""
    lasts = ", ".join(str(sizes[column] - 1) for column in columns)
    return CATEGORIES.format(nouns=nouns, columns=columns, lasts=lasts)


@contextlib.contextmanager
def working_in(folder: pathlib.Path) -> Iterator[None]:
    """What converters write beside their result goes into a folder in this one, and with it.

    AutoGraph, which they call, would leave files in the system's temporary folder until the end of
    the process, and for good where that is killed.
    """
    with tempfile.TemporaryDirectory(prefix=".converting.", dir=folder) as own:
        before, tempfile.tempdir = tempfile.tempdir, own
        try:
            yield
        finally:
            tempfile.tempdir = before


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """The converters talk a lot, from C++ too."""
    sys.stdout.flush()
    outputs = os.dup(1), os.dup(2)
    with open(os.devnull, "w") as nowhere:
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
        try:
            yield
        finally:
            sys.stdout.flush()
            for number, output in zip((1, 2), outputs, strict=True):
                os.dup2(output, number)
                os.close(output)
