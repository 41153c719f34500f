"""Data sets that another package brings: shuttle (river), ucr (aeon, sktime); not imported."""

import gzip
import importlib.util
import os
import pathlib
import sys

import numpy as np
import pytest

from aecli.datasets.shuttle import Shuttle
from aecli.datasets.ucr import Ucr
from aecli.errors import BadRequest

DATA = pathlib.Path(os.environ.get("AECLI_DATA_DIR", "/nowhere"))
TS = "# words\n@problemName Waves\n@classLabel true up down\n@data\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """package("river") -> the folder of a package that must not be imported."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def make(name: str) -> pathlib.Path:
        folder = tmp_path / "site" / name
        (folder / "datasets").mkdir(parents=True)
        (folder / "__init__.py").write_text("raise RuntimeError('imported')")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, name, raising=False)
        return folder

    return make


def rows_of(path, count: int = 60) -> np.ndarray:
    x = np.random.default_rng(0).integers(0, 90, (count, 3))
    lines = [f"{a},{b},{c},{int(i % 10 == 0)}" for i, (a, b, c) in enumerate(x)]
    with gzip.open(path, "wt") as file:
        file.write("\n".join(["f1,f2,f3,anomaly", *lines]))
    return x


def test_shuttle_is_found_in_the_package_of_river(package):
    x = rows_of(package("river") / "datasets" / "shuttle.csv.gz")
    source = Shuttle().read()
    np.testing.assert_array_equal(source.train.x[:, 0, :, 0], x)
    assert source.label_names == ("normal", "anomalous")
    assert np.bincount(source.train.labels).tolist() == [54, 6]
    splits = Shuttle(classes=["normal"]).load()
    assert splits.spec.kind == "table"
    assert list(splits.spec.names) == ["f1", "f2", "f3"]


def test_without_river_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadRequest, match="pip install river\nor dataset\\.path=FILE"):
        Shuttle().read()
    with pytest.raises(BadRequest, match="pip install sktime\nor dataset\\.path=FOLDER"):
        Ucr(name="GunPoint").read()


def test_shuttle_itself():
    file = DATA / "tables" / "shuttle.csv.gz"
    path = str(file) if file.is_file() else None
    if path is None and importlib.util.find_spec("river") is None:
        pytest.skip("neither river nor its file in AECLI_DATA_DIR")
    source = Shuttle(path=path).read()
    assert source.train.x.shape == (49_097, 1, 9, 1)
    assert np.bincount(source.train.labels).tolist() == [45_586, 3_511]


def write_problem(folder: pathlib.Path, name: str) -> None:
    folder.mkdir(parents=True)
    lines = ["1,2,3,4:up", "4,3,2,1:down", "2,3,4,5:up"]
    (folder / f"{name}_TRAIN.ts").write_text(TS + "\n".join(lines))
    (folder / f"{name}_TEST.ts").write_text(TS + "9,8,7,6:down\n")


@pytest.mark.parametrize("place", ["aeon", "sktime", "path", "flat"])
def test_a_problem_by_its_name(package, tmp_path, place):
    path = None
    if place in ("aeon", "sktime"):
        write_problem(package(place) / "datasets" / "data" / "Waves", "Waves")
    else:
        path = str(tmp_path / "mine")
        write_problem(tmp_path / "mine" / ("Waves" if place == "path" else ""), "Waves")
    source = Ucr(name="Waves", path=path).read()
    assert source.kind == "series"
    assert source.label_names == ("down", "up")
    np.testing.assert_array_equal(
        source.train.x[:, 0, :, 0], [[1, 2, 3, 4], [4, 3, 2, 1], [2, 3, 4, 5]]
    )
    assert source.train.labels.tolist() == [1, 0, 1]
    assert source.test.labels.tolist() == [0]


def test_other_names_are_refused(tmp_path):
    write_problem(tmp_path / "Waves", "Waves")
    with pytest.raises(BadRequest, match=r"Wave/Wave_TRAIN\.ts\nit has Waves; others"):
        Ucr(name="Wave", path=str(tmp_path)).read()
    with pytest.raises(BadRequest, match=r"name is needed, as dataset\.name=GunPoint"):
        Ucr(path=str(tmp_path)).read()
    for name in ("../Waves", "/etc/passwd", ""):
        with pytest.raises(BadRequest, match="name must"):
            Ucr(name=name, path=str(tmp_path))
    with pytest.raises(BadRequest, match="does not exist"):
        Ucr(name="Waves", path=str(tmp_path / "none")).read()


def test_gun_point_itself():
    if not (DATA / "series" / "GunPoint").is_dir():
        pytest.skip("GunPoint is not in AECLI_DATA_DIR")
    source = Ucr(name="GunPoint", path=str(DATA / "series")).read()
    assert source.train.x.shape == (50, 1, 150, 1)
    assert source.test.x.shape == (150, 1, 150, 1)
    assert source.label_names is None or source.label_names == ("1", "2")
