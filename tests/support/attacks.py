"""What attack files are made of: payloads that leave a mark if they run, and the folders for them.

Each payload comes with a control in the tests: run without protection, it does leave its mark.
"""

import importlib
import io
import json
import pathlib
import zipfile

import h5py
import yaml
from omegaconf import OmegaConf

from aecli import dispatch
from aecli.console.compose import composed

PLUGIN = """\
import pathlib
import keras

class Marker:
    '''Of no kind that a config asks for; building one leaves a mark.'''
    def __init__(self, path): pathlib.Path(path).touch()

@keras.saving.register_keras_serializable(package="attack")
class Registered:
    '''What an installed package may have registered with Keras.'''
    def __init__(self, path): pathlib.Path(path).touch()
    def get_config(self): return {}
    @classmethod
    def from_config(cls, config): return cls(**config)
"""


NODES = (
    "open", "touch", "mkdir", "copy", "log", "system", "keras_get_file", "through_ours",
    "through_an_import_of_ours",
)  # fmt: skip


def payload(name: str, mark: pathlib.Path) -> dict:
    """A config node of NODES: called as it stands, it makes the file `mark`."""
    return _nodes(mark)[name]


def _nodes(mark: pathlib.Path) -> dict[str, dict]:
    source = mark.with_name("source")
    source.touch()
    path = {"_target_": "pathlib.Path", "_args_": [str(mark)]}
    return {
        "open": {"_target_": "builtins.open", "file": str(mark), "mode": "w"},
        "touch": {"_target_": "pathlib.Path.touch", "_args_": [path]},
        "mkdir": {"_target_": "os.mkdir", "path": str(mark)},
        "copy": {"_target_": "shutil.copyfile", "src": str(source), "dst": str(mark)},
        "log": {"_target_": "logging.FileHandler", "filename": str(mark)},
        "through_ours": {"_target_": "aecli.files.os.mkdir", "path": str(mark)},
        "keras_get_file": {
            "_target_": "keras.utils.get_file", "fname": mark.name, "origin": source.as_uri(),
            "cache_dir": str(mark.parent), "cache_subdir": "",
        },
        "through_an_import_of_ours": {
            "_target_": "aecli.files.shutil.copyfile", "src": str(source), "dst": str(mark),
        },
        "system": {"_target_": "os.system", "_args_": [f"touch {mark}"]},
    }  # fmt: skip


def run_unprotected(node: dict) -> None:
    """As a naive instantiate would: import what is named, call it with what is given."""
    node = {k: run_inner(v) for k, v in node.items()}
    target, arguments = node.pop("_target_"), node.pop("_args_", [])
    parts = target.split(".")
    for n in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n]))
            break
        except ImportError:
            continue
    for part in parts[n:]:
        found = getattr(found, part)
    found(*arguments, **node)


def run_inner(value):
    """Path(...) inside the arguments of another."""
    if isinstance(value, list):
        return [pathlib.Path(*v["_args_"]) if isinstance(v, dict) else v for v in value]
    return value


def stored_config(*overrides: str) -> dict:
    return OmegaConf.to_container(composed("train", list(overrides)).config, resolve=True)


def run_folder(folder: pathlib.Path, config: dict | str, status: dict | str | None = None):
    """A run folder as somebody might send it; best.keras is left to the caller."""
    (folder / ".hydra").mkdir(parents=True)
    (folder / "checkpoints").mkdir()
    text = config if isinstance(config, str) else yaml.safe_dump(config)
    (folder / ".hydra" / "config.yaml").write_text(text)
    known = {"state": "done", "model": "ae", "dataset": "digits", "data_shape": [8, 8, 1]}
    known |= {"started": "2026-01-01", "epochs_done": 1, "val_loss": 1.0}
    stated = status if isinstance(status, str) else json.dumps(known | (status or {}))
    (folder / "status.json").write_text(stated)
    return folder


def refused(capsys, command: str, *words: str) -> str:
    """What is said on stderr of a request that must be refused: a line or two, exit code 2."""
    code = dispatch.run(command, list(words))
    said = capsys.readouterr().err
    lines = [line for line in said.splitlines() if not line.startswith("run ")]
    assert (code, len(lines) <= 2, "Traceback" in said) == (2, True, False), said
    assert lines[0].startswith("error: ")
    return said


def zipped(path: pathlib.Path, members: list[tuple[str, bytes]], compress=zipfile.ZIP_STORED):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def members_of(path: pathlib.Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def h5_changed(data: bytes, name: str, change) -> bytes:
    """The HDF5 file with `change(parent, key)` done in place of one data set."""
    memory = io.BytesIO(data)
    with h5py.File(memory, "r+") as file:
        parent, _, key = name.rpartition("/")
        parent = file[parent]
        shape = parent[key].shape
        del parent[key]
        change(parent, key, shape)
    return memory.getvalue()


def tiny_keras(path: pathlib.Path) -> pathlib.Path:
    """A best.keras that can be opened, with nothing in it."""
    memory = io.BytesIO()
    h5py.File(memory, "w").close()
    empty = [("metadata.json", b"{}"), ("config.json", b"{}")]
    return zipped(path, [*empty, ("model.weights.h5", memory.getvalue())])
