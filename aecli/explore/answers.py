"""What the page asks of the model while it is open: to decode, to interpolate, to encode."""

import base64
import binascii
import pathlib
import tempfile
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from aecli.component import check_arguments
from aecli.datasets.image_file import decoded, why_not
from aecli.datasets.image_folder import ImageFolder
from aecli.errors import BadRequest
from aecli.explore.gathered import Gathered
from aecli.figures.interpolation import linear
from aecli.io import conditions, given, readers
from aecli.metrics.detection.scores import squared_errors
from aecli.runs import Run

STEPS = 9  # images on the way from one to another
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]


def _decode(start: int | list[Number] | None, units: dict[str, Number], label: int | None): ...
def _interpolate(a: int, b: int, label: int | None): ...
def _encode(data: str, label: int | None): ...


class Answers:
    """Of one run and what was gathered of it. Nothing is kept from one question to the next."""

    def __init__(self, run: Run, gathered: Gathered):
        self._run, self._gathered = run, gathered

    def answer(self, question: str, asked: dict[str, Any]) -> dict[str, Any]:
        """question: decode, interpolate or encode. Raises BadRequest, NotApplicable."""
        known = {"decode": (self.decode, _decode), "interpolate": (self.interpolate, _interpolate),
                 "encode": (self.encode, _encode)}  # fmt: skip
        if question not in known:
            raise BadRequest(f"no such question: {question}")
        method, keys = known[question]
        names = keys.__annotations__
        if not isinstance(asked, dict) or set(asked) != set(names):
            raise BadRequest(f"{question} takes {', '.join(names)}")
        return method(**check_arguments(keys, asked))

    def decode(self, start, units, label) -> dict[str, Any]:
        """A code, of example `start`, stated whole, or the mean one, with some units replaced."""
        code = self._code(start).copy()
        for name, value in units.items():
            if name not in map(str, range(code.shape[-1])):
                raise BadRequest(f"units: there is no unit {name[:20]}")
            kept = code[..., int(name)] if code.ndim > 1 else 0
            code[..., int(name)] = kept + value
        told = self._label(label, start)
        return self._shown(code[None], self._run.model.decode(code[None], told))

    def interpolate(self, a, b, label) -> dict[str, Any]:
        """The straight way between the codes of two examples."""
        t = np.linspace(0.0, 1.0, STEPS)
        codes = linear(self._code(a), self._code(b), t)
        first, last = self._label(label, a), self._label(label, b)
        told = None if first is None or last is None else np.where(t < 0.5, first, last)
        made = self._run.model.decode(codes, told)
        return {"views": self._gathered.shown.way(made), "at": self._at(codes)}

    def encode(self, data, label) -> dict[str, Any]:
        """A picture file in base 64, read as input=FILE is."""
        if not self._run.spec.is_image:
            raise BadRequest(f"this run is of {self._run.spec.nouns}, not of images")
        try:
            content = base64.b64decode(data.partition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest("this is no picture") from None
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "dropped.png")
            file.write_bytes(content)
            self._check(file)
            found = readers.found(str(file), self._run.learnt, "test")
            notes = ", ".join(note.rpartition(f"{file}: ")[2] for note in found.notes)
            x = given.images(self._run, given.Read("test", found)).x
        told = self._label(label, None)
        codes = self._run.model.encode(x, label=told)
        made = self._run.model.reconstruct(x, label=told)
        about = {"error": float(squared_errors(x, made)[0]), "code": codes[0].ravel().tolist(),
                 "notes": notes}  # fmt: skip
        return self._shown(codes, x, made) | about

    def _check(self, file: pathlib.Path) -> None:
        """Raises BadRequest that names no folder of ours, of which the page knows nothing."""
        try:
            decoded(file, ImageFolder().like(self._run.learnt).frame([file]))
        except Exception as error:
            raise BadRequest(f"this file {why_not(file, error)}") from None

    def _code(self, start) -> np.ndarray:
        codes = self._gathered.codes
        if start is None:
            return codes.mean(axis=0)
        if isinstance(start, int):
            if not 0 <= start < len(codes):
                raise BadRequest(f"there are {len(codes)} examples, counted from 0; got {start}")
            return codes[start]
        if len(start) != codes[0].size:
            raise BadRequest(f"a code has {codes[0].size} numbers; got {len(start)}")
        return np.array(start, "float32").reshape(codes.shape[1:])

    def _label(self, label, start) -> int | None:
        known = conditions.known(self._run)
        if not known:
            return None
        if label is not None and label not in known:
            raise BadRequest(f"the training knew no label {label}")
        labels = self._gathered.labels
        if label is None and isinstance(start, int) and labels is not None:
            return int(labels[start])
        return known[0] if label is None else label

    def _shown(self, codes, x, made=None) -> dict[str, Any]:
        return {"views": self._gathered.shown.of(x, made), "at": self._at(codes)}

    def _at(self, codes) -> list[list[float]]:
        return self._gathered.plane.place(codes.reshape(len(codes), -1)).tolist()
