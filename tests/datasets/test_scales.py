"""dataset.scale of tables is scikit-learn's, gaps apart, and is undone to the same rows."""

import importlib.util
import json

import numpy as np
import pytest
from refusals import WHOLE, write
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler

from aecli.datasets import learnt_file
from aecli.datasets.table import Table
from aecli.errors import BadRequest

SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "robust": RobustScaler(),
    "quantile": QuantileTransformer(n_quantiles=256),
}


def rows(n=700) -> np.ndarray:
    """Skewed, with many equal values, constant, and with gaps."""
    rng = np.random.default_rng(0)
    x = np.stack([rng.gamma(1, 50, n), rng.poisson(1.5, n), np.full(n, 7), rng.normal(-3, 0.1, n)])
    x[3, ::9] = np.nan
    return x.T.astype("float32")


@pytest.fixture(params=SCALERS)
def scaled(request, tmp_path):
    """(name, rows, the splits' rows in the file's order, what was learnt)"""
    x = rows()
    text = "a,b,c,d\n" + "\n".join(",".join(map(str, row)) for row in x.tolist())
    data = Table(path=write(tmp_path, "a.csv", text), scale=request.param, missing="mean", **WHOLE)
    splits = data.load()
    return request.param, x, splits.train.x[np.argsort(splits.train.ids)], splits.learnt


def test_as_scikit_learn_has_it(scaled):
    name, x, found, _ = scaled
    scaler = SCALERS[name].fit(x.astype("float64"))
    filled = np.where(np.isnan(x), np.nanmean(x.astype("float64"), axis=0).astype("float32"), x)
    expected = scaler.transform(filled.astype("float64"))
    np.testing.assert_allclose(found[:, 0, :, 0], expected, atol=3e-5, rtol=1e-5)


def test_rows_come_back(scaled):
    name, x, found, learnt = scaled
    back = learnt.unscaled(found)[:, 0, :, 0]
    there = ~np.isnan(x)
    there[:, 1] &= name != "quantile"  # of equal values, one share stands for all
    np.testing.assert_allclose(back[there], x[there], rtol=1e-4, atol=1e-4)


def test_what_was_learnt_survives_its_file(scaled):
    _, _, found, learnt = scaled
    again = learnt_file.from_plain(json.loads(json.dumps(learnt_file.plain(learnt))), "a file")
    np.testing.assert_array_equal(again.unscaled(found), learnt.unscaled(found))


def test_the_layers_give_the_same(scaled):
    from aecli.io import parts  # TensorFlow

    _, x, found, learnt = scaled
    np.testing.assert_allclose(parts.prepared(x, learnt), found, atol=1e-5, rtol=1e-5)
    undone = learnt.unscaled(found)[:, 0, :, 0]
    np.testing.assert_allclose(parts.raw(found, learnt), undone, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_other_programs_give_the_same_quantiles(format, tmp_path):
    import keras

    from aecli.io import formats, parts  # TensorFlow

    kind = formats.FORMATS[format]
    if not all(importlib.util.find_spec(package) for package in kind.packages):
        pytest.skip("pip install 'aecli[export]'")
    text = "a,b,k\n" + "".join(f"{a},{b},{'uvw'[int(b) % 3]}\n" for a, b, *_ in rows(100))
    data = Table(path=write(tmp_path, "a.csv", text), scale="quantile", **WHOLE)
    splits = data.load()
    found, learnt = splits.train.x, splits.learnt
    x = learnt.unscaled(found)[:, 0, :, 0]
    inputs = keras.Input((3,))
    scaled = parts.prepared(inputs, learnt)
    for name, output, wanted in (
        ("there", scaled, found),
        ("back", parts.raw(scaled, learnt), learnt.unscaled(found)[:, 0, :, 0]),
    ):
        model = keras.Model(inputs, output)
        model(x[:1])
        path = tmp_path / f"{name}{kind.suffix}"
        with formats.quietly(), formats.working_in(tmp_path):
            kind.write(model, path)
        made = kind.open(path)(x)
        np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [{"knots": [1.0]}, {"at": [0.5, 1, 2, 3]}, {"at": [0, 1, 2, 9]}, {"at": []}, {"knots": []}],
)
def test_damaged_quantiles_are_refused(change, tmp_path):
    text = "a,b,c,d\n1,2,3,4\n2,3,4,5\n"
    data = Table(path=write(tmp_path, "a.csv", text), scale="quantile", **WHOLE)
    plain = learnt_file.plain(data.load().learnt)
    plain["scaling"] |= change
    with pytest.raises(BadRequest, match="damaged: scaling"):
        learnt_file.from_plain(plain, "a file")
    plain["scaling"] = {"at": [0.0, 1.0, 2.0, 3.0], "knots": [2.0] * 4 + [1.0] * 4}
    with pytest.raises(BadRequest, match="damaged: scaling"):
        learnt_file.from_plain(plain, "a file")
