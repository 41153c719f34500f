"""How unlike the training images an image is: scores, and how well they tell anomalies."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from aecli.dataspec import DataSpec
from aecli.errors import NotApplicable
from aecli.metrics.baselines import flat
from aecli.metrics.detection import codes
from aecli.quantity import HIGHER, Quantity
from aecli.runs import Run

SCORES = {  # {score: its unit, for the user}
    "reconstruction": "mean squared error a pixel",
    "elbo": "negative ELBO in nats an image",
    "mahalanobis": "Mahalanobis distance of the code",
    "distance": "squared distance of the code from the centre; 1: the mean when training began",
}
SEPARATION = {  # what `separation` gives
    "auroc": Quantity("", HIGHER, "how well the score tells anomalies, of 1; 0.5 by chance"),
    "average_precision": Quantity(
        "", HIGHER, "of the same, of 1; the share of the anomalies by chance"
    ),
    "best_f1": Quantity("", HIGHER, "the largest F1 of all thresholds, chosen with the labels"),
}
DRAWS = 10  # of each posterior, for its ELBO


def scored(
    run: Run, x: np.ndarray, score: str, excess: np.ndarray | None = None, label=None
) -> np.ndarray:
    """[N] float64, the higher the less normal. x: [N, H, W, C]; score: one of SCORES.

    label: [N], for a model that asks for labels.

    excess: what was cut off from x so that the model can take it, None where nothing was. Squared
    errors are those of the whole value; to the ELBO half of the squared excess is added, the nats
    that a unit Gaussian around [0, 1] would give it; codes do not know it. Raises NotApplicable as
    check_has does, and for distances of codes that are one point.
    """
    model = run.model
    check_has(model, score)
    if score == "elbo":
        beyond = 0.0 if excess is None else 0.5 * _summed(np.square(excess))
        return negative_elbo(model, x, label) + beyond
    if score == "mahalanobis":
        return codes.distances(run, model.encode(x, label=label))
    if score == "distance":
        codes.check_is_no_point(run, model.code_scale)
        return model.score(x, label=label)["distance"].astype(np.float64)
    if model.spec.kind == "text":
        return nats_a_token(model, x, label)
    return squared_errors(x if excess is None else x + excess, model.reconstruct(x, label=label))


def check_has(model, score: str) -> None:
    """Raises NotApplicable for a model that does not have the score."""
    if score == "elbo":
        check_has_elbo(model)
    if score == "mahalanobis":
        codes.check_has_distances(model)
    if score == "distance" and "distance" not in model.term_names():
        raise NotApplicable(
            "score=distance needs a model with a centre, as model=deep_svdd\ntake score=mahalanobis"
        )


def _summed(x: np.ndarray) -> np.ndarray:
    """[N, ...] -> [N] float64"""
    return x.reshape(len(x), -1).sum(axis=1, dtype=np.float64)


def squared_errors(x: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Mean over the pixels of each image's squared error: [N, ...] twice -> [N] float64."""
    squares = np.square(x - reconstruction)  # NaN where a series has no point
    return np.asarray(np.nanmean(squares.reshape(len(x), -1), axis=1, dtype=np.float64))


def nats_a_token(model, x: np.ndarray, label=None) -> np.ndarray:
    """-log p(x|z) of each sentence over its tokens, z the mean code, [N] float64."""
    likelihood = model.log_likelihood_of_codes(x, label)
    return -likelihood.astype(np.float64) / np.sum(~np.isnan(x), axis=(1, 2, 3))


def unit_of(score: str, spec: DataSpec) -> str:
    """The unit of a score, in the words for such data."""
    if score == "reconstruction" and spec.kind == "text":
        return "nats a token"
    return Quantity(SCORES[score]).of(spec).unit


def check_has_elbo(model) -> None:
    """Raises NotApplicable."""
    if not model.has_bound:
        raise NotApplicable(
            "score=elbo needs a model with a bound of log p(x), as model=vae\n"
            "take score=reconstruction"
        )


def negative_elbo(model, x: np.ndarray, label=None) -> np.ndarray:
    """-ELBO of each image in nats, [N] float64, whatever beta the model was trained with.

    The mean over DRAWS frozen draws z of q(z|x) of -log p(x|z) + log q(z|x) - log p(z) (Kingma &
    Welling 2014, eq. 2). Raises NotApplicable.
    """
    from aecli.metrics.bounds import log_densities

    check_has_elbo(model)
    likelihood, kl = log_densities(model, x, x, DRAWS, label)
    return (kl - likelihood).mean(axis=0)


def separation(scores: np.ndarray, anomalous: np.ndarray) -> dict[str, float | None]:
    """{"auroc", "average_precision", "best_f1"} of scores [N], high where anomalous [N] is true.

    In [0, 1]; chance is 0.5, and the share of anomalous images. Both kinds must be there.
    """
    return {
        "auroc": float(roc_auc_score(anomalous, scores)),
        "average_precision": float(average_precision_score(anomalous, scores)),
        "best_f1": best_f1(scores, anomalous)[0],
    }


def best_f1(scores: np.ndarray, anomalous: np.ndarray) -> tuple[float, float]:
    """The largest F1 of all thresholds, and the score from which on that one says anomalous.

    The labels themselves have chosen it: no detector that does not know them reaches more.
    """
    precision, recall, limits = precision_recall_curve(anomalous, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1[:-1].argmax())
    return float(f1[best]), float(limits[best])


def pca_scores(train: np.ndarray, x: np.ndarray, components: int) -> np.ndarray:
    """Mean squared error a pixel of PCA's reconstruction, [N]; fitted on train [M, ...].

    As many components at most as there are training images or pixels.
    """
    train = flat(train)
    pca = PCA(min(components, *train.shape), random_state=0).fit(train)
    return squared_errors(x, pca.inverse_transform(pca.transform(flat(x))).reshape(x.shape))


def forest_scores(train: np.ndarray, x: np.ndarray, seed: int = 0) -> np.ndarray:
    """Anomaly score in [0, 1] of an isolation forest on the pixels, [N]; fitted on train [M, ...].

    100 trees on 256 images each, as Liu, Ting and Zhou (2008) recommend; scikit-learn's defaults.
    """
    forest = IsolationForest(random_state=seed).fit(flat(train))
    return -forest.score_samples(flat(x))


def neighbour_scores(train: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Local outlier factor (Breunig et al. 2000) of x, [N]; fitted on train [M, ...], M > 1.

    20 neighbours, scikit-learn's default, or all others where there are fewer.
    """
    factor = LocalOutlierFactor(n_neighbors=min(20, len(train) - 1), novelty=True)
    return -factor.fit(flat(train)).score_samples(flat(x))
