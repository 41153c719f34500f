"""New codes for a run: of its model's prior, or of a density fitted to its training codes."""

import dataclasses
import json
import math

import numpy as np

from aecli.errors import BadRequest
from aecli.runs.run import Run
from aecli.samplers import kept
from aecli.samplers.base import Fitted, Sampler
from aecli.samplers.gmm import GMM
from aecli.training import state as states
from aecli.training import state_file

FOLDER = "samplers"
FORMAT = 1  # of what is kept; what is of another is fitted anew
VALUES = 2**26  # and numbers, of these images or of their codes


def new_codes(
    run: Run, n: int, seed: int, sampler: Sampler | None = None, label: int | None = None
) -> tuple[np.ndarray, str]:
    """n codes [n, *code_shape], and in words what they are drawn from.

    sampler: None for the model's own prior, or a mixture where it has none. Of a codebook it is one
    of choices; the codes are then what these stand for. label: of the training images that are
    fitted to, where not all are; a prior is the same for all. Whatever shows new codes of a run
    asks here, so that commands, figures and metrics show one distribution.
    """
    if sampler is None and run.model.has_prior:
        return np.asarray(run.model.sample_prior(n, seed)), "the prior"
    sampler = sampler or GMM()
    run.model.check_has_density(sampler.of_choices)
    fitted = fitted_to(run, sampler, label)
    codes = fitted.sample(n, seed)
    return np.asarray(run.model.look_up(codes)) if sampler.of_choices else codes, fitted.origin


def fitted_to(run: Run, sampler: Sampler, label: int | None = None) -> Fitted:
    """The sampler fitted to the training codes of a run: as it is kept there, or anew.

    It is kept in samplers/<kind>/, but of a pack, and fits as long as weights and settings are the
    same. Raises
    NotApplicable where there are too few codes, BadRequest, CannotWrite.
    """
    kind = type(sampler).__name__.lower()
    name = "all" if label is None else f"label_{label}"
    path, key = run.folder / FOLDER / kind / f"{name}.npz", _key(run, sampler)
    model = run.model
    of = (model.stored_shape, model.codebook_size) if sampler.of_choices else (model.code_shape, 0)
    fitted = kept.read(path, sampler, tuple(of[0]), key, of[1])
    if fitted is None:
        codes = training_codes(run, sampler, label)
        fitted = sampler.fit(codes, of[1]) if of[1] else sampler.fit(codes)
        if not run.is_packed:
            kept.write(path, fitted, key)
    return fitted


def _key(run: Run, sampler: Sampler) -> bytes:
    """SHA-256 of the model's weights, of which class the sampler is, and its settings."""
    kind = type(sampler)
    settings = [FORMAT, kind.__module__, kind.__qualname__, dataclasses.asdict(sampler)]
    weights = states.named(run.model.variables)
    return bytes.fromhex(state_file.digest(weights, json.dumps(settings)))


def training_codes(run: Run, sampler: Sampler, label: int | None = None) -> np.ndarray:
    """[N, *code_shape] of images at random, the same at every call; where codes are random, draws.

    For a sampler of choices their numbers, [N, *stored_shape] int32, the likeliest ones. The images
    are the run's own, whatever others a command shows.
    """
    own = Run(run.folder) if run.data_are_stated or run.noise_is_stated else run
    model = run.model
    most = VALUES // max(math.prod(model.code_shape), math.prod(model.data_shape))
    x, _, labels = own.examples("train", n=max(1, min(sampler.rows, most)), random=True)
    if label is not None:
        if labels is None or not len(chosen := np.flatnonzero(labels == label)):
            raise BadRequest(f"label={label}: no training image has it")
        x, labels = x[chosen], labels[chosen]
    if sampler.of_choices:
        return model.encode_indices(x, labels)
    return model.encode(x, 0 if model.has_random_codes else None, labels)
