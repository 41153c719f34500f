"""What a number measures is said by what gives it, stored with the run, and never guessed."""

import json

import pytest
from compared import Maker, product, source
from figures_run import digits_run, table_run, with_history
from options import contents, options

from aecli import build, dispatch, runs, targets
from aecli.comparison import report
from aecli.comparison.leaderboard import leaderboard
from aecli.console.arguments import parse
from aecli.direction import is_higher_better
from aecli.errors import BadRequest
from aecli.figures.loss_curve import LossCurve
from aecli.files import write_json
from aecli.metrics.base import Metric, stated
from aecli.metrics.pixels import Pixels
from aecli.models.vae import VAE
from aecli.page.of_run import page
from aecli.quantity import HIGHER, Quantity, beside, plain
from aecli.runs import quantities
from aecli.tuning import compose as tune_terms
from aecli.tuning import current_trial, request, studies
from aecli.untrusted import tables

SINCE = {  # metrics that came with words for what they give
    "beta_vae_score", "codebook", "dci", "dependence", "dictionary", "explicitness",
    "factor_vae_score", "irs", "mig", "modularity", "sap", "tokens",
}  # fmt: skip
CODES = Quantity("codes", HIGHER, "how many entries of the codebook are in use")
IMAGE, TABLE = (8, 8, 1), (1, 8, 1)


class Book(VAE):
    """With a diagnostic beside its terms."""

    about = {"perplexity": CODES}  # noqa: RUF012


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def about_of(option: str) -> dict[str, Quantity]:
    return targets.checked(contents("metrics", option), "metrics").about


# ---- who says it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("option", options("metrics"))
def test_runs_of_before_are_read_as_the_metric_says_today(option):
    for name, said in about_of(option).items():
        assert said.meaning, name
        assert not said.better or (said.better == HIGHER) == is_higher_better(name), name
        if option in SINCE:
            continue
        old = quantities.METRICS.get(name, Quantity(by_objective=said.by_objective))
        assert (old.unit, old.by_objective) == (said.unit, said.by_objective), name
        assert name not in quantities.METRICS or old.better == said.better, name


def test_a_model_says_it_of_its_loss_terms_and_diagnostics(compose):
    config = compose("model=vae")
    model = build.model(config, TABLE)
    assert {q.unit for q in model.quantities().values()} == {"nats an example"}
    nodes = {key: build.component(config[key], key) for key in ("network", "loss")}
    said = Book(
        data_shape=IMAGE, network=nodes["network"], reconstruction_loss=nodes["loss"]
    ).quantities()
    assert [(name, q.unit, q.better) for name, q in said.items()] == [
        ("loss", "nats an image", "lower"),
        ("reconstruction", "nats an image", "lower"),
        ("kl", "nats an image", "lower"),
        ("perplexity", "codes", "higher"),
    ]


def test_what_a_metric_is_silent_about_has_no_unit_and_errors_have_that_of_their_figure():
    class Own(Metric):
        about = {"reach": Quantity("nats an image", HIGHER, "how far")}  # noqa: RUF012

    figures = {"reach": 1.0, "reach_se": 0.1, "other": 2.0}
    evaluation = type("Evaluation", (), {"run": table_run()})
    said = stated(Own(), evaluation, figures)
    assert list(said) == ["reach", "reach_se"]
    assert {q.unit for q in said.values()} == {"nats an example"}
    assert (said["reach_se"].better, said["reach_se"].meaning) == (
        "",
        "the standard error of reach",
    )


# ---- who reads it --------------------------------------------------------------------------------


@pytest.fixture
def two(maker):
    """Runs of a model with a diagnostic, and with a metric of somebody's own."""
    values = [
        {"val_loss": 2.0, "perplexity": p, "sharpness": p, "mse": 0.5, "active_units": 3}
        for p in (8.0, 16.0)
    ]
    folder = maker.sweep(product(model=["vae"], model__latent_dim=[2, 4]), values)
    loss = Quantity("nats an image", "lower", "the loss", True)
    for job, value in zip(("01", "02"), values, strict=True):
        run = runs.Run(folder / job)
        run.update_status(columns=plain({"loss": loss, "perplexity": CODES}))
        about = {"perplexity": CODES, "sharpness": Quantity("m", "lower", "of an edge")}
        write_json(run.folder / "metrics.json", value | beside(about))
        (run.folder / "history.csv").write_text(
            "epoch,loss,val_loss,perplexity,val_perplexity\n1,3,2,7,8\n2,3,2,7,8\n"
        )
    return folder


def test_a_leaderboard_goes_by_what_is_said(two):
    board = leaderboard(source(two), "perplexity")
    assert [row.values[0] for row in board.rows] == [4, 2]
    assert "by perplexity (codes), higher is better" in report.headline(board)
    units = {"perplexity": "codes", "val_loss": "nats an image", "sharpness": "m"}
    assert report.as_json(board)["units"] == units
    assert [r.values[0] for r in leaderboard(source(two), "sharpness").rows] == [2, 4]
    assert "by active_units, higher is better" in report.headline(
        leaderboard(source(two), "active_units")
    )


