"""Which settings change what is measured: asked of the classes, and one answer for all commands."""

import collections
import inspect

import numpy as np
import pytest
import tensorflow as tf
from compared import Maker, product, source
from omegaconf import OmegaConf
from options import SMALL_IMAGES, contents, options

from aecli import build, targets
from aecli.comparison import measure, report
from aecli.comparison.leaderboard import leaderboard
from aecli.comparison.values import flatten
from aecli.console.arguments import parse
from aecli.errors import BadRequest
from aecli.runs import Run, quantities
from aecli.tuning import compose as tune_terms
from aecli.tuning import report as tune_report
from aecli.tuning import request as tune_request
from aecli.tuning.studies import Study

FILTERS = {"conv": ["network.filters=[8,4]"], "mixed": ["loss.numbers=student_t"], **SMALL_IMAGES}


def plain(config) -> dict:
    return OmegaConf.to_container(config, resolve=True)


# ---- what the classes say ------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["model", "loss", "noise", "dataset"])
def test_a_class_names_settings_that_it_has(group):
    for option in options(group):
        if target := contents(group, option).get("_target_"):
            found = targets.checked({"_target_": target}, group)
            named = {n for base in found.__mro__ for n in vars(base).get("keeps_measure", ())}
            assert named <= set(inspect.signature(found).parameters), option


def as_it_is(step):
    return step


@pytest.mark.parametrize("group", [pytest.param("model", marks=pytest.mark.slow), "loss"])
def test_what_classes_say_of_their_numbers_is_so(compose, images, group, monkeypatch):
    """With the same weights val_loss is another number just where a setting is not kept."""
    monkeypatch.setattr(tf, "function", lambda step=as_it_is, **options: step)  # no time for graphs
    changes = collections.defaultdict(set)
    for option in options(group):
        words = [f"{group}={option}", *FILTERS.get(option, [])]
        config = plain(compose(*words))
        kept, target = measure.kept(config), config[group]["_target_"]
        numbers = {k: v for k, v in config[group].items() if type(v) in (int, float)}
        numbers = {k: v for k, v in numbers.items() if True not in changes[target, f"{group}.{k}"]}
        if not numbers.keys() - {"latent_dim"}:
            continue
        first = build.model(compose(*words), (8, 8, 1), 3)
        label = None if first.label_count is None else np.arange(7) % 3
        before = first.score(images[:7], label=label)["loss"].mean()
        for name, value in numbers.items():
            key = f"{group}.{name}"
            try:
                second = build.model(compose(*words, f"{key}={2 * value or 3}"), (8, 8, 1), 3)
            except BadRequest:  # this model has one value of it alone
                continue
            try:
                second.set_weights(first.get_weights())
            except ValueError:  # another architecture: there are no same weights
                continue
            after = second.score(images[:7], label=label)["loss"].mean()
            if key in kept:
                assert after == pytest.approx(before, rel=1e-6), key
            else:
                changes[target, key].add(after != pytest.approx(before, rel=1e-6))
    assert True in set.union(*changes.values())
    silent = [place for place, found in changes.items() if found == {False}]
    assert not silent, "they change nothing: name them in keeps_measure"


MINE = """
import dataclasses
from typing import ClassVar
from aecli.component import Component
from aecli.models.vae import VAE

@dataclasses.dataclass(frozen=True, kw_only=True)
class Ramp(Component):
    keeps_measure: ClassVar[tuple[str, ...]] = ("epochs",)
    weight: float = 1.0
    epochs: int = 5

class Factor(VAE):
    keeps_measure = ("critic_widths",)

    gamma: float = 1.0
    critic_widths: list = []
    ramp: Ramp = Ramp()
"""


