"""aecli inspect: what is counted, what is pointed at, and that the line it says can be typed."""

import json
import shlex

import numpy as np
import pytest
from PIL import Image

from aecli.console.arguments import parse
from aecli.console.compose import composed

ROWS = 60


@pytest.fixture
def table(tmp_path):
    """nr, age with gaps, income with one value far off, a constant, a label that is rare."""
    lines = ["nr,age,income,site,diagnosis"]
    rng = np.random.default_rng(0)
    for i in range(ROWS):
        age = "" if i % 10 == 0 else f"{rng.normal(50, 5):.2f}"
        income = "99999" if i == 7 else f"{rng.normal(100, 5):.2f}"
        lines.append(f"{i + 1},{age},{income},3,{'ill' if i in (1, 2, 3, 4) else 'well'}")
    (tmp_path / "patients.csv").write_text("\n".join(lines) + "\n")
    return "patients.csv"


def found(typed, *words):
    code, said = typed("inspect", *words, "--json")
    assert code == 0, said
    return json.loads(said)


def next_line(said):
    line = next(line for line in said.splitlines() if line.startswith("next"))
    words = shlex.split(line)[1:]
    assert words[:2] == ["aecli", "train"]
    return composed("train", parse("train", words[2:]).overrides).config


def test_a_table_as_it_is_in_its_file(typed, table, tmp_path):
    code, said = typed("inspect", table, "dataset.label_column=diagnosis", "file=rows.png")
    assert code == 0, said
    for part in ("missing  6 values, in 1 of 4 columns", "constant: site", "income (1: ",
                 "ids and no features: nr", "ill ("):  # fmt: skip
        assert part in said
    assert Image.open(tmp_path / "rows.png").format == "PNG"
    config = next_line(said)
    assert config.dataset.id_column == "nr"
    assert config.dataset.missing == "indicator"
    assert not (tmp_path / "outputs").exists()


def test_what_is_counted_of_a_table(typed, table):
    said = found(typed, table, "dataset.label_column=diagnosis")
    assert sum(said["examples"].values()) == ROWS
    assert sum(one["train"] + one["val"] + one["test"] for one in said["labels"]) == ROWS
    age = next(column for column in said["columns"] if column["name"] == "age")
    assert (age["missing"], said["missing"]) == (6, 6)


def test_copies_and_leaks_are_those_that_were_planted(typed, tmp_path):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 255, (150, 6, 6)).astype("uint8")
    test = rng.integers(0, 255, (20, 6, 6)).astype("uint8")
    y, y_test = np.zeros(150, int), np.zeros(20, int)
    x[1] = x[0]  # a copy within the training file
    test[:3] = x[10:13]  # three that were trained on
    y_test[0] = 1  # and one of them with another label
    np.savez("some.npz", x_train=x, y_train=y, x_test=test, y_test=y_test)
    said = found(typed, "some.npz", "dataset.validation_size=test")
    assert said["duplicates"] == {"train": 1, "test": 0}
    assert said["leakage"] == {"test in train": 3}
    assert said["same_part"] == {"val": "test"}
    assert said["examples_with_several_labels"] == 1
    assert any("leakage: 3 of the 20 images of test" in line for line in said["unusual"])


def test_images_that_are_nearly_black_and_of_two_sizes(typed, tmp_path):
    rng = np.random.default_rng(2)
    np.savez("dark.npz", x=rng.integers(0, 17, (120, 6, 6)).astype("uint8"))
    code, said = typed("inspect", "dark.npz")
    assert code == 0
    assert "nearly black" in said
    assert next_line(said).dataset.scale == "minmax"
    (tmp_path / "photos").mkdir()
    for i in range(12):
        x = rng.integers(0, 255, (10, 20 if i else 8, 3)).astype("uint8")
        Image.fromarray(x).save(tmp_path / "photos" / f"{i}.png")
    unusual = " ".join(found(typed, "photos", "dataset.image_size=8")["unusual"])
    assert "files of 2 sizes: 10x20 (11), 10x8 (1); each becomes 8x8" in unusual
    assert "too few" in unusual


def test_series_and_sentences(typed):
    x = np.sin(np.linspace(0, 9, 30)[None] * np.arange(1, 61)[:, None])
    np.save("waves.npy", x)
    code, said = typed("inspect", "waves.npy", "dataset=series", "n=3", "file=waves.svg")
    assert code == 0, said
    assert "series of 30 points, 1 channel" in said
    assert next_line(said).dataset._target_.endswith("Series")
    with open("lines.txt", "w") as file:
        file.writelines(f"the cat saw {i} birds .\n" for i in range(40))
    code, said = typed("inspect", "lines.txt", "n=2")
    assert code == 0, said
    assert sum("the cat saw" in line for line in said.splitlines()) == 2
    assert "examples" not in said.partition("unusual")[2]


def test_nothing_the_user_had_is_replaced(typed, tmp_path):
    (tmp_path / "mine.png").write_text("mine")
    code, said = typed("inspect", "file=mine.png")
    assert (code, "exists, and is left as it is" in said) == (2, True)
    assert (tmp_path / "mine.png").read_text() == "mine"
    assert typed("inspect", "file=mine.doc")[0] == 2
    assert typed("inspect", "nowhere.csv")[0] == 2