def test_the_page_shows_it_and_the_loss_curve_draws_it(two):
    run = runs.Run(two / "01")
    tiles = {name: (unit, meaning) for name, _, unit, meaning in page(run).tiles}
    assert tiles["perplexity"] == ("codes", CODES.meaning)
    assert (tiles["sharpness"], tiles["mse"]) == (("m", "of an edge"), ("", ""))
    assert ("validation loss", "2 nats an image") in page(run).summary
    columns = run.history | {"kl": [1, 1], "val_kl": [1, 1]}
    fake = with_history(digits_run(), **columns)
    fake.status = run.status
    axes = LossCurve()(fake).axes
    assert axes[0].get_ylabel() == "loss (nats an image)"
    assert [ax.get_title() for ax in axes[1:]] == ["perplexity (codes)", "kl"]


def test_runs_of_before_have_the_units_of_then_and_no_wrong_ones(maker):
    values = {"val_loss": 1.0, "loss": 1.0, "mse": 0.1, "active_units": 3, "own": 1.0}
    run = runs.Run(maker.run(["model=vae"], values, "old"))
    tiles = {name: unit for name, _, unit, _ in page(run).tiles}
    units = {"loss": "nats an image", "mse": "a pixel", "active_units": "", "own": ""}
    assert tiles == units
    run.update_status(data_shape=list(TABLE))
    tiles = {name: unit for name, _, unit, _ in page(run).tiles}
    assert tiles == units | {"loss": "nats an example", "mse": "a value"}


def test_the_list_of_runs_has_the_unit_at_the_head_or_beside_each(maker, capsys):
    first = runs.Run(maker.run([], {"val_loss": 1.5}, "first"))
    words = [f"outputs={maker.root}"]
    assert dispatch.run("runs", words) == 0
    assert "val_loss (nats an image)\n" in capsys.readouterr().out
    maker.run([], {"val_loss": 2.5}, "second")
    first.update_status(columns=plain({"loss": Quantity("nats an example")}))
    assert dispatch.run("runs", words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("done")[-1].strip() for line in lines[1:3]] == [
        "1.5 nats an example",
        "2.5 nats an image",
    ]
    assert dispatch.run("runs", [*words, "json=true"]) == 0
    assert [run["unit"] for run in json.loads(capsys.readouterr().out)] == [
        "nats an example",
        "nats an image",
    ]


def test_what_a_stranger_says_steers_nothing(maker):
    run = runs.Run(maker.run([], {"val_loss": 1.0, "mse": 1.0}, "odd"))
    path = run.folder / "metrics.json"
    odd = {"unit": "\x1b[2J$x$", "better": "up", "meaning": ["a"], "more": 1, "by_objective": 3}
    write_json(path, {"mse": 1.0, "about": {"mse": odd, "a b": {}}})
    (tile,) = page(run).tiles
    assert tile == ("mse", "1", "?[2Jx", "")
    assert quantities.of_run(run, ["mse"])["mse"].better == ""
    for about in (3, [], {"mse": "nats"}):
        write_json(path, {"mse": 1.0, "about": about})
        with pytest.raises(BadRequest, match=r"metrics\.json\.about"):
            tables.read_about(path)
    run.update_status(columns=[1])
    assert run.status == {}  # as any damaged status


# ---- a search ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "direction", "reported"),
    [
        ("val_loss", "minimize", 7.0),
        ("val_kl", "minimize", 7.0),
        ("val_perplexity", "maximize", 7.0),  # the metric itself is watched
        ("odd_error", "maximize", -7.0),  # a loss is watched instead
        ("psnr", "maximize", -7.0),
        ("mse", "minimize", 7.0),
    ],
)
def test_a_search_goes_the_way_that_the_metric_says(
    tmp_path, monkeypatch, metric, direction, reported
):
    pytest.importorskip("optuna", reason="the search is Optuna's: pip install 'aecli[tune]'")
    monkeypatch.setattr(VAE, "about", {"perplexity": CODES})
    monkeypatch.setattr(Pixels, "about", Pixels.about | {"odd_error": CODES})
    words = [f"metric={metric}", "model=vae", "model.latent_dim=2,3"]
    terms = tune_terms.compose(request.read(parse("tune", words)))
    studies.write(studies.Study(tmp_path, terms, 2))
    study = studies.find(tmp_path)
    assert study.terms == terms
    assert study.terms.direction == direction
    study.journal().begin(terms.params, {"model.latent_dim": 2})
    current_trial.Reporter(study, 0, 4).report(1, 7.0)
    assert study.journal().trials[0].intermediate_values == {1: reported}
