"""Rows, their order, what is told beside them, and the files; on made-up runs."""

import csv
import io
import json

import pytest
from compared import Maker, product, source

from aecli.comparison import leaderboard_of_sweep, report
from aecli.comparison.leaderboard import leaderboard
from aecli.errors import BadRequest

SIZES = product(model__latent_dim=[2, 8, 32])


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def losses(*values):
    return [{"val_loss": value, "mse": value / 100, "psnr": 40 - value} for value in values]


def order(board):
    return [row.values[0] for row in board.rows]


def test_the_best_comes_first(maker):
    folder = source(maker.sweep(SIZES, losses(30.0, 10.0, 20.0)))
    assert order(leaderboard(folder)) == [8, 32, 2]
    assert order(leaderboard(folder, "mse")) == [8, 32, 2]
    assert order(leaderboard(folder, "psnr")) == [8, 32, 2]
    assert leaderboard(folder).metric == "val_loss"


def test_of_psnr_more_is_better(maker):
    values = [{"val_loss": 1.0, "psnr": p} for p in (10.0, 30.0, 20.0)]
    board = maker.board(SIZES, values, "psnr")
    assert order(board) == [8, 32, 2]
    assert "by psnr (dB), higher is better" in report.headline(board)


def test_a_metric_that_only_some_have(maker):
    values = [{"val_loss": 3.0, "mse": None}, {"val_loss": 2.0}, {"val_loss": 1.0, "mse": 0.5}]
    board = maker.board(SIZES, values, "mse")
    assert order(board) == [32, 2, 8]
    assert [cells[2] for cells in report.table(board)[1]] == ["0.5", "-", "-"]


def test_the_units_are_known(maker):
    names = {"val_loss": 1.0, "loss": 1.0, "reconstruction": 1.0, "bce": 1.0, "own": 1.0}
    units = report.as_json(maker.board([[]], [names]))["units"]
    each = dict.fromkeys(["val_loss", "loss", "reconstruction"], "nats an image")
    assert units == {**each, "bce": "nats a pixel"}


def test_the_table_has_two_digits_of_the_interval(maker):
    jobs = product(model__latent_dim=[2, 8], seed=[0, 1])
    values = [{"val_loss": 30.0}, {"val_loss": 30.2}, {"val_loss": 20.0}, "failed: bad\nworse"]
    board = maker.board(jobs, values)
    headers, rows = report.table(board)
    assert headers == ["model.latent_dim", "seeds", "val_loss", "runs"]
    assert rows == [["8", "1", "20.0 ± -", "03"], ["2", "2", "30.1 ± 1.3", "01 02"]]
    assert report.headline(board).endswith("mean ± half the 95 % interval over seeds")


def test_nothing_is_dropped_in_silence(maker):
    jobs = product(model__latent_dim=[1, 2, 3, 4, 5, 6])
    values = [*losses(1.0), "failed: loss is\x1b[31m NaN\nmore", "queued", "queued", "interrupted",
              "running"]  # fmt: skip
    text = leaderboard_of_sweep(maker.sweep(jobs, values))
    assert text.splitlines()[-5:] == [
        "left out, 5 of 6 runs:",
        "  02  model.latent_dim=2  failed: loss is?[31m NaN",
        "  05  model.latent_dim=5  interrupted",
        "  06  model.latent_dim=6  killed",  # its process is gone
        "  queued: 03 04",
    ]


def test_the_same_run_twice_is_no_repetition(maker):
    first = maker.run(["seed=3"], {"val_loss": 5.0}, "first")
    second = maker.run(["seed=3"], {"val_loss": 5.0}, "second")
    other = maker.run(["seed=4"], {"val_loss": 7.0}, "third")
    board = leaderboard(source(second, first, other))
    (row,) = board.rows
    assert [record.entry.folder for record in row.records] == [second, other]
    assert row.summaries["val_loss"].n == 2
    assert f"{first}  repeated: {second} has the same settings and seed" in report.below(board)[-1]


def test_one_folder_by_two_names_is_one_run(maker):
    folder = maker.sweep(product(seed=[0, 1]), losses(1.0, 2.0))
    board = leaderboard(source(folder, folder / "01", f"{folder}/02/"))
    assert len(board.source.entries) == 2


@pytest.mark.parametrize(
    ("jobs", "why"),
    [
        (product(model=["vae"], model__beta=[1, 4]), "model.beta differs"),
        (product(model=["ae", "vae"]), "model differs"),
        (product(model=["sparse", "sparse_kl"]), "model.penalty, model.weight differ"),
        (product(loss=["mse", "gaussian"]), "loss differs"),
        (product(loss=["gaussian"], loss__stddev=["null", 0.1]), "loss.stddev differs"),
    ],
)
def test_different_losses_are_not_ranked_by_the_loss(maker, jobs, why):
    values = [{"val_loss": 1.0, "mse": 0.2}, {"val_loss": 2.0, "mse": 0.1}]
    folder = source(maker.sweep(jobs, values))
    board = leaderboard(folder)
    assert board.metric == "mse"
    assert [row.records[0].entry.label for row in board.rows] == ["02", "01"]
    assert (
        f"note: the losses are different quantities: {why}; sorted by mse" in report.below(board)[0]
    )
    asked = leaderboard(folder, "val_loss")
    assert [row.records[0].entry.label for row in asked.rows] == ["01", "02"]
    assert "read val_loss across them with care" in report.below(asked)[0]
    assert leaderboard(folder, "mse").notes == []


