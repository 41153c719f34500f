"""How far a code lies from those of the training: the Mahalanobis distance.

The training keeps mean and covariance of its codes (training_codes.npz), so that a distance needs
no data.
"""

import math

import numpy as np
from scipy.linalg import pinvh
from sklearn.covariance import EmpiricalCovariance

from aecli.datasets.numpy_file import npz_headers, read_npz
from aecli.errors import BadRequest, NotApplicable
from aecli.files import replacing
from aecli.io.tables import write_npz
from aecli.runs import Run

FILE = "training_codes.npz"
MOST = 20_000  # codes that mean and covariance are of, at random where there are more
UNITS = 1024  # of a code, at most: the covariance has their square
CONSTANT = (
    1e-4  # codes whose spread is a smaller share of their size are one point, but for rounding
)


def check_has_distances(model) -> None:
    """Raises NotApplicable for a model whose codes have no covariance."""
    if model.codebook_size is not None:
        raise NotApplicable(
            "score=mahalanobis needs codes that are numbers, and this model's are choices from a "
            "codebook\ntake score=reconstruction"
        )
    if (size := math.prod(model.code_shape)) > UNITS:
        raise NotApplicable(
            f"score=mahalanobis needs a code of at most {UNITS:,} numbers; this one has {size:,}\n"
            "take score=reconstruction"
        )


def has_distances(model) -> bool:
    try:
        check_has_distances(model)
    except NotApplicable:
        return False
    return True


def write(run: Run) -> None:
    """Mean and covariance of the training's codes, where they have them."""
    if has_distances(run.model):
        with replacing(run.folder / FILE) as temporary:
            write_npz(temporary, _fitted(run))


def distances(run: Run, codes: np.ndarray) -> np.ndarray:
    """sqrt((z - m)^T C^+ (z - m)) of codes z [N, *code_shape]: [N] float64.

    m and C: mean and covariance of the training's codes; C^+: the pseudoinverse, so that a unit
    that was always the same in the training counts for nothing. Source: Mahalanobis 1936. Raises
    NotApplicable for a model without such codes or with a single one.
    """
    check_has_distances(run.model)
    check_is_no_point(run)
    known = _known(run)
    apart = codes.reshape(len(codes), -1).astype(np.float64) - known["mean"]
    squares = np.einsum("nd,de,ne->n", apart, pinvh(known["covariance"]), apart, optimize=True)
    return np.sqrt(np.maximum(squares, 0.0))


def check_is_no_point(run: Run, scale: float = 0.0) -> None:
    """Raises NotApplicable where all codes of the training are one point.

    scale: the squared size that codes had before, where that is known.
    """
    if has_distances(run.model) and is_point(**_known(run), scale=scale):
        raise NotApplicable(
            f"all training {run.spec.nouns} have the same code: the model has collapsed, and no "
            "distance of codes tells anything\n"
            "take score=reconstruction, or train with less weight on what pulls codes together"
        )


def is_point(mean: np.ndarray, covariance: np.ndarray, scale: float = 0.0) -> bool:
    """Whether codes of such a mean [D] and covariance [D, D] differ by less than rounding.

    Their spread is compared with their own squared size, or with `scale` where that is larger.
    """
    spread = float(np.trace(covariance))
    size = float(np.square(mean).sum()) + spread
    return spread <= CONSTANT**2 * max(size, scale)


def _known(run: Run) -> dict[str, np.ndarray]:
    """As the training kept them; runs of before that have them computed. Raises BadRequest."""
    path, size = run.folder / FILE, math.prod(run.model.code_shape)
    if not path.is_file():
        return _fitted(run)
    shapes = {"mean": (size,), "covariance": (size, size)}
    found = {name: (header.dtype, header.shape) for name, header in npz_headers(path).items()}
    if found != {name: (np.float64, shape) for name, shape in shapes.items()}:
        raise BadRequest(f"{path} is damaged: it has no mean and covariance of {size} units")
    known = read_npz(path, [*shapes])
    if not all(np.isfinite(values).all() for values in known.values()):
        raise BadRequest(f"{path} is damaged: its numbers are not finite")
    return known


def _fitted(run: Run) -> dict[str, np.ndarray]:
    """{"mean": [D], "covariance": [D, D]} float64, by maximum likelihood."""
    part = run.splits.train
    rows = np.arange(len(part))
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST, replace=False))
    x = run.preparation.frozen(part.x[rows])[1]
    codes = run.model.encode(x, label=None if part.labels is None else part.labels[rows])
    codes = codes.reshape(len(codes), -1).astype(np.float64)
    estimate = EmpiricalCovariance(store_precision=False).fit(codes)
    return {"mean": estimate.location_, "covariance": estimate.covariance_}
