"""Optuna: imported when it is needed, its chatter off; its samplers and pruners."""

import importlib.util
import warnings
from typing import Any

from aecli.errors import BadRequest

STUDY = "tune"  # its name in the journal
SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "hyperband", "none")
STARTUP = 5  # trials that are completed before the median prunes one
WARMUP = 10  # the first tenth of the epochs is not judged


def require() -> None:
    """Raises BadRequest where Optuna is not installed."""
    if importlib.util.find_spec("optuna") is None:
        raise BadRequest("aecli tune needs Optuna: pip install 'aecli[tune]'")


def imported() -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


def sampler(name: str, seed: int) -> Any:
    samplers = imported().samplers
    return samplers.TPESampler(seed=seed) if name == "tpe" else samplers.RandomSampler(seed=seed)


def pruner(name: str, epochs: int) -> Any:
    """median: worse than half of the others at that epoch; hyperband: by brackets of epochs."""
    pruners = imported().pruners
    if name == "median":
        return pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=epochs // WARMUP)
    if name == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=epochs)
    return pruners.NopPruner()
