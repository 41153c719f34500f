"""A fitted sampler as an .npz of plain numbers, checked when it is read."""

import pathlib
from typing import Any

import numpy as np

from aecli.datasets.numpy_file import npz_headers, read_npz
from aecli.errors import BadRequest
from aecli.files import made_folder, replacing
from aecli.samplers.base import Fitted, Sampler

KEY = "of"  # 32 bytes, what it was fitted to


def write(path: pathlib.Path, fitted: Fitted, key: bytes) -> None:
    """Whole or not at all. key: SHA-256 of all that it was made of. Raises CannotWrite."""
    made_folder(path.parent)
    with replacing(path) as temporary:
        arrays: dict[str, Any] = {**fitted.numbers, KEY: np.frombuffer(key, np.uint8)}
        np.savez(temporary, **arrays)


def read(
    path: pathlib.Path, sampler: Sampler, code_shape: tuple, key: bytes, choices: int = 0
) -> Fitted | None:
    """What write wrote for this key; None where there is nothing, or of another key.

    code_shape, choices: of what was fitted to, as Sampler.fit was given it.

    Names, types and shapes must be those that the sampler has for such codes, and all numbers
    finite; they are compared before any is read. Raises BadRequest.
    """
    if not path.is_file():
        return None
    found = {name: (header.dtype, header.shape) for name, header in npz_headers(path).items()}
    if found.get(KEY) != (np.uint8, (len(key),)):
        raise _damaged(path)
    if read_npz(path, [KEY])[KEY].tobytes() != key:
        return None
    if found.get("rows") != (np.float64, ()):
        raise _damaged(path)
    rows = read_npz(path, ["rows"])["rows"]
    if not 1 <= rows < 2**53:
        raise _damaged(path)
    axes = found["axes"][1] if "axes" in found else None
    expected = sampler.expected(code_shape, int(rows), axes, choices)
    if found != {KEY: found[KEY], **{name: (np.float64, of) for name, of in expected.items()}}:
        raise _damaged(path)
    numbers = read_npz(path, list(expected))
    if not all(np.isfinite(values).all() for values in numbers.values()):
        raise _damaged(path)
    if not sampler.is_sound(numbers):
        raise _damaged(path)
    return sampler.fitted(code_shape, numbers, choices)


def _damaged(path: pathlib.Path) -> BadRequest:
    return BadRequest(f"{path} is damaged: delete it, and it is fitted anew")
