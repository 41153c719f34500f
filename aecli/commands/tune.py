"""aecli tune: a search by Optuna, each trial a training in a process of its own."""

import pathlib
import time

from aecli import typed
from aecli.console.arguments import Arguments
from aecli.errors import BadRequest, Interrupted, RunFailed
from aecli.files import made_folder, unique_folder
from aecli.jobs import warm
from aecli.locking import locked
from aecli.training.signals import Signals
from aecli.tuning import best, compose, engine, report, studies
from aecli.tuning import request as tune_request
from aecli.tuning.request import SETTINGS, Request
from aecli.tuning.studies import LOCK, Study
from aecli.tuning.terms import Terms


def run(arguments: Arguments) -> int:
    """The whole command; several of them may share one study.

    Raises BadRequest before anything is written, Interrupted by a signal, RunFailed where no trial
    was completed.
    """
    request = tune_request.read(arguments)
    engine.require()
    if request.settings.save is not None:
        best.check_free(request.settings.save)
    with Signals():
        study = _study(request)
        if study.total > 1:
            warm.get_ready(study.terms.bases[0].config, request.settings.gpus)
        print(report.opening(study, request.settings.n_jobs), flush=True)
        try:
            _search(study, request)
        except Interrupted as stop:
            go_on = typed.command("tune", study=study.folder)
            text = f"interrupted: {study.folder} is saved\ngo on: {go_on}"
            raise Interrupted(stop.signum, text) from None
        if not report.close(study, request.settings.save):
            raise RunFailed("no trial was completed\nwhat they said: trials/*/console.txt in it")
    return 0


def _search(study: Study, request: Request) -> None:
    from aecli.tuning.search import Search

    Search(study).carry_out(request.settings.n_jobs, request.settings.gpus)


def _study(request: Request) -> Study:
    """The one to go on with, or a new one."""
    path = request.study
    if path is not None and (_is_study(path) or not request.searches):
        return _wanted(studies.find(path, request.outputs), request)
    if path is not None and pathlib.Path(path).is_dir() and any(pathlib.Path(path).iterdir()):
        raise BadRequest(f"study={path} is a folder of something else: it has no {studies.FILE}")
    terms = compose.compose(request)
    folder = _folder(request, terms)
    with locked(folder, LOCK, wait=True):
        if not (folder / studies.FILE).exists():
            study = Study(folder, terms, request.settings.n_trials)
            studies.write(study)
            return study
    return _wanted(studies.find(folder), request)  # of the same command, started beside this one


def _is_study(path: str) -> bool:
    return path == "latest" or pathlib.Path(path, studies.FILE).is_file()


def _wanted(study: Study, request: Request) -> Study:
    """A study that is there, if what is asked is the same search; with the number of trials."""
    settings = {key: request.settings[key] for key in SETTINGS if key in request.stated}
    study.terms.check_same(request.fixed, request.params, settings)
    if "n_trials" not in request.stated:
        return study
    with study.held():
        return study.wanting(max(request.settings.n_trials, len(study.journal().trials)))


def _folder(request: Request, terms: Terms) -> pathlib.Path:
    choices, path = terms.bases[0].choices, request.study
    name = f"%Y-%m-%d/%H-%M-%S_tune_{choices['model']}_{choices['dataset']}"
    if path is None:
        return unique_folder(pathlib.Path(request.outputs) / time.strftime(name))
    return made_folder(pathlib.Path(path))
