"""A user's own network of features: an .onnx file, run by onnxruntime on the processor."""

import dataclasses
import hashlib
import importlib.util
import os
import pathlib
from typing import Any

import numpy as np

from aecli import cores
from aecli.errors import BadRequest
from aecli.untrusted import bounded
from aecli.visible import in_a_line

MAX_BYTES = 2**30  # of a file; Inception's network has 0.1 GB
MAX_FEATURES = 4096  # numbers an image: a Frechet distance of so many takes minutes
ROWS = 100  # images at a time, where the file leaves it open
FLOAT = "tensor(float)"
BESIDE = "session.model_external_initializers_file_folder_path"
LETTERS = 150  # of what onnxruntime says
CHANNELS_FIRST, CHANNELS_LAST = (0, 3, 1, 2), (0, 1, 2, 3)  # axes of [N, H, W, C]


@dataclasses.dataclass(frozen=True)
class FeatureNetwork:
    """name: of the file; sha256: of its bytes; session: onnxruntime's.

    shape: what it takes, [N, C, H, W] or [N, H, W, C]; a size that it leaves open is no number.
    """

    name: str
    sha256: str
    session: Any
    shape: list

    @property
    def origin(self) -> str:
        return f"{self.name}, which takes {_shown(self.shape)}, sha256 {self.sha256}"

    @property
    def fingerprint(self) -> str:
        return self.sha256[:8]

    def features(self, x: np.ndarray) -> np.ndarray:
        """Images [N, H, W, C] in [0, 1] -> what its first output makes of them, [N, D].

        Raises BadRequest for images that it does not take, and features that are none.
        """
        fitting = (axes for axes in (CHANNELS_FIRST, CHANNELS_LAST) if self._takes(x, axes))
        if (axes := next(fitting, None)) is None:
            size = "x".join(map(str, x.shape[1:]))
            raise BadRequest(f"{self.name} takes {_shown(self.shape)}, and these images are {size}")
        turned = np.ascontiguousarray(x.transpose(axes), dtype="float32")
        rows = self.shape[0] if isinstance(self.shape[0], int) else min(ROWS, len(x))
        parts = []
        for start in range(0, len(x), rows):
            some = turned[start : start + rows]
            whole = np.resize(some, (rows, *some.shape[1:]))  # the last are some of them again
            parts.append(self._run(whole)[: len(some)])
        return np.concatenate(parts)

    def _takes(self, x: np.ndarray, axes: tuple[int, ...]) -> bool:
        sizes = zip(self.shape[1:], axes[1:], strict=True)
        return all(not isinstance(size, int) or size == x.shape[axis] for size, axis in sizes)

    def _run(self, images: np.ndarray) -> np.ndarray:
        try:
            (given,) = self.session.get_inputs()
            found = np.asarray(self.session.run(None, {given.name: images})[0])
        except Exception as error:
            raise BadRequest(f"{self.name} does not run: {_line(error)}") from None
        if found.ndim != 2 or len(found) != len(images) or not 1 <= found.shape[1] <= MAX_FEATURES:
            raise BadRequest(
                f"{self.name} gives {_shown(found.shape)} of {len(images)} images: it must give "
                f"[N,D], with D from 1 to {MAX_FEATURES:,}"
            )
        if not np.isfinite(found).all():
            raise BadRequest(f"{self.name} gives features that are not finite")
        return found


def read(path: str, key: str) -> FeatureNetwork:
    """The network in a file, of which nothing may be stored beside it.

    Its one input is of rank 4, its first output of rank 2, float32 both. Raises BadRequest, which
    names `key`.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise BadRequest("needs onnxruntime: pip install onnxruntime", key)
    if not pathlib.Path(path).is_file():
        raise BadRequest(f"is no file: {path}", key)
    content = bounded.read_bytes(pathlib.Path(path), MAX_BYTES)
    name, session = in_a_line(pathlib.Path(path).name), _session(path, content, key)
    given, made = session.get_inputs(), session.get_outputs()
    if len(given) != 1 or given[0].type != FLOAT or len(given[0].shape) != 4:
        raise BadRequest(
            f"must take images alone, {FLOAT} [N,C,H,W] or [N,H,W,C]; {name} takes {_told(given)}",
            key,
        )
    if not made or made[0].type != FLOAT or len(made[0].shape or (0, 0)) != 2:
        raise BadRequest(f"must give {FLOAT} [N,D]; {name} gives {_told(made)}", key)
    return FeatureNetwork(name, hashlib.sha256(content).hexdigest(), session, given[0].shape)


def _session(path: str, content: bytes, key: str) -> Any:
    """onnxruntime's, of a file's content. Raises BadRequest."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores.count()
    options.log_severity_level = 4  # it raises its errors as well
    options.add_session_config_entry(BESIDE, os.devnull)  # of weights there sha256 says nothing
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has a class of its own for each kind
        raise BadRequest(f"{path} is no network that runs: {_line(error)}", key) from None


def _told(values: list) -> str:
    return ", ".join(f"{one.type} {_shown(one.shape)}" for one in values) or "nothing"


def _shown(shape) -> str:
    """[?,3,28,28]: ? is a size that is left open."""
    return f"[{','.join(str(size) if isinstance(size, int) else '?' for size in shape)}]"


def _line(error: Exception) -> str:
    return in_a_line(str(error))[:LETTERS]
