"""Decoding many image files with all cores."""

import dataclasses
import math
import mmap
import multiprocessing
import pathlib
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
from tqdm import tqdm

from aecli import cores
from aecli.datasets.image_file import decoded, why_not
from aecli.datasets.source_file import MAX_BYTES, shown
from aecli.errors import BadRequest, RunFailed

BLOCK = 100  # files a task
ALONE = 500  # so few files are not worth a second process

_decoder: "_Decoder | None" = None  # in a worker: what it works on


@dataclasses.dataclass
class Decoded:
    """x: [N, *size, 1 or 3] uint8; sizes: the (height, width) found; problems: "file: reason"."""

    x: np.ndarray
    sizes: set[tuple[int, int]]
    problems: list[str]


def decode_all(files: list[pathlib.Path], size: list[int], color: str) -> Decoded:
    """Every file, stretched to `size`. Raises BadRequest where this is too much.

    By processes, one a core: threads fight for Python's lock, which for small files takes longer
    than the decoding.
    """
    shape = (len(files), *size, 1 if color == "grey" else 3)
    if math.prod(shape) > MAX_BYTES:
        raise BadRequest(
            f"dataset.image_size={size}: {len(files):,} images unpack to "
            f"{math.prod(shape) / 2**30:,.1f} GiB, more than {MAX_BYTES / 2**30:.0f}; "
            "take a smaller one, as in dataset.image_size=[64,64]"
        )
    decoder = _Decoder(files, _shared(shape), size, color)
    result = Decoded(decoder.x, set(), [])
    bar = tqdm(total=len(files), desc="read images", leave=False, unit="", disable=None)
    with bar:
        for start, (sizes, problems) in zip(decoder.starts, _work(decoder), strict=True):
            result.sizes |= sizes
            result.problems += problems
            bar.update(min(BLOCK, len(files) - start))
    return result


@dataclasses.dataclass(frozen=True)
class _Decoder:
    files: list[pathlib.Path]
    x: np.ndarray
    size: list[int]
    color: str

    @property
    def starts(self) -> range:
        return range(0, len(self.files), BLOCK)

    def __call__(self, start: int) -> tuple[set[tuple[int, int]], list[str]]:
        """Write a block of files into x; returns their sizes, and what could not be read."""
        sizes, problems = set(), []
        for row in range(start, min(start + BLOCK, len(self.files))):
            file = self.files[row]
            try:
                self.x[row], found = decoded(file, self.size, self.color)
                sizes.add(found)
            except Exception as error:  # each format has its own for a damaged file
                problems.append(f"{shown(file, 300)}: {why_not(file, error)}")
        return sizes, problems


def _work(decoder: _Decoder):
    """The outcome of each block, in order."""
    processes = cores.count()
    if len(decoder.files) <= ALONE or processes == 1 or "fork" not in _methods():
        yield from map(decoder, decoder.starts)
        return
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _begin, (decoder,))
    try:
        yield from pool.map(_block, decoder.starts)
    except BrokenProcessPool:
        raise RunFailed(
            "a process that decodes images was killed, for lack of memory most likely; "
            "take fewer or smaller images"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _methods() -> list[str]:
    return multiprocessing.get_all_start_methods()


def _begin(decoder: _Decoder) -> None:
    """In a new worker: the parent alone answers signals."""
    global _decoder
    _decoder = decoder
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _block(start: int) -> tuple[set[tuple[int, int]], list[str]]:
    assert _decoder is not None  # since _begin
    return _decoder(start)


def _shared(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros, uint8, in memory that forked processes write into."""
    return np.frombuffer(mmap.mmap(-1, max(1, math.prod(shape))), np.uint8).reshape(shape)
