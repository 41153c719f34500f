"""aecli verify: each objective beside figures that are known without it, on this machine."""

import dataclasses
import time
from typing import Any

from omegaconf import DictConfig, ListConfig
from tqdm import tqdm

from aecli import cores
from aecli.console.searchpath import UserConfigs
from aecli.errors import BadRequest, RunFailed
from aecli.files import as_json
from aecli.proofs import catalog, run
from aecli.proofs.run import Outcome
from aecli.typed import command
from aecli.visible import in_a_line

WIDTH = 68  # of what is compared, on a line


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
                    print(_group(outcomes), flush=True)
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


def _group(outcomes: list[Outcome]) -> str:
    """The subject, and a line a proof."""
    return "\n".join([outcomes[0].subject, *map(_row, outcomes)])


def _row(outcome: Outcome) -> str:
    mark, what = "ok    " if outcome.holds else "FAILED", in_a_line(outcome.what)
    end = f"{outcome.seconds:6.2f} s"
    if (found := outcome.found) is None:
        return f"  {mark}  {what:{WIDTH}}  {in_a_line(outcome.error)}  {end}"
    numbers = f"{found.ours:.6g} {found.relation} {found.known:.6g}"
    numbers += f" +- {found.tolerance:.2g}" if found.tolerance else ""
    note = f"  {in_a_line(found.note)}" if found.note and not found.holds else ""
    return f"  {mark}  {what:{WIDTH}}  {numbers:36}{end}{note}"


def _plain(outcome: Outcome) -> dict[str, Any]:
    found = {} if outcome.found is None else dataclasses.asdict(outcome.found)
    told = {"subject": outcome.subject, "what": outcome.what, "holds": outcome.holds}
    ends = {"seconds": outcome.seconds, "error": outcome.error or None}
    return told | found | ends
