"""Proofs carried out: which are asked for, in processes of their own, and what each found."""

import dataclasses
import functools
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from aecli.console import catalog as options
from aecli.console import quiet, suggest
from aecli.errors import BadRequest, RunFailed
from aecli.proofs import catalog
from aecli.proofs.base import Finding, Proof

INNER = ("posterior", "prior", "anneal")  # groups inside model=vae, whose options are tried there


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a proof; error: in one line, where it ended with one and found nothing."""

    subject: str
    what: str
    found: Finding | None
    seconds: float
    error: str = ""

    @property
    def holds(self) -> bool:
        return self.found is not None and self.found.holds


@dataclasses.dataclass(frozen=True)
class Group:
    """The proofs of a subject: of a file, or with `words`, those of any model, of that choice."""

    subject: str
    words: tuple[str, ...] = ()


def groups(names: list[str], config_dir: str | None = None) -> list[Group]:
    """What is to be proved: all there is, or what is named: models, subjects as "losses/mse".

    Of a model, the proofs of the file that its class is in, and those of any model; of a loss,
    those of any likelihood as well. Raises BadRequest for a name that is neither.
    """
    files = {subject: Group(subject) for subject in catalog.subjects()}
    models, losses = (options.options(group, config_dir) for group in ("model", "loss"))
    chosen = {option.name: [f"model={option.name}"] for option in models}
    chosen |= {f"losses/{option.name}": [f"loss={option.name}"] for option in losses}
    if not names:
        every = [*chosen.values(), *_inside(config_dir)]
        return [*files.values(), *(_generic(words) for words in every)]
    found: list[Group] = []
    for name in names:
        if name not in files and name not in chosen:
            near = suggest.nearest(name, [*chosen, *files])
            hint = f": did you mean '{near}'?" if near else ""
            raise BadRequest(
                f"unknown model '{name}'{hint}\nmodels as in aecli list model, or a subject as "
                f"{', '.join([*files][:3])}"
            )
        subject = name if "/" in name else _file_of(name, config_dir)
        found += [files[subject]] if subject in files else []
        found += [_generic(chosen[name])] if name in chosen else []
    return list(dict.fromkeys(found))


def _inside(config_dir: str | None) -> list[list[str]]:
    """The VAE with each posterior, prior and annealing but its own; a pair has its preset."""
    from aecli.console import subgroups

    return [
        ["model=vae", f"model/{group}={option.name}"]
        for group in INNER
        for option in options.options(f"model/{group}", config_dir)
        if option.name != subgroups.default_of(f"model/{group}") and option.partner is None
    ]


def _generic(words: list[str]) -> Group:
    return Group(" ".join(words), tuple(words))


def _file_of(model: str, config_dir: str | None) -> str:
    """models/iwae of miwae: the file that the class of a model is in."""
    from aecli.console.compose import composed

    target = composed("train", [f"model={model}"], config_dir).config.model.get("_target_", "")
    return f"models/{str(target).rpartition('.')[0].rpartition('.')[2]}"


def carried_out(
    wanted: list[Group], processes: int, config_dir: str | None = None
) -> Iterator[list[Outcome]]:
    """The outcomes of each group, in their order, from so many processes at once.

    Each is forked once TensorFlow is imported, and before it works; where this process had it
    before, nothing is forked.
    """
    was_there = "tensorflow" in sys.modules
    quiet.import_tensorflow_quietly(threads=1, wake=False)
    from aecli import models  # noqa: F401  # once for all processes

    carry_out = functools.partial(outcomes_of, config_dir=config_dir)
    can_fork = "fork" in multiprocessing.get_all_start_methods() and not was_there
    processes = min(processes, len(wanted))
    if processes < 2 or not can_fork:
        yield from map(carry_out, wanted)
        return
    forking = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, forking, initializer=quiet.wake_quietly) as pool:
        try:
            yield from pool.map(carry_out, wanted)
        except BrokenProcessPool:
            raise RunFailed("a process ended before its proofs did: out of memory?") from None
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def outcomes_of(group: Group, config_dir: str | None = None) -> list[Outcome]:
    """The outcomes of the proofs of a group, one after the other."""
    start = time.perf_counter()
    try:
        proofs = _proofs(group, config_dir)
    except Exception as error:
        what = "it is built" if group.words else "its proofs are read"
        return [Outcome(group.subject, what, None, time.perf_counter() - start, _line(error))]
    found = [outcome_of(proof) for proof in proofs]
    _forget()
    return found


def _proofs(group: Group, config_dir: str | None) -> list[Proof]:
    if not group.words:
        return catalog.proofs_of(group.subject)
    from aecli.proofs import generic, likelihood

    of_any = likelihood if group.words[0].startswith("loss=") else generic
    return of_any.proofs(group.subject, of_any.built([*group.words], config_dir))


def outcome_of(proof: Proof, find: Callable[[Proof], Finding] = Proof.find) -> Outcome:
    """The outcome of a proof; an error that it ends with is one, too."""
    start, found, error = time.perf_counter(), None, ""
    try:
        found = find(proof)
    except Exception as problem:
        error = _line(problem)
    return Outcome(proof.subject, proof.what, found, time.perf_counter() - start, error)


def _line(error: Exception) -> str:
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first[:160]}"


def _forget() -> None:
    import keras

    keras.backend.clear_session()
