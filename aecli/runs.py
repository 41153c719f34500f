"""A run folder: create, find, load, list. The only reader and writer of its layout."""

import dataclasses
import datetime
import functools
import os
import pathlib
from typing import Any

import numpy as np
import yaml
from omegaconf import DictConfig, OmegaConf

from aecli import build
from aecli.errors import BadRequest
from aecli.files import replacing, unique_folder, write_json, write_text
from aecli.foreign import bounded, plain_yaml, tables
from aecli.locking import is_locked

CONFIG = pathlib.Path(".hydra", "config.yaml")


def create(folder: pathlib.Path, config: DictConfig, overrides: list[str], about: dict) -> "Run":
    """Write the config and a first status into an empty folder.

    about: what later commands want to know without building anything (model, dataset, data).
    """
    (folder / ".hydra").mkdir(exist_ok=True)
    (folder / "figures").mkdir(exist_ok=True)
    write_config(folder, config)
    write_text(folder / ".hydra" / "overrides.yaml", yaml.safe_dump(overrides))
    run = Run(folder)
    run.update_status(state="running", started=_now(), ended=None, epochs_done=0, error=None)
    run.update_status(**about)
    return run


def write_config(folder: pathlib.Path, config: DictConfig) -> None:
    write_text(folder / CONFIG, OmegaConf.to_yaml(config, resolve=True))


class Run:
    """A run folder and, on demand, its model and data.

    noise_is_stated: whether a command asked for another noise than the run's.
    """

    noise_is_stated = False

    def __init__(self, folder: pathlib.Path | str):
        self.folder = pathlib.Path(folder)

    @property
    def name(self) -> str:
        """Date and folder, as 2026-11-21/11-20-03_vae_mnist."""
        return "/".join(self.folder.absolute().parts[-2:])

    @property
    def title(self) -> str:
        return f"{self.status.get('model', '?')} on {self.status.get('dataset', '?')}"

    @functools.cached_property
    def config(self) -> DictConfig:
        """The run's whole config. Raises BadRequest where the folder is not a run's."""
        path = self.folder / CONFIG
        if not path.is_file():
            raise BadRequest(f"{self.folder} is not a run folder: it has no {CONFIG}")
        bounded.refuse_links(self.folder)
        return OmegaConf.create(plain_yaml.read_config(path))

    @property
    def status(self) -> dict[str, Any]:
        return read_status(self.folder)

    def update_status(self, **changes: Any) -> None:
        write_json(self.folder / "status.json", read_status(self.folder) | changes)

    def finish(self, state: str, **changes: Any) -> None:
        """state: done, pruned, failed or interrupted; a process that was killed leaves running."""
        self.update_status(state=state, ended=_now(), **changes)

    @property
    def history(self) -> dict[str, list[float]]:
        """The columns of history.csv."""
        return tables.read_history(self.folder / "history.csv")

    def new_eval_folder(self) -> pathlib.Path:
        stamp = datetime.datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        return unique_folder(self.folder / "eval" / stamp)

    def save_figure(
        self, figure, name: str, format: str = "png", folder: pathlib.Path | None = None
    ) -> pathlib.Path:
        """Write a matplotlib figure into figures/ (or folder) and say where."""
        path = (folder or self.folder / "figures") / f"{name}.{format}"
        with replacing(path) as temporary:
            figure.savefig(temporary, format=format)
        return path

    @functools.cached_property
    def model(self):
        """Built from the config; the weights are those of the best epoch."""
        from aecli.training import best

        stored = best.stored(self.folder, build.plain(self.config), self.status.get("state"))
        with stored.limiting():
            model = build.model(self.config, self.data_shape)
        stored.give_to(model)
        return model

    @functools.cached_property
    def dataset(self):
        return build.component(self.config.dataset, "dataset")

    @functools.cached_property
    def splits(self):
        return self.dataset.load()

    @functools.cached_property
    def data_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of what it was trained on."""
        return tables.read_data_shape(self.folder / "status.json")

    @property
    def data_range(self) -> tuple[float, float]:
        """(lowest, highest) value of what it was trained on."""
        return tuple(self.status.get("data_range", (0.0, 1.0)))

    @functools.cached_property
    def preparation(self):
        from aecli.training.feed import Preparation

        return Preparation(
            noise=build.component(self.config.noise, "noise"),
            dynamic=self.config.dataset.get("binarize") == "dynamic",
            seed=self.config.seed,
        )

    @property
    def is_noisy(self) -> bool:
        return self.preparation.noise.is_noisy

    def examples(self, split: str = "test", n: int | None = None, random: bool = False, seed=0):
        """-> input, target [n, H, W, C] float32, labels [n] or None; noise and draws frozen.

        The first n, or n at random; all when n is None.
        """
        part = getattr(self.splits, split)
        rows = np.arange(len(part))[:n]
        if random and n is not None:
            count = min(n, len(part))
            rows = np.sort(np.random.default_rng(seed).choice(len(part), count, replace=False))
        x, target = self.preparation.frozen(part.x[rows])
        return x, target, None if part.labels is None else part.labels[rows]

    def replacing_data(self, dataset: Any = None, noise: Any = None) -> "Run":
        """The same run with another dataset or noise, stated whole; None keeps its own."""
        stated = {"dataset": dataset, "noise": noise}
        changes = {key: build.plain(node) for key, node in stated.items() if node is not None}
        other = Run(self.folder)
        other.noise_is_stated = noise is not None
        other.config = OmegaConf.merge(self.config)
        for key, node in changes.items():
            if "seed" in node and node["seed"] is None:  # the split that the model was trained on
                node["seed"] = self.config.seed
            other.config[key] = node
        if dataset is not None and list(other.splits.data_shape) != self.status["data_shape"]:
            raise BadRequest(
                f"dataset has images of {_by(other.splits.data_shape)}; "
                f"this run was trained on {_by(self.status['data_shape'])}"
            )
        return other


def open_run(cfg: DictConfig) -> Run:
    """The run that a command's config asks for: its run=PATH or the latest, dataset, noise."""
    run = find(cfg.get("run"), cfg.get("outputs", "outputs"))
    return run.replacing_data(cfg.get("dataset"), cfg.get("noise"))


