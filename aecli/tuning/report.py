"""What a search says before it begins, and when it has ended."""

from collections import Counter
from typing import Any

from omegaconf import OmegaConf

from aecli import look, typed
from aecli.comparison import measure
from aecli.comparison.values import flatten
from aecli.console import quiet
from aecli.console.table import show_table
from aecli.files import write_text
from aecli.tuning import best as tune_best
from aecli.tuning import space
from aecli.tuning.studies import Study
from aecli.tuning.terms import Terms

SHOWN = 5  # of the best trials


def opening(study: Study, n_jobs: int) -> str:
    """How many trials, what is searched and what is fixed."""
    terms = study.terms
    wide = max(len(param.key) for param in terms.params)
    searched = [f"{param.key:{wide}}  {param}" for param in terms.params]
    lines = [
        f"tune    {study.total} trials, {n_jobs} at once   sampler {terms.sampler}, "
        f"pruner {terms.pruner}   {terms.direction} {terms.metric}",
        f"study   {study.folder}",
        *(f"{'search' if i == 0 else '':7} {text}" for i, text in enumerate(searched)),
    ]
    if terms.overrides:
        lines.append(f"fixed   {' '.join(terms.overrides)}")
    if study.total < study.n_trials:
        lines.append(f"note    there are no more than {study.total} points to try")
    return "\n".join([*lines, *(f"note    {note}" for note in _notes(terms))])


def _notes(terms: Terms) -> list[str]:
    """What the metric cannot tell, where the trials are not of one measure."""
    configs: list[Any] = [OmegaConf.to_container(c, resolve=True) for c in terms.varied()]
    leaves = [flatten(config) for config in configs]
    notes, kept = [], [[] for _ in configs]
    if measure.changing(leaves, kept, measure.OBJECTIVE):  # unless their classes say otherwise
        quiet.import_tensorflow_quietly(wake=False)
        kept = [measure.kept(config) for config in configs]
    found = {
        groups: measure.changing(leaves, kept, groups)
        for groups in (measure.LOSS, measure.OBJECTIVE, measure.TASK)
    }
    likelihood, objective, task = (_searched(terms, keys) for keys in found.values())
    weighs = terms.metric in ("val_loss", "loss")  # the terms
    if (weighs and objective) or (terms.measured.by_objective and likelihood):
        instead = "metric=mse" if likelihood else "metric=val_reconstruction or metric=mse"
        key = (likelihood or objective)[0]
        notes.append(f"with another {key} {terms.metric} is another measure; compare by {instead}")
    if task:
        notes.append(f"with another {task[0]} the trials have other data or another task")
    return notes


def _searched(terms: Terms, keys: list[str]) -> list[str]:
    """The keys, those first that are searched themselves and not brought along by an option."""
    searched = [
        param.key
        for param in terms.params
        if any(key == param.key or key.startswith(f"{param.key}.") for key in keys)
    ]
    return [*searched, *(key for key in keys if key not in searched)]


def close(study: Study, save: str | None) -> bool:
    """Write best.yaml and the figures and say where; False where nothing came of any trial."""
    journal = study.journal()
    states = Counter(trial.state.name for trial in journal.trials)
    named = {"COMPLETE": "completed", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "elsewhere"}
    counts = ", ".join(f"{states[key]} {word}" for key, word in named.items() if states[key])
    print(f"tune    {journal.finished} of {study.total} trials: {counts or 'none'}")
    ranked = journal.ranked
    if not ranked:
        return states["RUNNING"] > 0
    params, best = study.terms.params, ranked[0]
    rows = [
        [str(t.number), f"{t.value:.6g}", *(space.shown(p, t.params[p.key]) for p in params)]
        for t in ranked[:SHOWN]
    ]
    show_table(["trial", study.terms.metric, *(param.key for param in params)], rows)
    with study.held():
        write_text(study.best_file, tune_best.experiment(study, best, save or "best"))
    lines = {
        "best": f"trial {best.number}: {study.terms.metric} {best.value:.6g}   "
        + space.line(params, best.params),
        "run": str(study.trial_folder(best.number)),
        "yaml": str(study.best_file),
        "figures": f"{', '.join(_figures(study))}   in {study.figures}",
        "next": _next(study, save, best, states["RUNNING"]),
    }
    print("\n".join(f"{key:7} {text}" for key, text in lines.items()))
    return True


def _figures(study: Study) -> list[str]:
    from aecli.tuning import figures

    with study.held(), look.of(study.terms.bases[0].config).used():
        return figures.draw(study)


def _next(study: Study, save: str | None, best, running: int) -> str:
    """What to type; writes the experiment's YAML where that was asked for."""
    if save is None or running:
        wait = "when the others are done: " if running else ""
        return wait + typed.command("tune", study=study.folder, save=save or "NAME")
    path = tune_best.path_of(save)
    if not tune_best.save(tune_best.experiment(study, best, save), path):
        return f"{path} is there already and was left alone"
    return f"aecli train experiment={save}    {path}"
