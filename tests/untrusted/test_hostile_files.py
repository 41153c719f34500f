"""Data files and the small text files of a run folder that somebody else wrote."""

import json
import os
import pathlib
import pickle

import numpy as np
import pytest
from attacks import refused, run_folder, stored_config

from aecli import dispatch
from aecli.errors import BadRequest
from aecli.untrusted import tables


@pytest.fixture
def mark(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mark"


class Pickled:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return pathlib.Path.touch, (self.mark,)


# ---- data; what else a reader must refuse is in test_datasets_hostile.py


def np_load(path):
    found = np.load(path, allow_pickle=True)
    return found["x"] if path.endswith("npz") else found


def unpickled(path):
    return pickle.loads(pathlib.Path(path).read_bytes())


def an_object_array(save):
    return lambda path, mark: save(path, np.array([Pickled(mark)], object))


def a_pickle(path, mark):
    pathlib.Path(path).write_bytes(pickle.dumps(Pickled(mark)))


DATA = {  # id: (option, file, what writes it, what would fall for it)
    "object_npy": ("npz", "a.npy", an_object_array(np.save), np_load),
    "object_npz": ("npz", "a.npz", an_object_array(lambda path, x: np.savez(path, x=x)), np_load),
    "pickle_as_npz": ("npz", "a.npz", a_pickle, unpickled),
    "pickle_as_csv": ("csv", "a.csv", a_pickle, unpickled),
    "pickle_as_idx": ("idx", "a-idx3-ubyte", a_pickle, unpickled),
    "pickle_as_tar": ("cifar10", "a.tar.gz", a_pickle, unpickled),
}


@pytest.mark.parametrize("name", DATA)
def test_nothing_in_a_data_file_is_unpickled(name, mark, capsys):
    option, path, write, naive_reader = DATA[name]
    write(path, mark)
    assert path in refused(capsys, "train", f"dataset={option}", f"dataset.path={path}")
    assert not mark.exists()
    naive_reader(path)  # control
    assert mark.exists()


# ---- status.json, history.csv


@pytest.mark.parametrize(
    "status",
    [
        "[" * 90_000,
        "[]",
        "NaN",
        " " * 200_000,
        {"model": "\x1b]0;title\x07"},
        {"dataset": "$\\frac{$"},
        {"state": ["done"]},
        {"epochs_done": "many"},
        {"val_loss": "low"},
        {"data_shape": "8x8"},
    ],
)
def test_a_status_that_is_none_is_left_out_of_the_list(status, mark, capsys):
    run_folder(mark.parent / "outputs" / "theirs", stored_config(), status)
    run_folder(mark.parent / "outputs" / "mine", stored_config())
    assert dispatch.run("runs", ["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["folder"] for run in found] == ["outputs/mine"]


def test_a_pipe_in_place_of_a_file_is_not_waited_for(mark, capsys):
    theirs = run_folder(mark.parent / "outputs" / "theirs", stored_config())
    (theirs / "status.json").unlink()
    os.mkfifo(theirs / "status.json")
    os.mkfifo(theirs / "history.csv")
    assert dispatch.run("runs", []) == 0
    assert "no runs" in capsys.readouterr().out
    refused(capsys, "plot-loss", f"run={theirs}")


@pytest.mark.parametrize(
    "shape", [[8, 8], [8, 8, 0], [8, 8, -1], [8, 8, "1"], [2**40, 1, 1], [60_000, 60_000, 3]]
)
def test_the_images_of_a_run_are_of_a_possible_size(shape, mark):
    folder = run_folder(mark.parent / "theirs", stored_config(), {"data_shape": shape})
    with pytest.raises(BadRequest, match="data_shape"):
        tables.read_status(folder / "status.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch,loss\n1,2,3\n", "rows differ in length"),
        ("epoch,loss\n1,__import__('os')\n", "could not convert"),
        ("epoch,$\\alpha$\n1,2\n", "is no name"),
        (",".join(f"c{i}" for i in range(101)) + "\n", "is no name"),
        ("epoch," + "x" * 200_000 + "\n", "field larger than"),
        ("\0", "is no name"),
    ],
)
def test_a_history_is_numbers_under_names(text, said, mark, capsys):
    folder = run_folder(mark.parent / "theirs", stored_config())
    (folder / "history.csv").write_text(text)
    message = refused(capsys, "plot-loss", f"run={folder}")
    assert "history.csv is damaged" in message
    assert said in message
