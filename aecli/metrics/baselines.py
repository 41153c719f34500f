"""What a model must beat on the same split: PCA, the mean image, the noisy image itself."""

import numpy as np
from sklearn.decomposition import PCA

from aecli.metrics.base import Evaluation
from aecli.metrics.pixels import pixel_errors

ROWS = 20_000  # training images that PCA is fitted on, at most


def baselines(evaluation: Evaluation) -> dict[str, dict[str, float | None]]:
    """{baseline: {bce, mse, psnr}}, each fitted on clean training images.

    PCA has as many components as the code has numbers; given the noisy input, as the model is.
    """
    run, target = evaluation.run, evaluation.target
    train = run.examples("train", n=ROWS, random=True)[1]
    flat = train.reshape(len(train), -1)
    components = min(int(np.prod(run.model.code_shape)), *flat.shape)
    pca = PCA(components, random_state=0).fit(flat)
    projected = pca.inverse_transform(pca.transform(evaluation.x.reshape(len(target), -1)))
    mean = np.broadcast_to(train.mean(axis=0), target.shape)
    rows = {
        f"PCA, {components} components": projected.reshape(target.shape),
        "mean image": mean,
    }
    if run.is_noisy:
        rows["noisy image"] = evaluation.x
    return {name: pixel_errors(target, image) for name, image in rows.items()}
