"""A stand-in for aecli.runs.Run: PCA as the model, so that the pictures are of something."""

import dataclasses
import pathlib
import tempfile
import types

import numpy as np
from scipy.stats import norm
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from aecli.datasets.factors import FactorGrid, Factors
from aecli.datasets.learnt import Learnt
from aecli.datasets.scaling import Scaling
from aecli.datasets.splits import Split, Splits
from aecli.dataspec import DataSpec
from aecli.networks.dictionary import Dictionary


class LinearModel:
    """PCA as an autoencoder; code_shape says how its code is laid out."""

    variables, label_count, has_random_codes, codebook_size = (), None, False, None
    network, code_radius = Dictionary(), None

    def __init__(self, x, code_shape=(2,), has_prior=False):
        self.data_shape, self.code_shape = x.shape[1:], code_shape
        self.spec = DataSpec.of(x.shape[1:])
        self.has_prior = self.has_quantiles = has_prior
        self.size = int(np.prod(code_shape))
        self.pca = PCA(min(self.size, *x.reshape(len(x), -1).shape), whiten=True, random_state=0)
        self.pca.fit(x.reshape(len(x), -1))

    @property
    def stored_shape(self):
        return self.code_shape

    def check_has_density(self, of_choices):
        """Gaussian codes have one."""

    def encode(self, x, seed=None, label=None):
        z = self.pca.transform(x.reshape(len(x), -1))
        z = np.pad(z, ((0, 0), (0, self.size - z.shape[1])))  # a code larger than the image
        return z.reshape(-1, *self.code_shape)

    def decode(self, z, label=None):
        assert z.shape[1:] == self.code_shape
        flat = self.pca.inverse_transform(z.reshape(len(z), -1)[:, : self.pca.n_components_])
        return flat.reshape(-1, *self.data_shape).astype("float32")

    def reconstruct(self, x, label=None):
        return self.decode(self.encode(x))

    def pictured(self, x, label=None):
        return {"reconstruction": self.reconstruct(x)}

    def decoded_units(self):
        return range(self.code_shape[-1])

    def kl_of_units(self, x, label=None):
        """Of a stand-in with a prior: more the later the unit is."""
        return np.tile(np.arange(self.size) / 10, (len(x), 1)) if self.has_prior else None

    def prior_quantiles(self, p):
        return norm.ppf(p)

    def noise_shapes(self):
        return {}

    def sample_prior(self, n, seed):
        return np.random.default_rng(seed).standard_normal((n, *self.code_shape))


class FakeRun:
    """The part of Run that figures use."""

    data_are_stated = noise_is_stated = is_packed = False

    def __init__(self, x, labels, *, code_shape=(2,), has_prior=False, noise=0.0, names=None):
        part = Split(x, labels)
        self._place = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._place.name)
        self.title = f"{'vae' if has_prior else 'ae'} on fake"
        self.splits = Splits(part, part, part, "a test", names)
        self.learnt = None
        self.status = {"data_shape": list(x.shape[1:])}
        self.config = {"callbacks": {"checkpoint": {"monitor": "val_loss"}}}
        self.data_range = self.splits.data_range
        self.spec = DataSpec.of(x.shape[1:])
        self.model = LinearModel(part.pixels(), code_shape, has_prior)
        self.noise, self.is_noisy = noise, noise > 0
        epochs = np.arange(1.0, 31)
        loss = 150 + 60 * np.exp(-epochs / 5)
        self.history = {
            "epoch": epochs, "seconds": epochs * 0 + 1, "loss": loss,
            "val_loss": loss + 3 + 0.02 * (epochs - 20) ** 2, "kl": 6 - 3 * np.exp(-epochs / 9),
            "reconstruction": loss - 6, "val_kl": 6.2 - 3 * np.exp(-epochs / 9),
            "val_reconstruction": loss - 3, "learning_rate": epochs * 0 + 1e-3,
        }  # fmt: skip

    def examples(self, split="test", n=None, random=False, seed=0):
        part = getattr(self.splits, split)
        rows = np.arange(len(part))[:n]
        if random:
            rows = np.random.default_rng(seed).choice(len(part), min(n, len(part)), replace=False)
        part = part.take(rows)
        target = part.pixels()
        draws = np.random.default_rng(0).standard_normal(target.shape, dtype="float32")
        return target + self.noise * draws, target, part.labels


def digits_run(n=300, **options):
    """8x8 grey digits."""
    data = load_digits()
    x = (data.images[:n, :, :, None] / 16).astype("float32")
    run = FakeRun(x, data.target[:n].astype("int64"), **options)
    quarter = np.argsort(np.argsort(x.sum(axis=(1, 2, 3)))) * 4 // n  # of the images, by their ink
    values = np.stack([data.target[:n], quarter], axis=1).astype("int64")
    test = dataclasses.replace(run.splits.test, factors=Factors(("digit", "ink"), (10, 4), values))
    names = {"digit": tuple("0123456789")}
    grid = FactorGrid(("digit", "ink"), (10, 4), lambda values: x[: len(values)], names)
    run.splits = dataclasses.replace(run.splits, test=test, grid=grid)
    return run


def colour_run(n=120, size=(12, 10), **options):
    """Colour images of smooth random gradients, uint8, without labels."""
    rng = np.random.default_rng(0)
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, side) for side in size), indexing="ij")
    slopes = rng.normal(size=(2, n, 1, 1, 3))
    ramp = slopes[0] * rows[None, :, :, None] + slopes[1] * columns[None, :, :, None]
    return FakeRun((255 / (1 + np.exp(-2 * ramp))).astype("uint8"), None, **options)


def table_run(n=150, features=13, **options):
    """Rows of standardised numbers with three labels."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n)
    x = rng.normal(size=(n, 1, features, 1)) + labels[:, None, None, None]
    return FakeRun(x.astype("float32"), labels, **options)


def series_run(n=60, points=40, channels=1, **options):
    """Noisy waves of three frequencies; in the files' units they are 10 times as high, plus 100."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n)
    t = np.arange(points) / points + rng.random((n, channels, 1))
    x = np.sin(2 * np.pi * (1 + labels[:, None, None]) * t) + 0.1 * rng.normal(size=t.shape)
    x = x.transpose(0, 2, 1)[:, None].astype("float32")
    run = FakeRun(x, labels, **options)
    scaling = Scaling(np.float32(-10), np.float32(0.1))
    run.learnt = Learnt(shape=x.shape[1:], unit="other", range=(90, 110), kind="series")
    run.learnt = dataclasses.replace(run.learnt, scaling=scaling)
    run.spec = run.model.spec = run.learnt.spec
    run.data_range = (-1.5, 1.5)
    return run


def with_history(run, **columns):
    """A run whose history is just these columns."""
    other = types.SimpleNamespace(**vars(run))
    other.history = {name: np.asarray(values, float) for name, values in columns.items()}
    return other


def cell(picture, row, column, shape, gap):
    """The image in a tiled picture, row counted from the top."""
    top, left = row * (shape[0] + gap), column * (shape[1] + gap)
    return np.asarray(picture)[top : top + shape[0], left : left + shape[1]]


def picture_of(figure, axes=0):
    return figure.axes[axes].images[0].get_array()


def texts(figure):
    axes = [ax.get_title() + ax.get_xlabel() + ax.get_ylabel() for ax in figure.axes]
    return " ".join([figure.get_suptitle(), *axes])
