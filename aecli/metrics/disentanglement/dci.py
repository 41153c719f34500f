"""Disentanglement, completeness and informativeness, from how much a code counts for a factor."""

from typing import Any

import numpy as np
from scipy.stats import entropy
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import Lasso
from threadpoolctl import threadpool_limits
from tqdm import tqdm

Sampled = tuple[np.ndarray, np.ndarray]  # codes [n, D], values [n, K]
ALPHA = 0.02  # of lasso, and
TREES = 10  # of a forest, in the authors' quantify.ipynb
ROUNDS = 100  # of boosting


def disentanglement(importances: np.ndarray) -> float:
    """The mean over codes of 1 - H_K(R_d / sum_k R_dk), weighted by sum_k R_dk; R: [D, K] >= 0.

    H_K: entropy to the base K. 0 where nothing counts. Source: Eastwood & Williams 2018, sec. 2.
    """
    weights = importances.sum(axis=1)
    total = weights.sum()
    return float((weights * _purity(importances)).sum() / total) if total > 0 else 0.0


def completeness(importances: np.ndarray) -> float:
    """The mean over factors of 1 - H_D(R_k / sum_d R_dk); 0 of a factor for which nothing counts.

    Unweighted, as in the authors' own code; with importances that sum to 1 that is no difference.
    """
    return float(_purity(importances.T).mean())


def _purity(rows: np.ndarray) -> np.ndarray:
    """1 - the entropy of each row [m, j] to the base j, 0 for a row of nothing: [m]."""
    rows = np.maximum(rows, 0.0)  # a gain of nothing may be rounded to below it
    found = np.zeros(len(rows))
    some = rows.sum(axis=1) > 0
    found[some] = 1.0 - entropy(rows[some], base=rows.shape[1], axis=1)
    return found


def boosted(
    train: Sampled, test: Sampled, histogram: bool = False, seed: int = 0
) -> tuple[np.ndarray, float]:
    """Importances [D, K] and accuracy on test of gradient-boosted trees, a classifier a factor.

    100 rounds of trees of depth 3, as disentanglement_lib, whose own have no seed. An importance is
    the share of what all splits gain that those by the unit do. histogram: whether a unit is split
    at 255 of its quantiles alone, which takes a tenth of the time.
    """
    off: Any = False
    none: Any = None  # as off, where scikit-learn's own default is a word
    importances, accuracies = [], []
    rounds = len(train[1].T) * ROUNDS
    bar = tqdm(total=rounds, desc="dci", unit="round", leave=False, delay=1, disable=None)

    def after_round(*_: Any) -> None:
        bar.update()  # what it returns would stop the fit

    for known, values in zip(train[1].T, test[1].T, strict=True):
        model: Any = GradientBoostingClassifier(
            loss="log_loss", learning_rate=0.1, n_estimators=ROUNDS, subsample=1.0,
            min_samples_split=2, min_samples_leaf=1, min_weight_fraction_leaf=0.0, max_depth=3,
            min_impurity_decrease=0.0, max_features=None, max_leaf_nodes=None,
            n_iter_no_change=None, ccp_alpha=0.0, random_state=seed,
        )  # fmt: skip
        if histogram:
            model = HistGradientBoostingClassifier(
                loss="log_loss", learning_rate=0.1, max_iter=ROUNDS, max_depth=3, max_leaf_nodes=31,
                min_samples_leaf=1, l2_regularization=0.0, max_bins=255, random_state=seed,
                early_stopping=off, categorical_features=none,
            )  # fmt: skip
        if histogram:
            with threadpool_limits(1, user_api="openmp"):  # two spin, for 3 times as long
                model.fit(train[0], known)
            bar.update(ROUNDS)
        else:
            model.fit(train[0], known, monitor=after_round)
        importances.append(_gains(model) if histogram else model.feature_importances_)
        accuracies.append(np.mean(model.predict(test[0]) == values))
    bar.close()
    return np.stack(importances, axis=1), float(np.mean(accuracies))


def _gains(model: HistGradientBoostingClassifier) -> np.ndarray:
    """The share of each unit [D] in what all splits gain; 0 where there is no split."""
    found = np.zeros(model.n_features_in_)
    for tree in (tree for trees in model._predictors for tree in trees):
        splits = tree.nodes[tree.nodes["is_leaf"] == 0]
        np.add.at(found, splits["feature_idx"], splits["gain"])
    return found / found.sum() if found.sum() > 0 else found


def regressed(train: Sampled, test: Sampled, forest: bool, seed: int = 0):
    """Importances [D, K] and the mean NRMSE on test of a regression of each factor on all codes.

    Lasso (the sizes of its weights), or a random forest. Codes and factors are standardised by
    train; NRMSE is the root of the mean squared error over the standard deviation of test: 1 for
    guessing the mean. As Eastwood & Williams 2018, who tune a forest's depth for each factor on
    further data; here trees are full-grown.
    """
    (known, known_values), (codes, values) = (_standardised(part, train) for part in (train, test))
    importances, errors = [], []
    for k in range(values.shape[1]):
        model: Any = Lasso(alpha=ALPHA, fit_intercept=True, max_iter=1000, tol=1e-4)
        if forest:
            model = RandomForestRegressor(
                TREES, criterion="squared_error", max_depth=None, min_samples_split=2,
                min_samples_leaf=1, max_features=1.0, bootstrap=True, random_state=seed,
            )  # fmt: skip
        model.fit(known, known_values[:, k])
        found = model.feature_importances_ if forest else model.coef_
        importances.append(np.abs(found))
        error = np.sqrt(np.mean((model.predict(codes) - values[:, k]) ** 2))
        errors.append(error / values[:, k].std())
    return np.stack(importances, axis=1), float(np.mean(errors))


def _standardised(part: Sampled, train: Sampled) -> list[np.ndarray]:
    deviations = [np.where(a.std(0) > 0, a.std(0), 1.0) for a in train]
    return [(a - b.mean(0)) / s for a, b, s in zip(part, train, deviations, strict=True)]
