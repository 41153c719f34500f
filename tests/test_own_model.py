"""The Python of two pages, and the model that one adds from outside, do what they say."""

import csv
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
from places import SUPPORT

from aecli import runs

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGES = "".join((DOCS / page).read_text() for page in ("extending.md", "run_folder.md"))
TRAIN = [
    "train", "model=decorrelated", "dataset.limit=150", "trainer.epochs=2", "figures=[]",
    "trainer.batch_size=41", "trainer.jit_compile=false", "trainer.threads=1", "optimizer=sgd",
]  # fmt: skip


def block(kind: str, of: str) -> str:
    """The pages' block of a language that has some words."""
    (found,) = [b for b in re.findall(rf"```{kind}\n(.*?)```", PAGES, re.DOTALL) if of in b]
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the page's model, trained on one device and on two."""
    root = tmp_path_factory.mktemp("own")
    (root / "configs" / "model").mkdir(parents=True)
    (root / "mine.py").write_text(block("python", "class Decorrelated"))
    (root / "configs/model/decorrelated.yaml").write_text(block("yaml", "mine.Decorrelated"))
    carry_out(root, SUPPORT / "two_devices.py", *TRAIN, "trainer.strategy=mirrored", "outputs=two")
    carry_out(root, "-m", "aecli", *TRAIN)
    return root


def carry_out(root: pathlib.Path, *words) -> str:
    package = str(pathlib.Path(runs.__file__).parents[2])
    environment = os.environ | {"AECLI_PLUGINS": "mine", "PYTHONPATH": f".:{package}"}
    done = subprocess.run(
        [sys.executable, *map(str, words)], cwd=root, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def history(folder: pathlib.Path) -> dict[str, list[float]]:
    (path,) = folder.rglob("history.csv")
    rows = [*csv.DictReader(path.open())]
    return {name: [float(row[name]) for row in rows] for name in rows[0] if name != "seconds"}


@pytest.mark.slow
def test_the_model_of_the_page_is_the_same_on_two_devices(place):
    one, two = (history(place / name) for name in ("outputs", "two"))
    assert one.keys() == two.keys() >= {"covariance", "val_covariance"}
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-4, atol=1e-6, err_msg=name)
    assert min(one["covariance"]) > 0


@pytest.mark.slow
def test_the_python_of_the_page_runs(place):
    """With a trained model's folder for its dots, and values of the shape that it says."""
    (best,) = (place / "outputs").rglob("best.keras")
    text = block("python", "keras.models.load_model").replace(
        "outputs/.../checkpoints/best.keras", str(best)
    )
    text = "".join(line for line in text.splitlines(True) if "of a vq_vae" not in line)
    before = "import mine, numpy as np\nimages = np.full((3, 8, 8, 1), 0.5, 'float32')\n"
    before += "rows = np.full((3, 8, 8, 1), 0.5)\n"
    after = "assert codes.shape == (3, 8) and rows.shape == images.shape == (3, 8, 8, 1)\n"
    (place / "script.py").write_text(before + text + after)
    carry_out(place, "script.py")
