"""A few broken files for every reader; python tests/fuzz_readers.py has ten thousand of each."""

import subprocess
import sys

from places import SUPPORT

FOLDER = SUPPORT
FAULTY = """
import os, pathlib, sys, time
_, folder, keep = sys.argv
sys.argv[0] = "aecli"
sys.path.insert(0, folder)
import numpy
import fuzz_readers
from aecli.errors import BadRequest

def refuse():
    raise BadRequest("without a name")

class Faulty:
    def __init__(self, load):
        self.load = load

fuzz_readers.SECONDS = 2
for fault in (lambda: {}["key"], lambda: os.kill(os.getpid(), 9), lambda: time.sleep(9),
              lambda: numpy.ones(2**27), refuse):
    fuzz_readers.dataset = lambda _, path, rng: Faulty(fault if "broken" in path.name else refuse)
    counts, _ = fuzz_readers.fuzz("csv", 2, 0, pathlib.Path(keep))
    print({kind: n for kind, n in counts.items() if n})
"""


def run(*arguments):
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=FOLDER.parent)


def test_every_broken_file_is_refused_or_read(tmp_path):
    done = run(FOLDER / "fuzz_readers.py", "--mutations", 150, "--keep", tmp_path, "--seed", 3)
    assert done.returncode == 0, done.stdout + done.stderr
    table = [line.split() for line in done.stdout.splitlines()]
    kinds = [
        "series_ts",
        "series_csv",
        "series_npy",
        "npz",
        "npy",
        "idx",
        "parquet",
        "csv",
        "image_folder",
    ]
    kinds += ["table_csv", "table_parquet", "table_npy", "text"]
    assert [row[0] for row in table] == ["reader", *kinds]
    for row in table[1:]:
        loaded, refused, *findings, _ = map(int, row[2:])
        assert loaded > 0
        assert refused > 0
        assert loaded + refused == 150
        assert not any(findings)
    assert not list(tmp_path.iterdir())


def test_what_goes_wrong_is_found(tmp_path):
    done = run("-c", FAULTY, FOLDER, tmp_path)
    found = [line for line in done.stdout.splitlines() if line.startswith("{")]
    kinds = ("traceback", "crash", "hang", "memory", "wrong")
    assert found == [f"{{'{kind}': 2}}" for kind in kinds], done.stderr
    assert len(list(tmp_path.iterdir())) == 2
