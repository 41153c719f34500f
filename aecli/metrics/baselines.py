"""What a model must beat on the same split: PCA, the mean image, the noisy image itself."""

import math

import numpy as np

ROWS = 20_000  # training images that PCA is fitted on, at most


def flat(x: np.ndarray) -> np.ndarray:
    """[N, ...] -> [N, D]; points that a series lacks become 0, the mean of standardised ones."""
    return np.nan_to_num(x.reshape(len(x), -1), nan=0.0)


def fitted_pca(run):
    """PCA of clean training images, with as many components as the run's code has numbers."""
    from sklearn.decomposition import PCA

    train = run.examples("train", n=ROWS, random=True)[1]
    rows = flat(train)
    components = min(math.prod(run.model.stored_shape), *rows.shape)
    return PCA(components, random_state=0).fit(rows)


def images(evaluation) -> dict[str, np.ndarray]:
    """{baseline: images like evaluation.target}; PCA is given the noisy input, as the model is."""
    target, pca = evaluation.target, evaluation.pca
    projected = pca.inverse_transform(evaluation.pca_codes)
    mean = pca.mean_.astype("float32").reshape(1, *target.shape[1:])
    found = {
        evaluation.pca_name: projected.reshape(target.shape),
        "mean image": np.broadcast_to(mean, target.shape),
    }
    if evaluation.run.is_noisy:
        found["noisy image"] = evaluation.x
    return found
