"""Autoencoder: the one base class. A variant overrides infer, penalties, or sample_prior."""

import math
from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from pydantic import Field
from tqdm import tqdm

from aecli import limits
from aecli.datasets import learnt_file
from aecli.datasets.learnt import Learnt
from aecli.errors import BadRequest, NotApplicable
from aecli.losses.base import Loss
from aecli.models.draws import normal_draws
from aecli.models.measured import Measured
from aecli.models.raw import Raw
from aecli.networks.base import Network
from aecli.serial import Configurable

LatentDim = Annotated[
    int, Field(gt=0, le=2**20, description="numbers a code, or a cell of a grid code")
]
ROWS = 1000  # images a prediction step, fewer where they are large
VALUES = 2**20  # pixels a prediction step: the activations of a convolution are many times as many


class Autoencoder(Measured, Configurable, keras.Model):
    """An encoder, a decoder and an objective over images x [B, H, W, C].

    Every term of the objective is [B], in nats an example, summed over pixels and over code
    units, so that a weight means the same for every image size. The loss is the reconstruction
    plus the weighted penalties.

    A variant's constructor calls super().__init__(), keeps its own arguments, then assemble().
    """

    has_prior = False
    learnt: Learnt | None = None  # of its training's data; kept in a .keras file

    def assemble(self, data_shape, network, reconstruction_loss, latent_dim, flat) -> None:
        """Build encoder and decoder.

        Args:
            data_shape: (H, W, C).
            network: an aecli.networks.Network.
            reconstruction_loss: an aecli.losses.Loss, turns the decoder's params into images.
            latent_dim: code size, or channels of a grid code; None: the last feature map.
            flat: code [B, latent_dim] if true, else [B, h, w, latent_dim].
        Raises BadRequest where the network cannot take the shape, or would be too large.
        """
        for kind, part in ((Network, network), (Loss, reconstruction_loss)):
            if not isinstance(part, kind):  # of a stored model, which may have been altered
                raise BadRequest(f"a model needs a {kind.group}; got a {type(part).__name__}")
        self.data_shape = tuple(data_shape)
        self.network = network
        self.reconstruction_loss = reconstruction_loss
        self.latent_dim = latent_dim
        self.flat = flat
        self.seed_generator = keras.random.SeedGenerator(0)
        self.autocast = False  # the parts cast for themselves; draws and targets stay float32
        channels = self.data_shape[-1] * reconstruction_loss.params_per_channel
        with limits.at_most():
            self.encoder = network.encoder(self.data_shape, self.heads(), flat)
            self.code_shape = tuple(next(iter(self.encoder.output.values())).shape[1:])
            self.decoder = network.decoder(self.code_shape, (*self.data_shape[:2], channels))
        limits.check_values(self.encoder, self.decoder)
        self.term_trackers = [keras.metrics.Mean(name=name) for name in self.term_names()]

    # ---- what a variant states -------------------------------------------------------------

    def heads(self) -> dict[str, tuple[int | None, str]]:
        """What the encoder emits: {name: (size, activation)}."""
        return {"z": (self.latent_dim, "linear")}

    def term_names(self) -> list[str]:
        """The terms that are logged: the reconstruction and the names of the penalties."""
        return ["reconstruction"]

    def infer(self, x, epsilon=None, training=False) -> dict[str, Any]:
        """x [B, H, W, C] -> {"z": [B, *code_shape], ...}; deterministic when epsilon is None."""
        return self.encoder(x, training=training)

    def noise_shape(self) -> tuple[int, ...] | None:
        """Shape of the standard normal epsilon that infer wants for an example, or None."""
        return None

    def penalties(self, x, out, training=False) -> dict[str, tuple[Any, Any]]:
        """{name: (weight, term [B] in nats)}, added to the reconstruction."""
        return {}

    def sample_prior(self, n: int, seed: int):
        """Codes [n, *code_shape] from the prior. Raises NotApplicable where there is none."""
        raise NotApplicable("a plain autoencoder has no prior to sample: take model=vae")

    def log_prior(self, z):
        """log p(z) of codes [B, *code_shape], in nats: [B]. Raises NotApplicable."""
        raise NotApplicable("needs a model with a prior, as model=vae")

    def log_posterior(self, z, out):
        """log q(z|x) of codes, of the density that `draw(out, epsilon)` draws from: [B].

        out: what infer returns. Raises NotApplicable.
        """
        raise NotApplicable("needs a model with a posterior, as model=vae")

    def kl_of_units(self, x: np.ndarray) -> np.ndarray | None:
        """The KL of each code unit, [N, *code_shape] in nats, for images x; None: has none."""
        return None

    def at_progress(self, epochs: float) -> None:
        """Set annealed weights to where they stand after so many epochs; nothing here."""

    # ---- Keras -----------------------------------------------------------------------------

    def get_config(self):
        config = super().get_config()
        return config if self.learnt is None else config | {"data": learnt_file.plain(self.learnt)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        data = config.pop("data", None)
        model = super().from_config(config)
        if data is not None:
            model.learnt = learnt_file.from_plain(data, "the model's file")
        return model

    def build(self, input_shape):
        self.built = True

    def call(self, x, training=False, epsilon=None):
        """-> {"params": [B, H, W, C * params_per_channel], "z": ..., whatever infer returns}."""
        if training and epsilon is None and self.noise_shape() is not None:
            shape = (ops.shape(x)[0], *self.noise_shape())
            epsilon = keras.random.normal(shape, seed=self.seed_generator)
        out = self.infer(x, epsilon=epsilon, training=training)
        return {"params": self.decoder(out["z"], training=training), **out}

    def objective(self, x, target, out, training=False):
        """-> loss [B], terms {name: [B]}, all in nats an example."""
        terms = {"reconstruction": self.reconstruction_loss(target, out["params"])}
        loss = terms["reconstruction"]
        for name, (weight, term) in self.penalties(x, out, training=training).items():
            terms[name] = term
            loss = loss + weight * term
        return loss, terms

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss, terms = self.objective(x, x if y is None else y, y_pred, training=training)
        for tracker in self.term_trackers:
            tracker.update_state(terms[tracker.name])
        return ops.mean(loss)

    def test_step(self, data):
        """As Keras's, with frozen draws: x may be {"image": [B, ...], "epsilon": [B, ...]}."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        epsilon = None
        if isinstance(x, dict):
            x, epsilon = x["image"], x["epsilon"]
        elif self.noise_shape() is not None:
            seen = ops.cast(self._loss_tracker.count, "int32")  # images, in this evaluation
            shape = (ops.shape(x)[0], *self.noise_shape())
            epsilon = tf.random.stateless_normal(shape, tf.stack([0, seen]), alg="philox")
        out = self(x, training=False, epsilon=epsilon)
        loss = self.compute_loss(x=x, y=y, y_pred=out, training=False)
        self._loss_tracker.update_state(loss, sample_weight=ops.shape(x)[0])
        return self.get_metrics_result()

    def frozen_epsilon(self, n: int, start: int = 0) -> np.ndarray | None:
        """The draws for the examples start .. start + n of a split in evaluation.

        [n, *noise_shape], or None where the model draws nothing.
        """
        shape = self.noise_shape()
        return None if shape is None else normal_draws(int(n), shape, start=int(start))

    # ---- data in, data out; deterministic ----------------------------------------------------

    @property
    def raw(self) -> Raw:
        """The same with values as a file has them: model.raw.encode(rows)."""
        if self.learnt is None:
            raise NotApplicable("this model does not know what data it was trained on")
        return Raw(self, self.learnt)

    def encode(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Images [N, H, W, C] -> codes [N, *code_shape]: the posterior mean.

        With a seed, a draw from the posterior. Raises NotApplicable where the code is not random,
        BadRequest for whole numbers, as a file may have them: model.raw takes those.
        """
        _refuse_whole_numbers(x)
        if seed is None:
            return self._map("encode", lambda x: self.infer(x)["z"], x)
        if self.noise_shape() is None:
            raise NotApplicable("this model's codes are not random: take sample=false")
        epsilon = normal_draws(len(x), self.noise_shape(), seed=seed)
        return self._map("draw", lambda a: self.infer(a[0], epsilon=a[1])["z"], [x, epsilon])

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Codes [N, *code_shape] -> expected images [N, H, W, C]."""
        z = np.asarray(z, "float32")
        if z.shape[1:] != self.code_shape:
            raise BadRequest(f"codes have shape {z.shape[1:]}; this model's are {self.code_shape}")
        limits.check_images(len(z), self.data_shape)
        return self._map("decode", lambda z: self._pixels(self.decoder(z)), z)

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Images [N, H, W, C] -> expected images [N, H, W, C] of their codes."""
        _refuse_whole_numbers(x)
        return self._map("reconstruct", lambda x: self._pixels(self(x)["params"]), x)

    def score(self, x: np.ndarray, target: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """{"loss" and each term: [N] in nats}, draws frozen, for images x (and clean targets)."""

        def step(batch):
            x, target, *epsilon = batch
            out = self(x, epsilon=epsilon[0] if epsilon else None)
            loss, terms = self.objective(x, target, out)
            return {"loss": loss, **terms}

        arrays = [x, x if target is None else target]
        if self.noise_shape() is not None:
            arrays.append(self.frozen_epsilon(len(x)))
        return self._map("score", step, arrays)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """n images [n, H, W, C] decoded from codes of the prior."""
        return self.decode(self.sample_prior(n, seed))

    def _pixels(self, params):
        return self.reconstruction_loss.mean(params)

    def _map(self, name: str, step, arrays):
        """Run a compiled step over some images at a time and put the outcome together again."""
        functions = self.__dict__.setdefault("_compiled_steps", {})
        if name not in functions:  # autograph would write files into the temporary folder
            functions[name] = tf.function(step, reduce_retracing=True, autograph=False)
        function = functions[name]
        arrays = tf.nest.map_structure(lambda a: np.asarray(a, "float32"), arrays)
        n = len(tf.nest.flatten(arrays)[0])
        size = max(1, min(ROWS, VALUES // math.prod(self.data_shape)))
        parts = []
        starts = range(0, n, size)
        for start in tqdm(starts, desc=name, unit="block", leave=False, delay=1, disable=None):
            rows = tf.nest.map_structure(lambda a, s=start: a[s : s + size], arrays)
            parts.append(function(tf.nest.map_structure(tf.constant, rows)))
        return tf.nest.map_structure(lambda *p: np.concatenate([np.asarray(q) for q in p]), *parts)


def _refuse_whole_numbers(x: np.ndarray) -> None:
    if np.asarray(x).dtype.kind in "iub":
        raise BadRequest(
            "the model takes floats as in its training, bytes as x/255\n"
            "whole numbers as a file has them: model.raw.encode(x), model.raw.reconstruct(x)"
        )
