"""Sampler: the kind of density that is fitted to a model's codes once it is trained."""

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from aecli.component import Component

ROWS = 10_000  # codes that a density is fitted to, at most
MAX_UNITS = 128  # of a code that are modelled; of a larger one, so many principal components
Numbers = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sampler(Component):
    """A density of codes, fitted by maximum likelihood, and how new ones are drawn from it.

    Ex-post density estimation (Ghosh, Sajjadi, Vergari, Black & Schoelkopf 2020, From variational
    to deterministic autoencoders, section 4). A kind states how rows of numbers x [N, D] are
    learnt, as arrays alone: a run keeps those, and nothing else is needed to draw.
    """

    group: ClassVar[str] = "sampler"
    of_choices: ClassVar[bool] = False  # whether it is of a codebook's numbers, not of codes

    seed: Annotated[int, Field(ge=0, lt=2**31, description="of the fit")] = 0

    @property
    def rows(self) -> int:
        """How many training images it is fitted to, at most."""
        return ROWS

    def fit(self, codes: np.ndarray, choices: int = 0) -> "Fitted":
        """The density of codes [N, *code_shape], a pure function of them and of the settings.

        Grid codes are flattened. choices: the codebook's size, where codes are its numbers. Raises
        NotApplicable where there are too few.
        """
        flat = codes.reshape(len(codes), -1).astype("float64")
        numbers = {"rows": np.array(float(len(flat))), "share": np.array(1.0)}
        if flat.shape[1] > MAX_UNITS:
            flat, of_axes = _principal(flat)
            numbers |= of_axes
        return self.fitted(codes.shape[1:], numbers | self.learn(flat))

    def fitted(self, code_shape: tuple[int, ...], numbers: Numbers, choices: int = 0) -> "Fitted":
        """What was fitted, of the numbers that are kept of it."""
        return Fitted(self, code_shape, numbers)

    def expected(
        self, code_shape: tuple[int, ...], rows: int, axes: tuple | None, choices: int = 0
    ) -> dict[str, tuple[int, ...]]:
        """{name: shape} of the numbers of codes of that shape, fitted to so many.

        axes: the shape of what a file has under that name, which may say how many there are.
        """
        size = int(np.prod(code_shape))
        shapes = {"rows": (), "share": ()}
        if size > MAX_UNITS:
            units = axes[0] if axes else 1
            size, whole = max(1, min(units, MAX_UNITS)), size
            shapes |= {"center": (whole,), "axes": (size, whole)}
        return shapes | self.shapes(size, rows)

    @property
    def about(self) -> str:
        """In words, what is fitted: "10 Gaussians"."""
        raise NotImplementedError

    def learn(self, x: np.ndarray) -> Numbers:
        """What is learnt of rows x [N, D] float64, as float64 arrays."""
        raise NotImplementedError

    def shapes(self, size: int, rows: int) -> dict[str, tuple[int, ...]]:
        """{name: shape} of what learn gives for so many rows of `size` numbers."""
        raise NotImplementedError

    def is_sound(self, numbers: Numbers) -> bool:
        """Whether finite numbers of these shapes, which a file may hold, can be drawn from."""
        return True

    def draw(self, numbers: Numbers, n: int, rng: np.random.Generator) -> np.ndarray:
        """n rows [n, D] in random order, which are the first of more."""
        raise NotImplementedError

    def log_density(self, numbers: Numbers, x: np.ndarray) -> np.ndarray:
        """log p of rows x [N, D], in nats: [N]."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A density of codes [N, *code_shape].

    numbers: all that was learnt. rows: of how many codes; share in (0, 1]: of their variance, what
    the principal components hold that are modelled; center [D], axes [U, D]: these, where D is
    larger than MAX_UNITS; and the sampler's own.
    """

    sampler: Sampler
    code_shape: tuple[int, ...]
    numbers: Numbers

    @property
    def origin(self) -> str:
        """In words, what codes are drawn from."""
        text = f"{self.sampler.about} fitted to {int(self.numbers['rows']):,} training codes"
        if "axes" not in self.numbers:
            return text
        units, share = len(self.numbers["axes"]), 100 * float(self.numbers["share"])
        return f"{text}\nin {units} principal components: {share:.1f} % of their variance"

    def sample(self, n: int, seed: int) -> np.ndarray:
        """n codes [n, *code_shape] float32, in random order; those of a seed begin alike."""
        flat = self.sampler.draw(self.numbers, n, np.random.default_rng(seed))
        if "axes" in self.numbers:
            flat = self.numbers["center"] + flat @ self.numbers["axes"]
        return flat.reshape(n, *self.code_shape).astype("float32")

    def log_prob(self, codes: np.ndarray) -> np.ndarray:
        """log p of codes [N, *code_shape] in nats [N]; of a large code, of its components alone."""
        flat = codes.reshape(len(codes), -1).astype("float64")
        if "axes" in self.numbers:
            flat = (flat - self.numbers["center"]) @ self.numbers["axes"].T
        return self.sampler.log_density(self.numbers, flat)


def _principal(flat: np.ndarray) -> tuple[np.ndarray, Numbers]:
    """Codes [N, D] -> their first components [N, U], and what these are."""
    from sklearn.decomposition import PCA

    pca: Any = PCA(min(MAX_UNITS, len(flat)), random_state=0)
    components = pca.fit_transform(flat)
    share = np.array(pca.explained_variance_ratio_.sum())
    return components, {"share": share, "center": pca.mean_, "axes": pca.components_}
