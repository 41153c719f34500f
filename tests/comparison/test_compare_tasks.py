"""aecli compare by=task: which figures stand together, and when one may be called the best."""

import pytest
from compared import Maker, product

from aecli.comparison.interval import Summary
from aecli.comparison.tasks import leader


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
