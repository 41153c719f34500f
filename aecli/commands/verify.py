"""aecli verify: each objective beside figures that are known without it, on this machine."""

import dataclasses
import sys
import time
from typing import Any

from omegaconf import DictConfig, ListConfig
from tqdm import tqdm

from aecli import cores
from aecli.console.searchpath import UserConfigs
from aecli.console.table import show_rows
from aecli.errors import BadRequest, RunFailed
from aecli.files import as_json
from aecli.proofs import catalog, run
from aecli.proofs.run import Outcome
from aecli.typed import command


def main(cfg: DictConfig) -> None:
    """The command: a line a proof (or JSON) on stdout. Raises RunFailed where one does not hold."""
    config_dir = None if UserConfigs.config_dir is None else str(UserConfigs.config_dir)
    wanted = run.groups(_names(cfg), config_dir)
    processes = min(int(cfg.n_jobs), cores.count())
    start, found = time.perf_counter(), []
    progress = tqdm(total=len(wanted), desc="verify", unit="subject", leave=False, disable=None)
    with progress:
        for outcomes in run.carried_out(wanted, processes, config_dir):
            found += outcomes
            if not cfg.json:
                with tqdm.external_write_mode():
                    print(outcomes[0].subject)
                    show_rows(_rows(outcomes), lead="  ")
                    sys.stdout.flush()
            progress.update()
    failed = [outcome for outcome in found if not outcome.holds]
    seconds = time.perf_counter() - start
    if cfg.json:
        proofs = [_plain(outcome) for outcome in found]
        told = {"proofs": len(found), "failed": len(failed), "seconds": seconds, "found": proofs}
        print(as_json(told))
    else:
        many = f"{len(found)} proof{'s' if len(found) != 1 else ''}"
        print(f"{many} of {len(wanted)} subjects, {len(failed)} failed, {seconds:.0f} s")
    if failed:
        subjects = list(dict.fromkeys(outcome.subject for outcome in failed))
        raise RunFailed(
            f"{len(failed)} of {len(found)} proofs failed: {', '.join(subjects[:5])}"
            f"{' ...' if len(subjects) > 5 else ''}"
        )


def _names(cfg: DictConfig) -> list[str]:
    names = [cfg.subjects] if isinstance(cfg.subjects, str) else cfg.subjects or []
    is_list = isinstance(names, list | ListConfig)
    if not is_list or not all(isinstance(name, str) and name for name in names):
        like = command("verify", "vae", next(iter(catalog.subjects())))
        raise BadRequest(f"subjects must be a list of models or subjects\n{like}")
    return list(names)


def _rows(outcomes: list[Outcome]) -> list[list[str]]:
    """A row a proof; the last column, what is said of one that fails, only where there is one."""
    rows = [_row(outcome) for outcome in outcomes]
    return rows if any(row[-1] for row in rows) else [row[:-1] for row in rows]


def _row(outcome: Outcome) -> list[str]:
    mark, end = "ok    " if outcome.holds else "FAILED", f"{outcome.seconds:5.2f} s"
    if (found := outcome.found) is None:
        return [mark, outcome.what, outcome.error, end, ""]
    numbers = f"{found.ours:.6g} {found.relation} {found.known:.6g}"
    numbers += f" +- {found.tolerance:.2g}" if found.tolerance else ""
    return [mark, outcome.what, numbers, end, "" if found.holds else found.note or ""]


def _plain(outcome: Outcome) -> dict[str, Any]:
    found = {} if outcome.found is None else dataclasses.asdict(outcome.found)
    told = {"subject": outcome.subject, "what": outcome.what, "holds": outcome.holds}
    ends = {"seconds": outcome.seconds, "error": outcome.error or None}
    return told | found | ends
