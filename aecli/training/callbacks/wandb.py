"""Weights & Biases: a run of its own, kept in ./wandb until it is asked to be sent."""

import importlib
import netrc
import os
import pathlib
import secrets
import shutil
import urllib.parse
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from aecli.errors import BadRequest
from aecli.training.callbacks.tracker import Ended, Tracker

HOME = "https://api.wandb.ai"
QUIETLY = {"WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}  # unless the user has set them
EXIT = {"done": 0, "pruned": 0}


class Wandb(Tracker):
    """Settings, each epoch's metrics, at the end the test's, figures and config.

    mode: offline keeps all of it in ./wandb (or $WANDB_DIR), online sends it; None goes by
    WANDB_MODE and is offline without it. The jobs of a sweep are a group.
    """

    called: ClassVar[str] = "Weights & Biases"
    package: ClassVar[str] = "wandb"

    def __init__(
        self,
        folder: str,
        project: Annotated[str, Field(pattern=r"^[\w.-]{1,128}$")] = "aecli",
        mode: Literal["offline", "online"] | None = None,
    ):
        super().__init__(folder)
        self._project, self._mode = project, mode or os.environ.get("WANDB_MODE", "offline")
        self._run: Any = None
        if self._mode not in ("offline", "disabled") and not _has_login():
            raise BadRequest(
                "online needs a login: type `wandb login` or set WANDB_API_KEY, or keep it here "
                "with mode=offline",
                "callbacks.mode",
            )

    def open(self, known):
        for variable, value in QUIETLY.items():
            os.environ.setdefault(variable, value)
        wandb: Any = importlib.import_module("wandb")

        name = known or secrets.token_hex(4)
        quiet = wandb.Settings(
            silent=True, console="off", disable_git=True, save_code=False, symlink=False,
            init_timeout=20, x_disable_stats=True, x_disable_machine_info=True,
        )  # fmt: skip
        mode: Any = self._mode
        self._run = wandb.init(
            project=self._project, mode=mode, id=name, resume="allow", name=self.told.name,
            group=self.told.group, settings=quiet, reinit="create_new",
            config=dict(self.told.settings), allow_val_change=True,
        )  # fmt: skip
        return name

    def tell_epoch(self, epoch, values, seen):
        self._run.log(values, step=epoch)

    def close(self, ended: Ended):
        wandb: Any = importlib.import_module("wandb")

        self._run.summary.update({f"test_{name}": v for name, v in ended.metrics.items()})
        if ended.figures:
            self._run.log(
                {f"figures/{path.stem}": wandb.Image(str(path)) for path in ended.figures}
            )
        copy = pathlib.Path(self._run.dir, "aecli_config.yaml")  # config.yaml is one of theirs
        shutil.copyfile(ended.config, copy)
        self._run.save(str(copy), base_path=self._run.dir, policy="now")
        self._run.finish(exit_code=EXIT.get(ended.state, 1))


def _has_login() -> bool:
    """A key in the environment, or in the file where `wandb login` puts it; nobody is asked."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urllib.parse.urlsplit(os.environ.get("WANDB_BASE_URL", HOME)).hostname or ""
    path = pathlib.Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    try:
        return netrc.netrc(path).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False
