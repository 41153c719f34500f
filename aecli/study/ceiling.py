"""What the true factors themselves score, which no code can be asked to pass."""

import json
import pathlib

from aecli import build, runs
from aecli.errors import BadRequest
from aecli.files import write_json
from aecli.io import request
from aecli.study.results import Results
from aecli.untrusted.bounded import read_text

FILE = "true_factors.json"
MAX_BYTES = 2**20


def of(results: Results, folder: pathlib.Path) -> dict[str, float]:
    """{score: that of the true factors}, by the metrics of the first finished training.

    Computed once, then kept in the folder; empty where no metric has them.
    """
    file = folder / FILE
    if file.is_file():
        try:
            stored = json.loads(read_text(file, MAX_BYTES))
            return {str(name): float(value) for name, value in stored.items()}
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise BadRequest(f"{file} is damaged\nremove it: it is made anew") from None
    found = _computed(results)
    write_json(file, found)
    return found


def _computed(results: Results) -> dict[str, float]:
    cell = results.cells[0]
    job = dict(results.study.cells)[cell]
    run = runs.Run(job.folder)
    request.wake(run)
    from aecli.metrics.base import Evaluation
    from aecli.metrics.disentanglement.of_run import TRUE

    evaluation, found = Evaluation(run), {}
    for metric in build.components(run.config.metrics, "metrics").values():
        if not set(metric.about) & set(results.scores):
            continue
        for name, figures in metric.baselines(evaluation).items():
            if name == TRUE:
                found |= {k: v for k, v in figures.items() if k in results.scores and v is not None}
    return found
