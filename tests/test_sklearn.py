"""The estimators, as scikit-learn's own checks and a user of scikit-learn have them."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from aecli.errors import BadRequest, NotApplicable
from aecli.sklearn import AutoencoderDetector, AutoencoderTransformer

QUICK = {"epochs": 5, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    frame, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return frame.iloc[:120, :6], y[:120]


@pytest.mark.slow  # three minutes for both where the machine is shared, 40 s of processor time
@parametrize_with_checks([AutoencoderTransformer(epochs=20), AutoencoderDetector(epochs=20)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_a_frame_to_codes_and_back(table):
    frame, _ = table
    fitted = AutoencoderTransformer(latent_dim=6, epochs=300, random_state=0).fit(frame)
    codes = fitted.transform(frame)
    assert codes.shape == (120, 6)
    assert fitted.get_feature_names_out()[0] == "autoencodertransformer0"
    back = fitted.inverse_transform(codes)
    error = np.mean((back - frame.to_numpy()) ** 2, axis=0) / frame.to_numpy().var(axis=0)
    assert error.max() < 0.2  # of the variance, in each column's own unit
    assert fitted.loss_curve_[-1] < 0.3 * fitted.loss_curve_[0]
    named = fitted.set_output(transform="pandas").transform(frame)
    assert list(named.columns) == list(fitted.get_feature_names_out())
    with pytest.raises(ValueError, match="feature names"):
        fitted.transform(frame.rename(columns={"mean radius": "other"}))
    with pytest.raises(BadRequest, match="codes have 6 numbers each; got 2"):
        fitted.inverse_transform(codes[:, :2])


def test_the_same_seed_gives_the_same_whatever_was_fitted_between(table):
    frame, _ = table
    first, other = (AutoencoderTransformer(**QUICK).fit(frame) for _ in range(2))
    codes = first.transform(frame)
    AutoencoderTransformer(epochs=5, random_state=1).fit(frame)  # the same program, other weights
    np.testing.assert_array_equal(first.transform(frame), codes)
    np.testing.assert_array_equal(other.transform(frame), codes)
    drawn = [
        AutoencoderTransformer("vae", epochs=5, random_state=seed).fit(frame).transform(frame)
        for seed in (0, 1, 0)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert np.abs(drawn[0] - drawn[1]).max() > 0.01


def test_in_a_pipeline_and_a_search(table):
    frame, y = table
    piped = make_pipeline(AutoencoderTransformer(**QUICK), LogisticRegression())
    search = GridSearchCV(piped, {"autoencodertransformer__latent_dim": [1, 3]}, cv=2)
    assert search.fit(frame, y).best_score_ > 0.6
    assert clone(piped[0]).get_params() == piped[0].get_params()


def test_an_outlier_by_each_name(table):
    frame, _ = table
    far = frame.to_numpy().copy()
    far[:5] *= [1, 9, 1, 9, 1, 9]
    fitted = AutoencoderDetector(contamination=0.1, epochs=100, random_state=0).fit(far)
    assert (fitted.predict(far[:5]) == -1).all()
    np.testing.assert_array_equal(fitted.labels_, (fitted.predict(far) == -1).astype(int))
    assert fitted.labels_.sum() == 12
    np.testing.assert_allclose(fitted.decision_scores_, -fitted.score_samples(far))
    np.testing.assert_allclose(
        fitted.decision_function(far), fitted.threshold_ - fitted.decision_scores_
    )
    with pytest.raises(BadRequest, match=r"contamination must be in \(0, 0.5\]; got 0.7"):
        AutoencoderDetector(contamination=0.7).fit(far)
    with pytest.raises(NotApplicable, match="needs a model with a bound"):
        AutoencoderDetector(criterion="elbo", **QUICK).fit(far)


def test_kept_in_a_folder_without_a_pickle(table, tmp_path):
    frame, _ = table
    fitted = AutoencoderDetector(overrides={"network.widths": [8]}, **QUICK).fit(frame)
    expected = fitted.decision_function(frame)
    again = AutoencoderDetector.load(fitted.save(tmp_path / "kept"))
    np.testing.assert_array_equal(again.decision_function(frame), expected)
    assert again.get_params() == fitted.get_params()
    np.testing.assert_array_equal(again.labels_, fitted.labels_)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(fitted)).decision_function(frame), expected
    )
    with pytest.raises(BadRequest, match="is there already"):
        fitted.save(tmp_path / "kept")
    with pytest.raises(BadRequest, match=r"has an AutoencoderDetector: AutoencoderDetector\.load"):
        AutoencoderTransformer.load(tmp_path / "kept")
    with pytest.raises(BadRequest, match=r"has no estimator\.json"):
        AutoencoderDetector.load(tmp_path)


def test_a_folder_of_a_strangers(table, tmp_path):
    frame, _ = table
    folder = AutoencoderTransformer(**QUICK).fit(frame).save(tmp_path / "kept")
    about = json.loads((folder / "estimator.json").read_text())
    numbers = load_file(folder / "numbers.safetensors")
    save_file(numbers | {"weights.0000": np.zeros((2, 2), "f4")}, folder / "numbers.safetensors")
    with pytest.raises(BadRequest, match="not those of its config"):
        AutoencoderTransformer.load(folder)
    save_file(numbers, folder / "numbers.safetensors")
    about["config"]["model"]["_target_"] = "subprocess.Popen"
    (folder / "estimator.json").write_text(json.dumps(about))
    with pytest.raises(BadRequest, match="not one of ours"):
        AutoencoderTransformer.load(folder)
    (folder / "estimator.json").write_text("{}")
    with pytest.raises(BadRequest, match="is damaged"):
        AutoencoderTransformer.load(folder)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"model": "vea"}, "vae"),
        ({"scale": "log"}, "scale must be one of"),
        ({"overrides": {"dataset.path": "x"}}, r"aecli\.train\(X"),
        ({"overrides": {"model.beta": 3}}, "beta"),
        ({"epochs": 0}, "epochs"),
        ({"model": "cvae"}, "label"),
    ],
)
def test_what_is_refused_before_a_training(table, settings, text):
    with pytest.raises(BadRequest, match=text) as refused:
        AutoencoderTransformer(**settings).fit(table[0])
    assert len(str(refused.value).splitlines()) <= 3


def test_sparse_rows_are_refused(table):
    with pytest.raises(TypeError, match="dense data is required"):
        AutoencoderTransformer().fit(sparse.csr_matrix(np.eye(4)))


def test_numbers_of_a_frame_without_names():
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)))
    fitted = AutoencoderTransformer(**QUICK).fit(rows)
    assert fitted.n_features_in_ == 3
    assert not hasattr(fitted, "feature_names_in_")
    assert fitted.transform(rows.astype("float32")).dtype == np.float32
