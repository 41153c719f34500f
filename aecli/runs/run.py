"""A run folder: create it, load it. The only reader and writer of its layout."""

import dataclasses
import datetime
import functools
import pathlib
from typing import Any

import numpy as np
import yaml
from omegaconf import DictConfig, OmegaConf

from aecli import build, look
from aecli.datasets import learnt_file
from aecli.datasets.layout import layout
from aecli.datasets.learnt import Learnt
from aecli.datasets.splits import Split, Splits
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest
from aecli.files import made_folder, replacing, unique_folder, write_json, write_text
from aecli.runs import config as settings
from aecli.runs import data, order, packed
from aecli.untrusted import plain_yaml, tables

READERS = (  # data sets that are called by how they are read: their file says what they are
    "csv", "idx", "image_folder", "npz", "parquet", "series", "table", "text", "ucr",
)  # fmt: skip


def create(folder: pathlib.Path, config: DictConfig, overrides: list[str], about: dict) -> "Run":
    """Write the config and a first status into an empty folder.

    about: what later commands want to know without building anything (model, dataset, data).
    """
    made_folder((folder / settings.CONFIG).parent)
    made_folder(folder / "figures")
    settings.write(folder, config)
    typed = yaml.safe_dump(overrides)
    write_text((folder / settings.CONFIG).with_name("overrides.yaml"), typed)
    run = Run(folder)
    newest = order.following(config.get("outputs", "outputs"))
    about = {"started": _now(), "order": newest, "ended": None, "epochs_done": 0} | about
    run.update_status(state="running", error=None, **about)
    return run


class Run:
    """A run folder and, on demand, its model and data.

    noise_is_stated, data_are_stated: whether a command asked for others than the run's.
    """

    noise_is_stated = False
    data_are_stated = False

    def __init__(self, folder: pathlib.Path | str):
        self.folder = pathlib.Path(folder)

    @property
    def name(self) -> str:
        """Date and folder, as 2026-11-21/11-20-03_vae_mnist."""
        return "/".join(self.folder.absolute().parts[-2:])

    @property
    def title(self) -> str:
        """vae on mnist; of what was read from a file, a folder or an archive, its own name."""
        return f"{self.status.get('model', '?')} on {self._data_name}"

    @property
    def _data_name(self) -> str:
        name = str(self.status.get("dataset", "?"))
        if name not in READERS:
            return name
        try:
            dataset = self.config.get("dataset") or {}
        except BadRequest:
            return name
        own = dataset.get("name") or dataset.get("path")  # ucr has a name within its archive
        return pathlib.PurePath(own).name if isinstance(own, str) else name

    @functools.cached_property
    def config(self) -> DictConfig:
        """The run's whole config. Raises BadRequest where the folder is not a run's."""
        return OmegaConf.create(plain_yaml.read_config(settings.file(self.folder)))

    @property
    def is_packed(self) -> bool:
        """Whether it is one to be given away: nothing but results is written into its folder."""
        return packed.is_one(self.folder)

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

    def save_figure(self, figure, name: str, folder: pathlib.Path | None = None) -> pathlib.Path:
        """Write a matplotlib figure into figures/ (or folder), as the look says; returns where."""
        used = look.current()
        path = (folder or self.folder / "figures") / f"{name}.{used.format}"
        with replacing(path) as temporary:
            used.save(figure, temporary)
        return path

    @functools.cached_property
    def model(self):
        """Built from the config; the weights are those of the best epoch."""
        from aecli.training import best

        is_kept, config = (self.folder / data.NAME).is_file(), build.plain(self.config)
        if self.is_packed:
            stored = best.Packed(self.folder / packed.WEIGHTS, config)
        else:
            stored = best.stored(self.folder, config, self.status.get("state"))
        with stored.limiting():
            known = self.learnt if is_kept else None
            of_data = (None, None) if known is None else (layout(known), known.vocabulary)
            labels, count = (self.status.get(f"{of}_count") for of in ("label", "train"))
            model = build.model(self.config, self.data_shape, labels, *of_data, count)
        if is_kept:
            model.learnt = self.learnt.of_values
        stored.give_to(model)
        return model

    @functools.cached_property
    def dataset(self):
        return build.component(self.config.dataset, "dataset")

    @functools.cached_property
    def learnt(self) -> Learnt:
        """What the training learnt of its data: every file's values go through it."""
        path = self.folder / data.NAME
        if path.is_file():
            return learnt_file.read(path, self.data_shape)
        return data.learnt_again(self.dataset)

    @functools.cached_property
    def splits(self):
        return data.own(self.learnt, self.dataset)

    @functools.cached_property
    def data_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of what it was trained on."""
        return tables.read_data_shape(self.folder / "status.json")

    @property
    def spec(self) -> DataSpec:
        """What one example of the data is that it was trained on."""
        is_kept = (self.folder / data.NAME).is_file()
        return self.learnt.spec if is_kept else DataSpec.of(self.data_shape)

    @property
    def data_range(self) -> tuple[float, float]:
        """(lowest, highest) value of what it was trained on, scaled as the model sees it."""
        return tuple(self.status.get("data_range", (0.0, 1.0)))

    @functools.cached_property
    def preparation(self):
        return build.preparation(self.config, self.spec.kind == "text")

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

    def replacing_data(self, dataset: Any = None, noise: Any = None, beyond: bool = False) -> "Run":
        """The same run with another dataset or noise, stated whole; None keeps its own.

        beyond: whether values outside of the training's range may pass. Raises BadRequest for data
        of another shape or unit.
        """
        stated = {"dataset": dataset, "noise": noise}
        changes = {key: build.plain(node) for key, node in stated.items() if node is not None}
        other = Run(self.folder)
        other.noise_is_stated, other.data_are_stated = noise is not None, dataset is not None
        config: Any = OmegaConf.merge(self.config)
        other.config = config
        for key, node in changes.items():
            if "seed" in node and node["seed"] is None:  # the split that the model was trained on
                node["seed"] = self.config.seed
            if key == "dataset":
                data.keep_own(node, self.config.dataset)
            other.config[key] = node
        if dataset is not None:
            other.learnt = self.learnt
            other.splits = data.stated(self.learnt, other.dataset, beyond)
        return other

    def showing(self, part: Split, origin: str) -> "Run":
        """The same run with other examples, in model units, in place of its test part.

        What is compared with (PCA) is fitted to the run's own data; where these cannot be read, to
        the examples shown.
        """
        try:
            splits = dataclasses.replace(self.splits, test=part, source=origin, grid=None)
        except BadRequest:
            splits = Splits(part, part, part, origin, self.learnt.label_names, self.learnt)
        return self.holding(splits)

    def holding(self, splits: Splits) -> "Run":
        """The same run with other data, in model units, in place of its own."""
        other = Run(self.folder)
        other.data_are_stated, other.learnt, other.splits = True, self.learnt, splits
        if "model" in self.__dict__:
            other.model = self.model
        return other


def read_status(folder: pathlib.Path) -> dict[str, Any]:
    """status.json, or {} where there is none that can be read."""
    try:
        return tables.read_status(folder / "status.json")
    except BadRequest:
        return {}


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="microseconds")