def test_a_plug_in_s_own_settings_are_known(tmp_path, monkeypatch):
    (tmp_path / "my_factor.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))

    def config(**settings):
        ramp = {"_target_": "my_factor.Ramp", "weight": 1.0, "epochs": 5}
        ramp |= settings.pop("ramp", {})
        node = {"latent_dim": 2, "beta": 1.0, "gamma": 1.0, "critic_widths": [9], "ramp": ramp}
        return {"model": {"_target_": "my_factor.Factor"} | node | settings, "seed": 0}

    def changing(**settings):
        both = [config(), config(**settings)]
        found = [flatten(one) for one in both], [measure.kept(one) for one in both]
        return measure.changing(*found, measure.OBJECTIVE)

    assert changing(latent_dim=3) == ["model.latent_dim"]  # nobody may ask the class
    monkeypatch.setenv("AECLI_PLUGINS", "my_factor")
    assert changing(latent_dim=3, critic_widths=[9, 9], ramp={"epochs": 7}) == []
    assert changing(gamma=2.0, ramp={"weight": 2.0}) == ["model.gamma", "model.ramp.weight"]
    assert changing(_target_="aecli.models.vae.VAE") == ["model"]


# ---- what the commands make of it ----------------------------------------------------------------

CASES = [  # words of all, the setting that varies, what changes the objective, and the task
    (["model=vae"], ("model.beta", 1, 4), ["model.beta"], []),
    (["model=vae"], ("model.epsilon_std", 1, 0.5), ["model.epsilon_std"], []),
    (["model=vae"], ("model.warmup_epochs", 0, 5), [], []),
    ([], ("model", "ae", "deep"), [], []),
    ([], ("model", "ae", "vae"), ["model"], []),
    (["loss=mse"], ("loss.activation", "linear", "sigmoid"), [], []),
    (["loss=gaussian"], ("loss.stddev", "null", 0.1), ["loss.stddev"], []),
    ([], ("loss", "mse", "mae"), ["loss"], []),
    (["noise=gaussian"], ("noise.stddev", 0.1, 0.2), [], ["noise.stddev"]),
    ([], ("dataset.binarize", "none", "threshold"), [], ["dataset.binarize"]),
    ([], ("seed", 1, 2), [], []),
    ([], ("network", "mlp", "conv"), [], []),
]


@pytest.mark.parametrize(("words", "varied", "objective", "task"), CASES)
def test_classes_and_runs_of_before_give_one_answer(compose, words, varied, objective, task):
    key, *values = varied
    configs = [plain(compose(*words, f"{key}={value}")) for value in values]
    leaves = [flatten(config) for config in configs]
    inside = tuple(f"{key}." for key in objective)
    for kept in ([measure.kept(config) for config in configs], [quantities.kept({})] * 2):
        found = measure.changing(leaves, kept, measure.OBJECTIVE)
        assert [key for key in found if not key.startswith(inside)] == objective
        assert measure.changing(leaves, kept, measure.TASK) == task


VAE = ["model=vae", "model.latent_dim=2,3"]


@pytest.mark.parametrize(
    ("metric", "words", "said"),
    [
        (
            "val_loss",
            [*VAE, "model.warmup_epochs=0,5", "model.beta=1,4"],
            [
                "with another model.beta val_loss is another measure; "
                "compare by metric=val_reconstruction or metric=mse"
            ],
        ),
        ("val_loss", ["model=ae,deep", "loss=mse", "loss.activation=linear,sigmoid"], []),
        (
            "val_reconstruction",
            [*VAE, "model.beta=1,4", "loss=gaussian", "loss.stddev=0.1,0.2"],
            [
                "with another loss.stddev val_reconstruction is another measure; "
                "compare by metric=mse"
            ],
        ),
        ("val_reconstruction", [*VAE, "model.beta=1,4"], []),
        (
            "mse",
            ["loss=mse,mae", "noise=gaussian,masking"],
            ["with another noise the trials have other data or another task"],
        ),
    ],
)
def test_a_search_says_what_its_metric_cannot_tell(tmp_path, metric, words, said):
    request = tune_request.read(parse("tune", [f"metric={metric}", *words]))
    opening = tune_report.opening(Study(tmp_path, tune_terms.compose(request), 2), 1)
    found = [line for line in opening.splitlines() if line.startswith("note")]
    assert found == [f"note    {text}" for text in said]


def test_a_comparison_goes_by_what_the_runs_say(tmp_path):
    maker = Maker(tmp_path)
    jobs = product(model=["vae"], model__beta=[1, 4])
    folder = maker.sweep(jobs, [{"val_loss": 1.0, "mse": 0.2}, {"val_loss": 2.0, "mse": 0.1}])
    assert leaderboard(source(folder)).loss_differs_by == ["model.beta"]
    for job, kept in (("01", ["model.beta"]), ("02", [])):
        Run(folder / job).update_status(keeps_measure=kept)
    assert leaderboard(source(folder)).metric == "mse"  # one of them does not say so
    Run(folder / "02").update_status(keeps_measure=["model"])
    board = leaderboard(source(folder))
    assert (board.metric, board.loss_differs_by, board.notes) == ("val_loss", [], [])


def test_a_setting_that_happens_to_equal_the_seed_is_none(tmp_path):
    jobs = [["model=vae", f"model.beta={n}", f"seed={n}"] for n in (1, 4)]
    board = Maker(tmp_path).board(
        jobs, [{"val_loss": 1.0, "mse": 0.2}, {"val_loss": 2.0, "mse": 1.0}]
    )
    assert ([s.key for s in board.settings], board.metric) == (["model.beta"], "mse")


def test_which_figures_another_objective_leaves_alone(tmp_path):
    """With other losses mse and ssim are compared as they are, and bounds with care."""
    maker = Maker(tmp_path)
    values = {"val_loss": 1.0, "iw_elbo": -2.0, "mse": 0.2, "ssim": 0.5, "own": 1.0}
    folder = maker.sweep(product(loss=["mse", "mae"]), [values, values])
    about = {"ssim": {"unit": "", "better": "higher", "meaning": "", "by_objective": False}}
    careful = {"val_loss": True, "iw_elbo": True, "mse": False, "ssim": True, "own": True}
    for names in (careful, careful | {"ssim": False}):  # at first as runs of before: without about
        for name, told in names.items():
            notes = report.below(leaderboard(source(folder), name))
            assert any("with care" in note for note in notes) == told, name
        for job in ("01", "02"):
            stated = {"iw_elbo": {"by_objective": True}, "mse": {"by_objective": False}, **about}
            write_about(folder / job, stated)


def write_about(folder, about):
    from aecli.files import write_json
    from aecli.untrusted import tables

    values = tables.read_metrics(folder / "metrics.json")
    write_json(folder / "metrics.json", values | {"about": about})
