"""traverse, probe, plot-factors and report on a run whose data have known factors."""

import csv
import json

import fresh_run
import numpy as np
import pytest
from PIL import Image

from aecli import runs
from aecli.commands import traverse as traversing
from aecli.commands.plot import plot
from aecli.commands.probe import main, probe
from aecli.commands.report import report
from aecli.errors import NotApplicable
from aecli.io import every_class
from aecli.metrics.disentanglement.matched import matched

DATA = ["dataset=glyphs", "dataset.image_size=16", "dataset.classes=[A,Q,X]"]


@pytest.fixture(scope="module")
def run(compose, tmp_path_factory) -> runs.Run:
    root = tmp_path_factory.mktemp("runs")
    words = ["model=vae", "model.latent_dim=3", *DATA, f"outputs={root}"]
    return runs.Run(fresh_run.folder(compose, root, *words))


def test_a_traversal_names_the_factor_of_each_unit(compose, run, capsys):
    traversing.main(compose(f"run={run.folder}", "image=null", command="traverse"))
    path, *table = capsys.readouterr().out.splitlines()
    part = run.splits.test
    known = matched(run.model.encode(part.pixels()), part.factors).columns()
    with open(path.replace("traversal.png", "units.csv")) as stream:
        rows = list(csv.DictReader(stream))
    assert {"factor", "information", "share"} < set(rows[0])
    assert len(table) >= len(rows)
    for row in rows:
        d = int(row["unit"].strip("z[]"))
        assert row["factor"] == known["factor"][d]
        assert float(row["information"]) == pytest.approx(known["information"][d], abs=1e-4)
        assert any(row["unit"] in line and row["factor"] in line for line in table)


def test_a_traversal_of_images_in_a_file_names_no_factor(compose, run, tmp_path):
    np.save(tmp_path / "x.npy", (run.splits.test.pixels() * 255).astype("uint8"))
    words = [f"run={run.folder}", f"input={tmp_path / 'x.npy'}"]
    _, units = traversing.traverse(compose(*words, command="traverse"))
    assert "factor" not in units


def test_a_moving_traversal_goes_there_and_back(compose, run):
    words = [f"run={run.folder}", "format=gif", "steps=4", "span=2"]
    path, _ = traversing.traverse(compose(*words, command="traverse"))
    with Image.open(path) as picture:
        assert picture.n_frames == 6
        assert min(picture.size) > 200
        frames = []
        for i in range(6):
            picture.seek(i)
            frames.append(np.asarray(picture.convert("L"), int))
    assert (frames[0] != frames[3]).any()
    assert np.abs(frames[1] - frames[5]).mean() < 2  # colours are chosen frame by frame
    assert np.abs(frames[2] - frames[4]).mean() < 2


def test_a_probe_has_each_factor(compose, run, capsys):
    words = [f"run={run.folder}", "labels_per_class=[5]", "draws=1"]
    main(compose(*words, command="probe"))
    out = capsys.readouterr().out
    _, values, folder = probe(compose(*words, command="probe"))
    rows = values["factors"]
    assert json.loads((folder / "metrics.json").read_text())["factors"] == rows
    names = ("letter", "family", "weight", "slant", "size", "x", "y")
    assert tuple(dict.fromkeys(row["factor"] for row in rows)) == names
    assert {row["features"] for row in rows} == {"code, 3 numbers", "PCA, 3 components"}
    assert all(name in out for name in names)
    letter = next(row for row in rows if row["factor"] == "letter")
    whole = next(r for r in values["rows"] if r["labels_per_class"] is None)
    assert letter["values"] == 3
    assert letter["logistic_accuracy"] == whole["logistic_accuracy"]  # it is the label
    values = run.splits.test.factors.values
    commonest = np.bincount(run.splits.train.factors.values[:, 2]).argmax()
    weight = next(row for row in rows if row["factor"] == "weight")
    assert weight["most_frequent"] == pytest.approx(np.mean(values[:, 2] == commonest))
    page = report(compose(f"run={run.folder}", command="report")).read_text()
    assert "Accuracy by factor" in page
    assert "PCA, 3 components" in page


def test_images_of_the_other_classes_keep_their_factors(run):
    every = every_class.with_the_rest(run, "test")
    assert len(every) > len(run.splits.test)
    np.testing.assert_array_equal(run.splits.grid.draw(every.factors.values), every.x)
    np.testing.assert_array_equal(every.labels, every.factors.values[:, 0])


def test_the_figure_is_drawn_and_says_which_data_it_needs(compose, run, tmp_path):
    path = plot(compose(f"run={run.folder}", "units=2", command="plot-factors"), "factors")
    assert path.stat().st_size > 20_000
    digits = runs.Run(fresh_run.folder(compose, tmp_path, "model=ae"))
    with pytest.raises(NotApplicable, match="known factors: dataset=dsprites"):
        plot(compose(f"run={digits.folder}", command="plot-factors"), "factors")
