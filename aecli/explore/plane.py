"""Where codes lie in a plane: as they are, by their principal components, or by t-SNE."""

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Plane:
    """at: [N, 2] of the codes; names: of its two axes; note: how it was made.

    place: flat codes [n, D] -> [n, 2], where others lie in it. is_codes: whether its axes are the
    two code units themselves.
    """

    at: np.ndarray
    names: tuple[str, str]
    note: str
    place: Callable[[np.ndarray], np.ndarray]
    is_codes: bool = False


def of(codes: np.ndarray, kind: str = "auto", seed: int = 0) -> Plane:
    """Returns the plane of flat codes [N, D].

    kind: auto (codes of two units as they are, PCA of larger ones), pca or tsne.
    """
    size = codes.shape[1]
    if size == 1:
        return _line(codes[:, 0], seed)
    if size == 2 and kind == "auto":
        return Plane(codes, ("z[0]", "z[1]"), "the two code units as they are", np.asarray, True)
    return _tsne(codes, seed) if kind == "tsne" else _pca(codes)


def _line(codes: np.ndarray, seed: int) -> Plane:
    """One unit leaves the other axis free: points are spread along it, so that each is seen."""
    heights = np.random.default_rng(seed).uniform(size=len(codes))

    def place(z: np.ndarray) -> np.ndarray:
        return np.stack([z[:, 0], np.full(len(z), 0.5)], axis=1)

    note = "the one code unit as it is; heights are drawn at random, so that points lie apart"
    return Plane(np.stack([codes, heights], axis=1), ("z[0]", "at random"), note, place)


def _pca(codes: np.ndarray) -> Plane:
    from aecli.figures.latent import project

    at, shares = project(codes)
    mean = codes.mean(axis=0)
    axes = np.linalg.lstsq(codes - mean, at, rcond=None)[0]  # [D, 2]
    one, two = (
        f"component {i + 1} ({100 * s:.1f} % of the variance)" for i, s in enumerate(shares)
    )
    note = f"PCA of the {codes.shape[1]} code units: {100 * shares.sum():.1f} % of their variance"
    return Plane(at, (one, two), note, lambda z: (z - mean) @ axes)


def _tsne(codes: np.ndarray, seed: int) -> Plane:
    """van der Maaten and Hinton 2008; another code is put at the nearest of those that it knows."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(codes) - 1) / 3)
    at = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(codes)

    def place(z: np.ndarray) -> np.ndarray:
        return at[[int(np.square(codes - one).sum(axis=1).argmin()) for one in z]]

    note = f"t-SNE of the {codes.shape[1]} code units, perplexity {perplexity:.3g}: distances"
    return Plane(at, ("t-SNE 1", "t-SNE 2"), f"{note} between groups mean nothing", place)
