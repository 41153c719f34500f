"""Each code unit in turn from low to high, decoded: what a traversal shows."""

import dataclasses
import pathlib

import numpy as np
from scipy.stats import norm

from aecli.errors import NotApplicable
from aecli.figures import lines, traversal
from aecli.io import conditions, request
from aecli.io.given import Images
from aecli.metrics.disentanglement.matched import matched
from aecli.runs import Run


@dataclasses.dataclass(frozen=True)
class Traversed:
    """x: [units drawn, steps, H, W, C] as the model makes them; t: [steps], standard deviations.

    units: of all units that are decoded, the first drawn first: "unit" (z[3]; of a grid code the
    feature map z[:,:,3]), "kl" (nats, mean over the examples; where there is one), "variance"; of
    data whose factors are known, the "factor" of which it tells most, and how much: "information"
    (nats), "share" of the factor's entropy. words: where the other units are, and what t is.
    """

    x: np.ndarray
    t: np.ndarray
    units: dict[str, np.ndarray]
    words: tuple[str, str]

    @property
    def flat(self) -> np.ndarray:
        """The examples one after the other, [N, H, W, C]."""
        return self.x.reshape(-1, *self.x.shape[2:])

    def places(self) -> dict[str, np.ndarray]:
        """Beside each of `flat`: the "unit" that is moved, and where it is, "at"."""
        drawn = len(self.x)
        return {
            "unit": self.units["unit"][:drawn].repeat(len(self.t)),
            "at": np.tile(self.t, drawn),
        }


def check(run: Run) -> None:
    """Raises NotApplicable for data of which no traversal can be shown."""
    try:
        _ = request.is_table(run) or lines.are_series(run.spec)
    except NotApplicable as reason:
        raise NotApplicable(f"traverse {reason}") from None


def traversed(
    run: Run, images: Images, image: int | None, n_dims: int, span: float, steps: int,
    label: int | None,
) -> Traversed:  # fmt: skip
    """Of the n_dims units with the largest KL over the images (without one: the largest variance).

    image: at whose code the others stay, None: at the mean code. span: in standard deviations;
    label: what the decoder is told.
    """
    codes = run.model.encode(images.x, label=images.labels)
    units = _units(codes, run.model.kl_of_units(images.x, label=images.labels))
    if images.factors is not None:
        units |= matched(codes, images.factors).columns()
    order = np.argsort(-units.get("kl", units["variance"]), kind="stable")
    order = order[np.isin(order, run.model.decoded_units())]
    drawn, t = order[:n_dims], np.linspace(-span, span, steps)
    z = _varied(run, codes, image, drawn, t)
    x = run.model.decode(z.reshape(-1, *codes.shape[1:]), label)
    units = {name: values[order] for name, values in units.items()}
    where, unit = _words(run, codes.ndim > 2, image, images.files)
    if label is not None:
        where += f"; label {conditions.name(run, label)}"
    if "factor" in units:
        where += "\n%: of the entropy of the factor, told by the unit"
    return Traversed(x.reshape(*z.shape[:2], *run.data_shape), t, units, (where, unit))


def _units(codes: np.ndarray, kl: np.ndarray | None) -> dict[str, np.ndarray]:
    """{"unit": names, "kl" where there is one, "variance"}: [D], of codes [N, D] or [N, h, w, D].

    The KL of a feature map is summed over its cells; its variance is over images and cells.
    """
    depth, grid = codes.shape[-1], codes.ndim > 2
    units = {"unit": np.array([f"z[:,:,{i}]" if grid else f"z[{i}]" for i in range(depth)])}
    if kl is not None:
        units["kl"] = kl.reshape(len(kl), -1, depth).sum(axis=1).mean(axis=0, dtype="float64")
    return units | {"variance": codes.reshape(-1, depth).var(axis=0, dtype="float64")}


def _varied(run: Run, codes: np.ndarray, image: int | None, drawn, t) -> np.ndarray:
    """Codes [len(drawn), len(t), ...]: in each row one unit goes its way.

    Without a prior none leaves the values that it has: a ReLU code knows no negative ones.
    """
    rows, known = codes.reshape(-1, codes.shape[-1])[:, drawn], run.model.has_quantiles
    scales = np.ones(len(drawn)) if known else rows.std(axis=0)
    steps = np.outer(scales, run.model.prior_quantiles(norm.cdf(t)) if known else t)
    start = codes.mean(axis=0) if image is None else codes[image]
    limits = None if known else (rows.min(axis=0), rows.max(axis=0))
    if codes.ndim > 2:
        return traversal.shifted(start, drawn, steps, limits)
    values = steps if known else rows.mean(axis=0)[:, None] + steps
    return traversal.replaced(start, drawn, values, limits)


def _words(run: Run, grid: bool, image: int | None, files) -> tuple[str, str]:
    """What the other units are, and the unit of the way."""
    what = "each map moved as a whole, the others" if grid else "the other units"
    where = "at the mean code"
    if image is not None:
        where = (
            f"as in {f'image {image}' if files is None else pathlib.PurePath(files[image]).name}"
        )
    of = "of the prior" if run.model.has_quantiles else "of its values, and within their range"
    return f"{what} {where}", f"standard deviations {of}"
