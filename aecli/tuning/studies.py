"""The folder of a study, the only reader and writer of its layout. TensorFlow-free.

study.json        the terms, frozen; how many trials are wanted
journal.log       Optuna's storage
trials/007/       the run folder of trial 7
best.yaml, figures/
"""

import contextlib
import dataclasses
import json
import pathlib
from typing import Any

from aecli.errors import BadRequest
from aecli.files import write_json
from aecli.locking import is_locked, locked
from aecli.tuning import space
from aecli.tuning.journal import Journal
from aecli.tuning.terms import Terms
from aecli.untrusted.bounded import check_writable, read_text

FILE = "study.json"
FORMAT = 1
MAX_BYTES = 16 * 2**20
LOCK, CLAIM = ".study", ".claim"


@dataclasses.dataclass(frozen=True)
class Study:
    folder: pathlib.Path
    terms: Terms
    n_trials: int

    @property
    def total(self) -> int:
        """Trials in all: as many as are wanted, or as there are points."""
        return int(min(self.n_trials, space.size(self.terms.params)))

    @property
    def best_file(self) -> pathlib.Path:
        return self.folder / "best.yaml"

    @property
    def figures(self) -> pathlib.Path:
        return self.folder / "figures"

    def trial_folder(self, number: int) -> pathlib.Path:
        return self.folder / "trials" / f"{number:03d}"

    def journal(self, pruner: Any = None) -> Journal:
        return Journal(self.folder, self.terms.direction, pruner)

    def held(self) -> contextlib.AbstractContextManager:
        """One process at a time decides what is tried next."""
        return locked(self.folder, LOCK, wait=True)

    def claim(self, number: int) -> contextlib.AbstractContextManager:
        """Held by the process that has a trial carried out."""
        return locked(self.trial_folder(number), CLAIM)

    def is_claimed(self, number: int) -> bool:
        """Whether the search that has a trial carried out is alive."""
        return is_locked(self.trial_folder(number), CLAIM)

    def is_training(self, number: int) -> bool:
        return is_locked(self.trial_folder(number))

    def wanting(self, n_trials: int) -> "Study":
        """The same study with another number of trials, for those who come later too."""
        changed = dataclasses.replace(self, n_trials=n_trials)
        if n_trials != self.n_trials:
            write(changed)
        return changed


def write(study: Study) -> None:
    terms = dataclasses.asdict(study.terms)
    value = {"format": FORMAT, "n_trials": study.n_trials, "terms": terms}
    write_json(study.folder / FILE, value)


def find(path: str | pathlib.Path, root: str = "outputs") -> Study:
    """The study at a path, or with "latest" the newest one under root. Raises BadRequest."""
    if path == "latest":
        found = sorted(pathlib.Path(root).glob(f"*/*/{FILE}"))
        if not found:
            raise BadRequest(f"no study under {root}/\nleave out study=latest to begin one")
        path = found[-1].parent
    file = pathlib.Path(path, FILE)
    if not file.is_file():
        raise BadRequest(f"study={path} is no study: it has no {FILE}")
    check_writable(file.parent)
    try:
        stored = json.loads(read_text(file, MAX_BYTES))
        if stored["format"] != FORMAT:
            raise ValueError(stored["format"])
        return Study(file.parent, Terms.from_json(stored["terms"]), int(stored["n_trials"]))
    except BadRequest:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadRequest(f"{file} is damaged or of another format") from None
