"""What to try next: a point that no trial of the study has had."""

from typing import Any

import numpy as np

from aecli.tuning import engine, space
from aecli.tuning.journal import Journal
from aecli.tuning.space import Param

BY_SAMPLER, AT_RANDOM = 10, 100  # tries before the space is gone through in order


def propose(
    journal: Journal, params: list[Param], sampler: str, pruner: Any, seed: int
) -> dict[str, Any] | None:
    """The point of the next trial, None where the space has no other.

    It depends on the trials so far and the seed alone: a search that is begun again goes on as
    it would have. The sampler is asked on a copy, so that the journal gets whole trials only.
    """
    trials = journal.trials
    seen = {_identity(trial.params) for trial in trials}
    if len(seen) >= space.size(params):
        return None
    seed = int(np.random.SeedSequence([seed, len(trials)]).generate_state(1)[0])
    copy = engine.imported().create_study(
        study_name=engine.STUDY,  # hyperband draws a trial's bracket from it
        direction=journal.direction,
        sampler=engine.sampler(sampler, seed),
        pruner=pruner,
    )
    copy.add_trials(trials)
    distributions = {param.key: param.distribution() for param in params}
    for count in range(BY_SAMPLER + AT_RANDOM):
        if count == BY_SAMPLER:
            copy.sampler = engine.sampler("random", seed)
        point = copy.ask(distributions).params
        if _identity(point) not in seen:
            return point
    return next(point for point in space.points(params) if _identity(point) not in seen)


def _identity(point: dict[str, Any]) -> tuple:
    return tuple(
        (key, f"{value:.12g}" if isinstance(value, float) else repr(value))
        for key, value in sorted(point.items())
    )
