"""Whether the codes fall into groups, and whether these are the labels'."""

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clustering(Metric):
    """k-means of the codes, as many clusters as there are labels, against the labels."""

    section: ClassVar[str] = "codes"
    about: ClassVar[dict[str, Quantity]] = {
        "kmeans_nmi": Quantity(
            "", HIGHER, "normalised mutual information of k-means clusters and labels, of 1"
        ),
        "kmeans_ari": Quantity("", HIGHER, "adjusted Rand index of the same, of 1; 0 by chance"),
        "kmeans_accuracy": Quantity(
            "", HIGHER, "share of images whose cluster stands for their label, one each"
        ),
    }

    n: Annotated[int, Field(ge=2, description="images, at most")] = 10_000
    seed: Annotated[int, Field(ge=0, lt=2**32, description="of k-means")] = 0

    def __call__(self, evaluation: Evaluation) -> Figures:
        return self._agreement(evaluation, evaluation.codes)

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        return {evaluation.pca_name: self._agreement(evaluation, evaluation.pca_codes)}

    def _agreement(self, evaluation: Evaluation, codes: np.ndarray) -> Figures:
        labels = evaluation.labelled()
        rows = evaluation.some(self.n)
        return label_agreement(codes[rows], labels[rows], self.seed)


def label_agreement(codes: np.ndarray, labels: np.ndarray, seed: int = 0) -> Figures:
    """{"kmeans_nmi", "kmeans_ari", "kmeans_accuracy"} of codes [N, ...] and labels [N].

    scikit-learn's k-means, the best of ten starts.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    starts: Any = 10  # where scikit-learn's own default is a word
    clusters = KMeans(len(np.unique(labels)), n_init=starts, random_state=seed)
    found = clusters.fit_predict(codes.reshape(len(codes), -1).astype("float64"))
    return {
        "kmeans_nmi": float(normalized_mutual_info_score(labels, found)),
        "kmeans_ari": float(adjusted_rand_score(labels, found)),
        "kmeans_accuracy": matched_accuracy(labels, found),
    }


def matched_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of examples that the best one-to-one matching of clusters and labels puts right.

    Both are [N]. Source: Xie, Girshick & Farhadi 2016, eq. 10, by the Hungarian method.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics.cluster import contingency_matrix

    counts = contingency_matrix(labels, clusters)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(labels))
