"""Explicitness: how well linear classifiers tell the values of a factor from the code."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.multiclass import OneVsRestClassifier
from tqdm import trange

Sampled = tuple[np.ndarray, np.ndarray]  # codes [n, D], values [n, K]


def aurocs(train: Sampled, test: Sampled, multinomial: bool = False, seed: int = 0) -> np.ndarray:
    """The mean AUROC [K] over each factor's values: this value against the others, of test.

    By logistic regression on the standardised codes, L2 penalty of strength 1, fitted to train: one
    for each value against the rest as in the paper (Ridgeway & Mozer 2018), or one
    multinomial for all. A code that does not vary stays at 0; values that train or test does not
    have are left out.
    """
    (known, known_values), (codes, values) = train, test
    mean, deviation = known.mean(0), known.std(0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    known, codes = ((a - mean) / deviation for a in (known, codes))
    found = []
    factors = values.shape[1]
    for k in trange(factors, desc="explicitness", leave=False, delay=1, disable=None):
        model = LogisticRegression(
            C=1.0, tol=1e-4, fit_intercept=True, class_weight=None, solver="lbfgs",
            max_iter=1000, random_state=seed,
        )  # fmt: skip
        fitted = model if multinomial else OneVsRestClassifier(model)
        fitted.fit(known, known_values[:, k])
        scores = _by_class(fitted, codes)
        areas = [
            roc_auc_score(values[:, k] == value, score)
            for value, score in zip(fitted.classes_, scores.T, strict=True)
            if 0 < np.sum(values[:, k] == value) < len(values)
        ]
        found.append(np.mean(areas))
    return np.array(found)


def _by_class(fitted, codes: np.ndarray) -> np.ndarray:
    """[n, values] that rise with each value's probability."""
    if isinstance(fitted, OneVsRestClassifier) and len(fitted.classes_) > 2:
        return fitted.decision_function(codes)
    return fitted.predict_proba(codes)
