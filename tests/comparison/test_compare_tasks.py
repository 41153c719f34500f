"""aecli compare by=task: which figures stand together, and when one may be called the best."""

import math

import numpy as np
import pytest
from compared import Maker, product

from aecli.comparison.interval import Summary
from aecli.comparison.tasks import leader
from aecli.comparison.telling import Measured, images_needed
from aecli.quantity import Quantity, beside


def summaries(*pairs):
    return [Summary(mean, half, 3) for mean, half in pairs]


@pytest.mark.parametrize(
    ("pairs", "lowest", "highest"),
    [
        (((1.0, 0.4), (2.0, 0.5), (4.0, 0.1)), 0, 2),
        (((1.0, 0.6), (2.0, 0.5), (2.2, 0.1)), None, None),  # the intervals overlap
        (((1.0, 0.5), (2.0, 0.5)), None, None),  # and here they touch
        (((1.0, None), (9.0, 0.1)), None, None),  # of one seed: how sure is not known
        (((None, None), (9.0, 0.1)), None, None),  # nobody to be better than
        (((None, None), (9.0, 0.1), (7.0, 0.1)), 2, 1),
    ],
)
def test_the_best_is_one_whose_interval_overlaps_with_no_other(pairs, lowest, highest):
    assert leader(summaries(*pairs), higher=False) == lowest
    assert leader(summaries(*pairs), higher=True) == highest


def test_a_table_for_each_task(tmp_path, typed):
    jobs = product(model__latent_dim=[2, 8], seed=[0, 1])
    values = [
        {"val_loss": 3.0, "mse": mse, "knn_accuracy": 0.5, "elbo": elbo, "code_units": 2}
        for mse, elbo in ((0.3, None), (0.301, None), (0.1, -9.0), (0.101, -9.1))
    ]
    sweep = Maker(tmp_path).sweep(jobs, values, "03-04-05_sweep")
    code, said = typed("compare", "by=task", "draw=false")
    assert code == 0, said
    lines = said.splitlines()
    sections = [name for name in ("reconstruction", "likelihood", "codes") if name in lines]
    assert sections == ["reconstruction", "likelihood", "codes"]
    (tables,) = sweep.glob("compare/*/tasks.md")
    text = tables.read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    rows = [row for row in rows if row]
    assert rows[0] == ["model.latent_dim", "seeds", "mse v"]
    marked = [row[2] for row in rows if len(row) == 3 and row[2].endswith("*")]
    assert len(marked) == 1
    assert marked[0].startswith("0.1005")
    assert "code_units" not in text  # no merit
    assert typed("compare", "by=tusk")[0] == 2


# ---- how many images tell two runs apart ---------------------------------------------------------


def test_as_many_images_are_needed_as_make_the_difference_two_errors():
    first, second = Measured(1.0, 0.3, 500), Measured(2.0, 0.4, 500)
    needed = images_needed(first, second)
    at_so_many = math.sqrt((0.3**2 + 0.4**2) * 500 / needed)
    assert 2 * at_so_many == pytest.approx(1.0)
    assert images_needed(second, first) == needed
    assert images_needed(Measured(1.0, 0.3 / 2, 2000), second) == pytest.approx(needed)
    assert images_needed(first, first) == math.inf


def test_of_means_so_many_are_enough_as_often_as_is_said():
    """Two errors: the difference itself is as often above as below them."""
    rng, n = np.random.default_rng(0), 400
    needed = round(images_needed(Measured(0.0, 1 / math.sqrt(n), n), Measured(0.2, 0.05, n)))
    assert needed == 200
    a, b = rng.normal(size=(2, 2000, needed))
    gaps = (b + 0.2).mean(axis=1) - a.mean(axis=1)
    assert np.mean(gaps > 2 * math.sqrt(2 / needed)) == pytest.approx(0.5, abs=0.03)


def kid(value, error, network="0a1b2c3d"):
    about = Quantity("", "lower", f"less than {error} is better; of the features {network} alone")
    figures = {"kid": value, "kid_se": error, "images_compared": 5000}
    return {"val_loss": 1.0, **figures, **beside({"kid": about})}


def below(tmp_path, typed, values, jobs):
    sweep = Maker(tmp_path).sweep(jobs, values, "03-04-05_sweep")
    code, said = typed("compare", "by=task", "draw=false")
    assert code == 0, said
    (tables,) = sweep.glob("compare/*/tasks.md")
    lines = [line for line in said.splitlines() if "kid" in line and " and " in line]
    assert all(f"- {line}\n" in tables.read_text() for line in lines)
    return lines


def test_runs_that_follow_each_other_are_told_apart_below_the_table(tmp_path, typed):
    values = [kid(0.5, 0.03), kid(0.1, 0.04), kid(0.103, 0.03), kid(0.9, 0.1, "ffffffff")]
    assert below(tmp_path, typed, values, product(model__latent_dim=[2, 4, 8, 16])) == [
        "4 and 8 differ in kid by 0.003 (s.e. 0.05): too little for 5,000 images to show",
        "8 and 2 differ in kid by 0.397 (s.e. 0.042): about 230 images of each would tell them "
        "apart",
        "2 and 16: kid is of two networks' features, and not to be compared",
    ]


def test_of_several_seeds_their_interval_tells(tmp_path, typed):
    values = [kid(0.5, 0.03), kid(0.1, 0.04), kid(0.2, 0.03), kid(0.9, 0.1)]
    jobs = product(model__latent_dim=[2, 4], seed=[0, 1])
    assert below(tmp_path, typed, values, jobs) == []


def test_bounds_under_other_likelihoods_have_no_best(tmp_path, typed):
    jobs = product(model=["vae", "sigma_vae"], seed=[0, 1])
    values = [
        {"val_loss": 3.0, "mse": mse, "elbo": elbo}
        for mse, elbo in ((0.3, -90.0), (0.301, -90.1), (0.1, 400.0), (0.101, 400.1))
    ]
    sweep = Maker(tmp_path).sweep(jobs, values, "03-04-05_sweep")
    code, said = typed("compare", "by=task", "draw=false")
    assert code == 0, said
    (tables,) = sweep.glob("compare/*/tasks.md")
    text = tables.read_text()
    (mse,) = [
        line for line in text.splitlines() if line.startswith("| sigma_vae") and "0.10" in line
    ]
    (elbo,) = [
        line for line in text.splitlines() if line.startswith("| sigma_vae") and "400" in line
    ]
    assert "*" in mse
    assert "*" not in elbo
    assert "no best of elbo: under another loss" in text
    assert "no best of elbo: under another loss" in said


def test_a_bound_given_the_label_is_another_quantity(tmp_path, typed):
    jobs = product(model=["vae", "cvae"], seed=[0, 1])
    values = [{"val_loss": 3.0, "elbo": elbo} for elbo in (-90.0, -90.1, -80.0, -80.1)]
    Maker(tmp_path).sweep(jobs, values, "03-04-05_sweep")
    code, said = typed("compare", "by=task", "draw=false")
    assert code == 0, said
    assert "no best of elbo: under another model.condition" in said
    assert "-80.0" in said
    assert "*" not in said.split("likelihood")[1].split("no best")[0]


def test_a_players_optimizer_goes_with_its_model(tmp_path, typed):
    jobs = product(model=["ae", "aae"], seed=[0])
    Maker(tmp_path).sweep(jobs, [{"val_loss": 3.0, "mse": 0.1}] * 2, "03-04-05_sweep")
    code, said = typed("compare", "draw=false")
    assert code == 0, said
    head = next(line for line in said.splitlines() if line.startswith("model"))
    assert "critic_optimizer" not in head
