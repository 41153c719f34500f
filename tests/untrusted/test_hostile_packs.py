"""A pack that somebody else made: refused in a line or two, and nothing of it is carried out."""

import json
import os
import pathlib
import pickle
import shutil

import numpy as np
import pytest
import yaml
from attacks import payload, refused, run_folder, stored_config

from aecli import build
from aecli.files import write_json
from aecli.runs import packed
from aecli.training import best

WEIGHTS, SUMS = packed.WEIGHTS, packed.SUMS


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A small pack as `aecli pack` makes it, but for its card and figures."""
    config = stored_config("network.widths=[4]", "model.latent_dim=2", "dataset=digits")
    folder = run_folder(tmp_path_factory.mktemp("packs") / "good", config)
    for name in (".hydra", "checkpoints"):
        shutil.rmtree(folder / name)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    best.write_packed(folder / WEIGHTS, build.model(config, (8, 8, 1)), config)
    packed.write_sums(folder)
    return folder


@pytest.fixture
def pack(good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("codes.npy", np.zeros((3, 2), "float32"))
    return pathlib.Path(shutil.copytree(good, tmp_path / "theirs"))


def asked(capsys, pack, command: str = "decode") -> str:
    words = ["input=codes.npy"] if command == "decode" else []
    return refused(capsys, command, f"run={pack}", *words)


def test_a_good_one_is_opened_and_so_are_results_and_hidden_files_beside_it(pack, typed):
    for name in ("eval/2026/metrics.json", ".gitattributes", ".cache/hub/x"):
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_text("{}")
    np.save("codes.npy", np.zeros((3, 2), "float32"))
    assert typed("decode", f"run={pack}", "input=codes.npy")[0] == 0


class Touching:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return pathlib.Path.touch, (self.mark,)


def _sum_wrong(pack, mark):
    with open(pack / "status.json", "a") as file:
        file.write(" ")


def _missing(pack, mark):
    (pack / "status.json").unlink()


def _weights_missing(pack, mark):
    (pack / WEIGHTS).unlink()


def _without_sums(pack, mark):
    (pack / SUMS).unlink()


def _extra(pack, mark):
    (pack / "training_codes.npz").write_bytes(b"")


def _hidden_overrides(pack, mark):
    (pack / ".hydra").mkdir()
    (pack / ".hydra" / "overrides.yaml").write_text("[]")


def _named(name):
    def change(pack, mark):
        (pack.parent / "secret").write_text("x")
        name_of = name.format(folder=pack.parent)
        with open(pack / SUMS, "a") as file:
            file.write(f"{'0' * 64}  {name_of}\n")

    return change


def _linked(pack, mark):
    (pack / "status.json").rename(pack.parent / "outside")
    (pack / "status.json").symlink_to(pack.parent / "outside")


def _folder_linked(pack, mark):
    (pack / "figures").symlink_to(pack.parent)


def _pipe(pack, mark):
    (pack / "status.json").unlink()
    os.mkfifo(pack / "status.json")


def _config(change, signed=True):
    """signed: whether the weights say that they are of the new one, as a forger would have it."""

    def changed(pack, mark):
        config = yaml.safe_load((pack / "config.yaml").read_text())
        change(config, mark)
        (pack / "config.yaml").write_text(yaml.safe_dump(config))
        packed.write_sums(pack)
        if signed:
            of = {best.OF: best._digest(config)}
            _header(lambda header: header["__metadata__"].update(of))(pack, mark)

    return changed


def _header(change):
    """The weights again, their header another; its length is told right."""

    def changed(pack, mark):
        data = (pack / WEIGHTS).read_bytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        new = len(text).to_bytes(8, "little") + text + data[8 + length :]
        (pack / WEIGHTS).write_bytes(new)
        packed.write_sums(pack)

    return changed


def _bytes(change):
    def changed(pack, mark):
        (pack / WEIGHTS).write_bytes(change((pack / WEIGHTS).read_bytes()))
        packed.write_sums(pack)

    return changed


def _first_kernel(header):
    return next(one for name, one in header.items() if name.endswith("kernel"))


def _other_shape(header):
    one = _first_kernel(header)
    one["shape"] = one["shape"][::-1]


def _unknown_name(header):
    header["\x1b[31m" + "a" * 5000] = header.pop(next(n for n in header if n != "__metadata__"))


def _counts(pack, mark):
    status = json.loads((pack / "status.json").read_text())
    write_json(pack / "status.json", status | {"data_shape": [2**40, 8, 1]})
    packed.write_sums(pack)


REFUSED = {  # what was done to it: (how, a word of what is said)
    "sum wrong": (_sum_wrong, "the sum of 'status.json'"),
    "file missing": (_missing, "'status.json' is missing"),
    "weights missing": (_weights_missing, f"'{WEIGHTS}' is missing"),
    "no sums": (_without_sums, f"has no {SUMS}"),
    "file extra": (_extra, "'training_codes.npz' is not in its"),
    "of a run folder": (_hidden_overrides, "'.hydra/overrides.yaml' is not in its"),
    "name with ..": (_named("figures/../../secret"), "is no name"),
    "absolute name": (_named("{folder}/secret"), "is no name"),
    "name that steers": (_named("a\x1b[31m"), "is no name"),
    "link to outside": (_linked, "is a link"),
    "folder that is a link": (_folder_linked, "is a link"),
    "pipe": (_pipe, "is no file"),
    "truncated": (_bytes(lambda data: data[:-5]), "its size is off"),
    "nothing in it": (_bytes(lambda data: b""), "is no whole safetensors file"),
    "header of 2^60 bytes": (
        _bytes(lambda data: (2**60).to_bytes(8, "little") + data[8:]),
        "the length of its header is off",
    ),
    "not finite": (_bytes(lambda data: data[:-4] + b"\xff" * 4), "not finite"),
    "another shape": (_header(_other_shape), "the checkpoint is of another model"),
    "unknown name": (_header(_unknown_name), "the checkpoint is of another model"),
    "of another config": (
        _config(lambda config, mark: config["network"].update(activation="tanh"), signed=False),
        "is of another model than the config",
    ),
    "class of nobody": (
        _config(lambda config, mark: config.update(model=payload("mkdir", mark))),
        "os.mkdir",
    ),
    "huge code": (
        _config(lambda config, mark: config["model"].update(latent_dim=2**20)),
        "has fewer weights than its config asks for",
    ),
    "huge images": (_counts, "data_shape"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_hostile_one_is_refused_in_two_lines(how, pack, tmp_path, capsys):
    change, word = REFUSED[how]
    change(pack, tmp_path / "mark")
    assert word in asked(capsys, pack)
    assert not (tmp_path / "mark").exists()


def test_nothing_is_unpickled(pack, tmp_path, capsys):
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(Touching(mark)))  # control
    assert mark.exists()
    mark.unlink()
    (pack / "samplers" / "gmm").mkdir(parents=True)
    (pack / "samplers" / "gmm" / "all.npz").write_bytes(pickle.dumps(Touching(mark)))
    packed.write_sums(pack)
    assert "all.npz" in asked(capsys, pack, "generate")
    assert not mark.exists()
