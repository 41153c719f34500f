"""Sweeps (-m): their folder, the line that announces each job, and the summary."""

import math
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from aecli import typed
from aecli.console import root_keys
from aecli.files import unique_folder
from aecli.runs import place
from aecli.untrusted.bounded import check_writable

OmegaConf.register_new_resolver(  # the folder of job [3/4] is 03: Hydra itself counts from 0
    "aecli_job", lambda: f"{HydraConfig.get().job.num + 1:02d}", replace=True
)
SUBDIR = "hydra.sweep.subdir=${aecli_job:}"


def job_folder() -> Path | None:
    """The folder that Hydra made for this job: of a sweep, or of hydra.run.dir=PATH.

    None in a plain run: the command makes its own, once everything is checked.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    return None if folder == Path.cwd() else folder


def drop_empty_job_folder() -> None:
    """A job that failed before it wrote anything leaves no folder."""
    folder = job_folder()
    if folder is not None and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


@dataclass
class Sweep:
    """One sweep: `folder` is what aecli claimed, None where the user stated hydra.sweep.dir."""

    overrides: list[str]
    folder: Path | None = None
    codes: dict[str, int] = field(default_factory=dict)  # {job line: exit code}

    def claim_folder(self) -> str:
        """Make <outputs>/<date>/<time>_sweep; two sweeps in one second get -2, -3.

        Raises CannotWrite.
        """
        outputs = typed.stated(self.overrides).get("outputs", "outputs")
        name = outputs + time.strftime("/%Y-%m-%d/%H-%M-%S_sweep")
        self.folder = unique_folder(Path(name))
        return typed.override("hydra.sweep.dir", self.folder)

    @property
    def stated_folder(self) -> Path | None:
        """That of hydra.sweep.dir=DIR or name=NAME. Raises BadRequest for what is no name."""
        stated = typed.stated(self.overrides)
        if "hydra.sweep.dir" in stated:
            return Path(stated["hydra.sweep.dir"])
        if stated.get("name", "null") == "null":
            return None
        root_keys.check_name(stated["name"])
        return Path(stated.get("outputs", "outputs"), stated["name"])

    def placed(self) -> list[str]:
        """What Hydra is told of the folder; it is made where the user states none.

        Raises CannotWrite, BadRequest for a folder that is stated, and filled.
        """
        self.check_stated_folder()
        if (folder := self.stated_folder) is None:
            return [self.claim_folder()]
        return [typed.override("hydra.sweep.dir", folder)]

    def check_stated_folder(self) -> None:
        """Before Hydra writes multirun.yaml into it. Raises BadRequest."""
        if (folder := self.stated_folder) is not None:
            check_writable(folder)
            place.refuse_filled(folder, self.replaces)

    @property
    def replaces(self) -> bool:
        """Whether replace=true was typed."""
        return any(o.lower() == "replace=true" for o in self.overrides)

    def announce(self) -> str:
        """Print `[3/4] model=vae model.latent_dim=2` on stderr; returns that line."""
        hydra = HydraConfig.get()
        params = hydra.sweeper.get("params") or {}
        loader = GlobalHydra.instance().config_loader()
        swept = _swept([*self.overrides, *(f"{k}={v}" for k, v in params.items())], loader)
        mine = [o for o in hydra.overrides.task if not swept or o.partition("=")[0] in swept]
        line = f"[{hydra.job.num + 1}/{math.prod(swept.values())}] {' '.join(mine)}"
        print(line, file=sys.stderr, flush=True)
        return line

    def finish(self) -> int:
        """Print what became of the jobs; returns 0 or the exit code of the first failure."""
        failed = [line for line, code in self.codes.items() if code]
        if self.codes:
            done = len(self.codes) - len(failed)
            text = f"sweep  {done} of {len(self.codes)} jobs done   {self.folder or ''}".rstrip()
            print("\n".join([text, *(f"failed {line}" for line in failed)]), file=sys.stderr)
        self.release_folder()
        return next((code for code in self.codes.values() if code), 0)

    def release_folder(self) -> None:
        """Take back the folder of a sweep of which no job came to anything."""
        if self.folder is None or any(entry.is_dir() for entry in self.folder.iterdir()):
            return
        (self.folder / "multirun.yaml").unlink(missing_ok=True)
        for folder in (self.folder, self.folder.parent, self.folder.parent.parent):
            if not any(folder.iterdir()):
                folder.rmdir()


def _swept(overrides: list[str], loader: ConfigLoader) -> dict[str, int]:
    """{key: number of values} of what is swept."""
    parsed: list[Override] = OverridesParser.create(loader).parse_overrides(overrides)
    return {
        o.get_key_element(): len(list(o.sweep_string_iterator()))
        for o in parsed
        if o.is_sweep_override() and o.is_discrete_sweep()
    }