@pytest.mark.parametrize(
    "jobs",
    [
        product(model=["vae"], model__latent_dim=[2, 8]),
        product(model=["ae", "deep"]),
        product(network=["mlp", "conv"]),
        product(optimizer__learning_rate=[0.1, 0.2]),
        product(model=["vae"], model__warmup_epochs=[0, 5]),
        product(loss=["mse"], loss__activation=["linear", "sigmoid"]),
    ],
)
def test_one_loss_is_ranked_by_itself(maker, jobs):
    board = maker.board(jobs, losses(1.0, 2.0))
    assert (board.metric, board.notes) == ("val_loss", [])


@pytest.mark.parametrize("key", ["dataset.limit", "noise.stddev"])
def test_other_data_are_told(maker, key):
    board = maker.board([["noise=gaussian", f"{key}={n}"] for n in (1, 2)], losses(1.0, 2.0))
    assert board.notes == [f"{key} differs: the runs had other data or another task"]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("metrics.json", "{", "is damaged: it is not JSON"),
        ("metrics.json", "[1]", "does not hold the metrics of a run"),
        ("metrics.json", '{"a b": 1}', "a metric's name is no name"),
        ("metrics.json", "[" * 100_000, "metrics.json"),
        (".hydra/overrides.yaml", "a: 1", "is not a list of overrides"),
        (".hydra/overrides.yaml", "- !!python/object/apply:os.getcwd []", "are not taken"),
        (".hydra/config.yaml", "model: ${oc.env:HOME}", "stored config has values alone"),
    ],
)
def test_a_damaged_run_costs_itself_alone(maker, file, text, said):
    folder = maker.sweep(SIZES, losses(1.0, 2.0, 3.0))
    (folder / "02" / file).write_text(text)
    board = leaderboard(source(folder))
    assert order(board) == [2, 32]
    (left_out,) = board.left_out
    assert left_out.state == "unreadable"
    assert said in left_out.reason


def test_no_number_is_no_value(maker):
    folder = maker.sweep(SIZES, losses(1.0, 2.0, 3.0))
    odd = '{"mse": NaN, "psnr": "1", "bce": true, "loss": 1e999, "own": 2}'
    (folder / "02" / "metrics.json").write_text(odd)
    record = leaderboard(source(folder)).rows[1].records[0]
    empty = dict.fromkeys(["mse", "psnr", "bce", "loss"])
    assert record.metrics == {"val_loss": 2.0, **empty, "own": 2}


def test_csv_and_json_have_all_of_it(maker):
    jobs = product(network__widths=["[64,32]", "[16]"], seed=[0, 1])
    board = maker.board(jobs, [*losses(4.0, 6.0, 3.0), "failed: bad"])
    lines = list(csv.DictReader(io.StringIO(report.as_csv(board))))
    assert [line["network.widths"] for line in lines] == ["[16]", "[64, 32]"]
    assert [line["seeds"] for line in lines] == ["1", "2"]
    assert [line["val_loss"] for line in lines] == ["3.0", "5.0"]
    assert lines[0]["val_loss_ci95"] == ""
    assert float(lines[1]["val_loss_ci95"]) == pytest.approx(12.7062, rel=1e-5)
    plain = json.loads(json.dumps(report.as_json(board), allow_nan=False))
    first, second = plain["rows"]
    assert first["settings"] == {"network.widths": [16]}
    assert first["metrics"]["val_loss"] == {"mean": 3.0, "ci95": None, "values": [3.0]}
    assert second["seeds"] == [0, 1]
    assert second["metrics"]["mse"]["values"] == [0.04, 0.06]
    assert plain["left_out"] == [
        {"run": str(board.source.sweep / "04"), "state": "failed", "reason": "bad"}
    ]
    assert "differs" not in plain


@pytest.mark.parametrize(
    ("values", "metric", "said"),
    [
        (losses(1.0, 2.0, 3.0), "msee", "metric=msee .* can be val_loss, mse, psnr"),
        (["failed: x", "queued", "queued"], None, "no run is done .*: 1 failed, 2 queued"),
        ([{}, {}, {}], None, "no metrics to compare"),
    ],
)
def test_what_cannot_be_compared_is_said(maker, values, metric, said):
    with pytest.raises(BadRequest, match=said):
        maker.board(SIZES, values, metric)


def test_a_folder_of_runs(maker):
    maker.run(["model=ae"], {"val_loss": 5.0}, "a")
    maker.run(["model=vae"], {"val_loss": 5.0}, "b")
    board = leaderboard(source(maker.root))
    assert (len(board.rows), board.source.sweep) == (2, None)
    assert {record.stated for record in board.records} == {("model",)}
