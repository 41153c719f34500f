"""Every reader on many broken files: python tests/fuzz_readers.py --mutations 10000

A file is either loaded as sound images or refused in one or two lines that name it. Anything else
(a traceback, a crash, no answer, too much memory) is kept in --keep, printed, and exit code 1.
"""

import argparse
import multiprocessing
import os
import pathlib
import random
import resource
import sys
import tempfile
import traceback
import warnings

import numpy as np

if __name__ == "__main__":
    sys.argv[0] = "aecli"  # as the console script: TensorFlow is not imported
from fuzz_faults import mutation
from fuzz_files import IDX, LABELS, SUFFIXES, VALID

from aecli.datasets.csv import Csv
from aecli.datasets.idx import Idx
from aecli.datasets.image_folder import ImageFolder
from aecli.datasets.npz import Npz
from aecli.datasets.parquet import Parquet
from aecli.datasets.series import Series
from aecli.datasets.table import Table
from aecli.datasets.text import Text
from aecli.errors import BadRequest

SECONDS = 10  # for one file
MEGABYTES = 256  # of address space beyond what the valid files need
WHOLE = {"test_size": "train", "validation_size": "test"}  # one part: all images
OUTCOMES = ("loaded", "refused", "traceback", "crash", "hang", "memory", "wrong")
HANG = ("hang", f"no answer in {SECONDS} s", 0)
CRASH = ("crash", "the process died", 0)


def dataset(reader: str, path: pathlib.Path, rng: random.Random):
    if reader in ("npz", "npy"):
        return Npz(path=str(path), **WHOLE)
    if reader == "csv":
        return Csv(path=str(path), label=rng.choice(("auto", "auto", 0, None)), **WHOLE)
    if reader == "parquet":
        return Parquet(path=str(path), limit=rng.choice((None, 3)), **WHOLE)
    if reader == "text":
        unit = rng.choice(("word", "character", "byte"))
        return Text(path=str(path), unit=unit, vocabulary=rng.choice((3, 8000)), **WHOLE)
    if reader.startswith("table_"):
        missing = rng.choice(("error", "drop", "mean", "indicator"))
        scale = rng.choice(("standard", "quantile", "none"))
        categories = rng.choice(("auto", ["who"], None)) if reader != "table_npy" else "auto"
        options = {"missing": missing, "scale": scale, "categories": categories}
        return Table(path=str(path), **options, **WHOLE)
    if reader.startswith("series_"):
        layout, length = rng.choice(("auto", "auto", "wide", "long")), rng.choice((None, None, 2))
        settings = {"scale": rng.choice(("standard", "none")), "length": length}
        return Series(path=str(path), layout=layout, **settings, **WHOLE)
    if reader == "image_folder":
        return ImageFolder(path=str(path.parent), image_size=[5, 4], color="rgb", **WHOLE)
    good = path.parent.parent / "good-images", path.parent.parent / "good-labels"
    images, labels = rng.choice(((path, good[1]), (path, None), (good[0], path)))
    return Idx(path=str(images), labels_path=labels and str(labels), **WHOLE)


def outcome(reader: str, path: pathlib.Path, rng: random.Random) -> tuple[str, str]:
    """One of OUTCOMES, and what to print of it."""
    try:
        splits = dataset(reader, path, rng).load()
    except BadRequest as error:
        text = str(error)
        lines = text.split("\n")
        named = path.name in text or "good-" in text
        sound = len(lines) <= 2 and named and all(map(str.isprintable, lines))
        return ("refused" if sound and len(text) < 1500 else "wrong"), text
    except MemoryError:
        return "memory", traceback.format_exc()
    except Exception:
        return "traceback", traceback.format_exc()
    x, labels = splits.train.x, splits.train.labels
    if reader == "text" or reader.startswith("series_"):
        x = np.nan_to_num(x)  # what follows the end
    sound = x.ndim == 4 and x.size and x.dtype in (np.uint8, np.float32) and np.isfinite(x).all()
    if labels is not None:
        sound = sound and labels.dtype == np.int64 and labels.shape == (len(x),)
    return ("loaded" if sound else "wrong"), f"{x.shape} {x.dtype}"


def work(reader: str, folder: pathlib.Path, seed: int, start: int, stop: int, pipe) -> None:
    """In a process of its own: sends the outcome of each mutation, and its memory in MiB."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff prints
    warnings.simplefilter("error")  # a refusal is all that the user should see
    (folder / "good-images").write_bytes(IDX[0])
    (folder / "good-labels").write_bytes(LABELS)
    place = folder / f"from-{start}"
    place.mkdir()
    path = place / f"valid{SUFFIXES[reader][0]}"
    for data in VALID[reader]:  # imports and allocates what every file needs
        path.write_bytes(data)
        outcome(reader, path, random.Random(1))
    path.unlink()
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for number in range(start, stop):
        suffix, data, rng = mutation(reader, seed, number)
        path = place / f"broken{suffix}"
        path.write_bytes(data)
        result = outcome(reader, path, rng)
        path.unlink()
        pipe.send((*result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def fuzz(reader: str, mutations: int, seed: int, keep: pathlib.Path) -> tuple[dict[str, int], int]:
    """{outcome: how many}, and the peak of the resident memory in MiB."""
    counts, peak, number = dict.fromkeys(OUTCOMES, 0), 0, 0
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        while number < mutations:
            receiver, sender = context.Pipe(duplex=False)
            arguments = (reader, pathlib.Path(folder), seed, number, mutations, sender)
            child = context.Process(target=work, args=arguments)
            child.start()
            sender.close()
            kind = None
            while number < mutations and kind not in ("crash", "hang"):
                try:
                    kind, text, memory = receiver.recv() if receiver.poll(SECONDS) else HANG
                except EOFError:
                    kind, text, memory = CRASH
                counts[kind] += 1
                peak = max(peak, memory)
                if kind not in ("loaded", "refused"):
                    suffix, data, _ = mutation(reader, seed, number)
                    keep.mkdir(parents=True, exist_ok=True)
                    kept = keep / f"{reader}-{seed}-{number}{suffix}"
                    kept.write_bytes(data)
                    print(f"{kind}: {kept}\n{text}\n", flush=True)
                number += 1
            child.kill()
            child.join()
    return counts, peak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=10_000, help="of each reader")
    parser.add_argument("--reader", default=",".join(VALID), help="some of " + ", ".join(VALID))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("fuzz-findings"))
    options = parser.parse_args()
    results = {}
    for reader in options.reader.split(","):
        results[reader] = fuzz(reader, options.mutations, options.seed, options.keep)
    print(f"{'reader':>14}{'mutations':>11}", *(f"{kind:>10}" for kind in (*OUTCOMES, "peak MiB")))
    for reader, (counts, peak) in results.items():
        numbers = (*counts.values(), peak)
        print(f"{reader:>14}{options.mutations:>11,}", *(f"{n:>10,}" for n in numbers))
    found = sum(n for counts, _ in results.values() for n in list(counts.values())[2:])
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
