"""aecli doctor: what of this machine a training depends on, and what to do where it is amiss."""

import dataclasses
import pathlib

from omegaconf import DictConfig

from aecli.errors import RunFailed
from aecli.files import as_json
from aecli.inspection import machine

WIDE = 11  # characters of the word at the start of a line


def main(cfg: DictConfig) -> None:
    """The command. Raises RunFailed where something is broken, after all has been said."""
    checks = machine.examined(pathlib.Path(str(cfg.outputs)))
    broken = [check.name for check in checks if check.is_broken]
    if cfg.json:
        print(as_json({"checks": [dataclasses.asdict(one) for one in checks], "broken": broken}))
    else:
        print("\n".join(_lines(checks)))
    if broken:
        raise RunFailed(f"broken: {', '.join(dict.fromkeys(broken))}; each has a line with 'do'")


def _lines(checks: list[machine.Check]) -> list[str]:
    """A line each; below what is amiss, what to do."""
    lines = []
    for check in checks:
        mark = "BROKEN " if check.is_broken else ""
        lines.append(f"{check.name:{WIDE}}{mark}{check.text}")
        if check.remedy:
            lines.append(f"{'':{WIDE}}do: {check.remedy}")
    if not any(check.remedy for check in checks):
        lines.append(f"{'all':{WIDE}}is well")
    return [*lines, f"{'next':{WIDE}}aecli train"]