def find(path: str | None = None, root: str = "outputs", key: str = "run") -> Run:
    """The run at a path, or the latest finished one. Raises BadRequest, which names the key."""
    if path is not None:
        if not pathlib.Path(path).is_dir():
            raise BadRequest(f"{key}={path} does not exist; see aecli runs")
        run = Run(path)
        run.config  # noqa: B018  (refuses what is not a run)
        return run
    done = [info for info in list_runs(root) if info.state == "done"]
    if not done:
        raise BadRequest(f"no finished run under {root}/\nmake one: aecli train, or state run=PATH")
    return Run(max(done, key=lambda info: info.started).folder)


def find_any(path: str, root: str = "outputs") -> Run:
    """The run at a path, or with path="latest" the newest one, in whatever state."""
    if path != "latest":
        return find(path, root, "resume")
    infos = list_runs(root)
    if not infos:
        raise BadRequest(f"no run under {root}/\nmake one: aecli train")
    return Run(infos[-1].folder)


@dataclasses.dataclass(frozen=True)
class RunInfo:
    """One line of `aecli runs`. state: of Run.finish; or queued, running, killed."""

    folder: pathlib.Path
    name: str
    model: str
    dataset: str
    epochs_done: int
    state: str
    val_loss: float | None
    started: str


def list_runs(root: str | os.PathLike = "outputs") -> list[RunInfo]:
    """The runs under a folder, oldest first; reads small text files only."""
    infos = []
    for path in pathlib.Path(root).glob("**/status.json"):
        status = read_status(path.parent)
        if not (path.parent / CONFIG).is_file() or "state" not in status:
            continue
        infos.append(
            RunInfo(
                folder=path.parent,
                name=Run(path.parent).name,
                model=str(status.get("model", "?")),
                dataset=str(status.get("dataset", "?")),
                epochs_done=int(status.get("epochs_done", 0)),
                state=state_of(path.parent),
                val_loss=status.get("val_loss"),
                started=str(status.get("started", "")),
            )
        )
    return sorted(infos, key=lambda info: (info.started, str(info.folder)))


def state_of(folder: pathlib.Path) -> str:
    """What status.json says, unless the process that wrote it is gone."""
    stated = str(read_status(folder).get("state", "?"))
    return "killed" if stated == "running" and not is_locked(folder) else stated


def read_status(folder: pathlib.Path) -> dict[str, Any]:
    """status.json, or {} where there is none that can be read."""
    try:
        return tables.read_status(folder / "status.json")
    except BadRequest:
        return {}


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="microseconds")


def _by(shape) -> str:
    return "x".join(str(side) for side in shape)
