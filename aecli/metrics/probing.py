"""How much features know of the labels: simple classifiers on top of them."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

C = 1.0  # inverse strength of the L2 penalty, scikit-learn's default
ITERATIONS = 1000  # of L-BFGS at most; MNIST's pixels take about 100
NEIGHBOURS = 5


def probe_accuracy(
    train_x: np.ndarray,
    train_labels: np.ndarray,
    test_x: np.ndarray,
    test_labels: np.ndarray,
    seed: int = 0,
) -> dict[str, float]:
    """{"logistic_accuracy", "knn_accuracy"}: the share in [0, 1] of test labels that are right.

    x: [N, D...], flattened; labels: [N] of at least two kinds. Both are fitted on the training
    rows alone: logistic regression on features standardised by those rows (Alain & Bengio 2016, a
    linear probe), and the k nearest neighbours on the features as they are, whose distances
    standardising would fill with the noise of dead pixels.
    """
    train, test = train_x.reshape(len(train_x), -1), test_x.reshape(len(test_x), -1)
    logistic = make_pipeline(
        StandardScaler(), LogisticRegression(C=C, max_iter=ITERATIONS, random_state=seed)
    )
    neighbours = KNeighborsClassifier(min(NEIGHBOURS, len(train)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        logistic.fit(train, train_labels)
    neighbours.fit(train, train_labels)
    return {
        "logistic_accuracy": float(np.mean(logistic.predict(test) == test_labels)),
        "knn_accuracy": float(np.mean(neighbours.predict(test) == test_labels)),
    }


def draw_rows(labels: np.ndarray, per_class: int, seed) -> np.ndarray:
    """per_class rows of each label, drawn without replacement: [classes * per_class], shuffled.

    Every label [N] must have so many. seed: what numpy.random.default_rng takes.
    """
    rng = np.random.default_rng(seed)
    rows = [
        rng.choice(np.flatnonzero(labels == label), per_class, replace=False)
        for label in np.unique(labels)
    ]
    return rng.permutation(np.concatenate(rows))
