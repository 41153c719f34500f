"""Data in, data out, without a training: deterministic, some images at a time."""

import math
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aecli import limits
from aecli.errors import BadRequest, NotApplicable
from aecli.models import draws, given
from aecli.models.asked import Asked
from aecli.models.batch import Batch
from aecli.models.raw import Raw
from aecli.pinned import pin_sums

ROWS = 1000  # images a prediction step, fewer where they are large
LOGITS = 2**26  # numbers of a likelihood of tokens, a prediction step
VALUES = 2**20  # pixels a prediction step: the activations of a convolution are many times as many


class OnArrays(Asked):
    """Mix-in of Autoencoder: NumPy arrays in and out.

    label: [N] whole numbers, for a model that asks for labels (label_count).
    """

    @property
    def has_random_codes(self) -> bool:
        """Whether an image's code is drawn from a posterior."""
        return bool(self.noise_shapes().keys() - self.shown_draws().keys())

    @property
    def raw(self) -> Raw:
        """The same with values as a file has them: model.raw.encode(rows)."""
        if self.learnt is None:
            raise NotApplicable("this model does not know what data it was trained on")
        return Raw(self, self.learnt)

    def as_given(self, x: Any) -> np.ndarray:
        """Examples as Keras's fit takes them -> [N, *data_shape].

        A model that is not built yet is built for them. Raises BadRequest for another shape, and
        for whole numbers that are no bytes.
        """
        x = np.asarray(x)
        if not self.built:
            self.build(x.shape)
        given.check_shape(self, x.shape[1:])
        given.check_type(self, x.dtype)
        x = x.reshape(-1, *self.data_shape)
        return x / np.float32(255) if x.dtype == np.uint8 else x

    def frozen_draws(self, n: int, start: int = 0, seed: int = 0) -> dict[str, np.ndarray]:
        """The draws for the examples start .. start + n of a split in evaluation."""
        return draws.frozen_draws(self.noise_shapes(), n, start, seed)

    def encode(self, x: np.ndarray, seed: int | None = None, label=None) -> np.ndarray:
        """Images [N, H, W, C] -> codes [N, *code_shape]: the posterior mean.

        With a seed, a draw from the posterior. Raises NotApplicable where the code is not random,
        BadRequest for whole numbers where a run knows better what they are: model.raw takes those.
        """
        x = self.as_given(x)
        if seed is not None and not self.has_random_codes:
            raise NotApplicable("this model's codes are not random: take sample=false")
        drawn = {} if seed is None else self.frozen_draws(len(x), seed=seed)

        def step(a):
            return self.infer(Batch(a["x"], a["x"], a["draws"], label=a.get("label")))["z"]

        return self._map("encode", step, {"x": x, "draws": drawn, **self.labels(label, len(x))})

    def decode(self, z: np.ndarray, label=None) -> np.ndarray:
        """Codes [N, *code_shape] -> expected images [N, H, W, C]; of a codebook, the nearest."""
        z = np.asarray(z, "float32")
        if z.shape[1:] != self.code_shape:
            raise BadRequest(f"codes have shape {z.shape[1:]}; this model's are {self.code_shape}")
        limits.check_images(len(z), self.data_shape)

        def step(a):
            z = self.nearest(a["z"])
            return self.expected(self.params(z, a.get("label")))

        return self._map("decode", step, {"z": z, **self.labels(label, len(z))})

    def encode_indices(self, x: np.ndarray, label=None) -> np.ndarray:
        """Images [N, H, W, C] -> [N, *stored_shape] int32, 0 .. codebook_size - 1 each.

        Raises NotApplicable where there is no codebook.
        """
        x = self.as_given(x)
        self.check_has_codebook()

        def step(a):
            return self.infer(Batch(a["x"], a["x"], label=a.get("label")))["indices"]

        return self._map("encode_indices", step, {"x": x, **self.labels(label, len(x))})

    def decode_indices(self, indices: np.ndarray, label=None) -> np.ndarray:
        """[N, *stored_shape] whole numbers -> expected images [N, H, W, C]. As encode_indices."""
        codebook_size = self.check_has_codebook()
        indices = np.asarray(indices)
        if indices.shape[1:] != self.stored_shape or indices.dtype.kind not in "iu":
            raise BadRequest(
                f"codes are {indices.dtype} {indices.shape[1:]}; this model's are whole numbers "
                f"{self.stored_shape}"
            )
        if indices.size and not 0 <= indices.min() <= indices.max() < codebook_size:
            raise BadRequest(
                f"codes are from {indices.min()} to {indices.max()}; this model's from 0 to "
                f"{codebook_size - 1}"
            )
        limits.check_images(len(indices), self.data_shape)

        def step(a):
            z = self.look_up(a["indices"])
            return self.expected(self.params(z, a.get("label")))

        arrays = {"indices": indices.astype("int32"), **self.labels(label, len(indices))}
        return self._map("decode_indices", step, arrays)

    def reconstruct(self, x: np.ndarray, label=None) -> np.ndarray:
        """Images [N, H, W, C] -> expected images [N, H, W, C] of their codes.

        The points that a series lacks, NaN, stay NaN; a sentence ends where the model ends it.
        """
        x = self.as_given(x)

        def step(a):
            out = self.forward(Batch(a["x"], None, label=a.get("label")))
            mean = self.expected(out["params"])
            keeps_gaps = self.has_gaps and not self.network.is_of_text
            return tf.where(tf.math.is_nan(a["x"]), a["x"], mean) if keeps_gaps else mean

        return self._map("reconstruct", step, {"x": x, **self.labels(label, len(x))})

    def pictured(self, x: np.ndarray, label=None) -> dict[str, np.ndarray]:
        """{what it is: images [N, H, W, C]} of images x, as a figure shows what the model does."""
        return {"reconstruction": self.reconstruct(x, label)}

    def score(self, x: np.ndarray, target: np.ndarray | None = None, label=None):
        """{"loss" and each term: [N] in nats}, draws frozen, for images x (and clean targets)."""
        x = self.as_given(x)

        def step(a):
            batch = Batch(a["x"], a["target"], a["draws"], label=a.get("label"))
            loss, terms, _ = self.objective(batch, self.forward(batch))
            return {"loss": loss, **terms}

        target = x if target is None else self.as_given(target)
        arrays = {"x": x, "target": target, "draws": self.frozen_draws(len(x))}
        return self._map("score", step, arrays | self.labels(label, len(x)))

    def log_likelihood_of_codes(self, x: np.ndarray, label=None) -> np.ndarray:
        """log p(x|z) of images in nats, [N], z their codes without draws."""

        def step(a):
            batch = Batch(a["x"], a["x"], label=a.get("label"))
            z = self.infer(batch)["z"]
            params = self.params(z, batch.label, given=self.told(batch))
            return self.log_likelihood(a["x"], params)

        return self._map("log_likelihood", step, {"x": x, **self.labels(label, len(x))})

    def sample(self, n: int, seed: int = 0, label=None) -> np.ndarray:
        """n images [n, H, W, C] decoded from codes of the prior."""
        return self.decode(np.asarray(self.sample_prior(n, seed)), label)

    def weights_of_penalties(self) -> dict[str, float]:
        """{term: the weight that it has in the loss, once a warm-up is over}."""
        if self.term_names() == ["reconstruction"]:
            return {}
        x = np.zeros((1, *self.data_shape), "float32")
        label = None if self.label_count is None else np.zeros(1, "int32")
        batch = Batch(x, x, self.frozen_draws(1), label=label)
        penalties = self.penalties(batch, self.forward(batch))
        return {name: float(weight) for name, (weight, _) in penalties.items()}

    def check_has_codebook(self) -> int:
        """The codebook's size. Raises NotApplicable where there is none."""
        if self.codebook_size is None:
            raise NotApplicable("needs a model with a codebook, as model=vq_vae")
        return self.codebook_size

    def check_has_density(self, of_choices: bool) -> None:
        """Raises NotApplicable where a sampler, of choices or of numbers, is not for its codes."""
        if self.codebook_size is not None and not of_choices:
            raise NotApplicable(
                f"draws from choices among {self.codebook_size:,}, not from numbers: take "
                "sampler=pixelcnn or sampler=transformer"
            )
        if self.codebook_size is None and of_choices:
            raise NotApplicable(
                "draws from codes that are numbers, no choices from a codebook: take sampler=gmm "
                "or sampler=maf"
            )

    def labels(self, label, n: int) -> dict[str, np.ndarray]:
        """{"label": [N] int32}, or {} for a model that asks for none. Raises BadRequest."""
        if self.label_count is None:
            return {}
        if label is None:
            raise BadRequest("this model needs the label of each image, and these have none")
        label = np.asarray(label)
        if label.shape not in ((), (n,)):
            raise BadRequest(f"labels have the shape {label.shape}; one an image is [{n}]")
        known = np.arange(self.label_count)
        if label.dtype.kind not in "iu" or not np.isin(label, known).all():
            raise BadRequest(f"a label of this model is a whole number from 0 to {known[-1]}")
        return {"label": np.broadcast_to(label, (n,)).astype("int32")}

    def rows_at_once(self, copies: int = 1) -> int:
        """How many examples, each decoded so many times, are in the memory at once."""
        values = copies * math.prod(self.data_shape)
        size = VALUES // values
        if self.network.is_of_text:
            size = min(size, LOGITS // (values * self.reconstruction_loss.params_per_channel))
        return max(1, min(ROWS, size))

    def _map(self, name: str, step, arrays):
        """Run a compiled step over some images at a time and put the outcome together again."""
        functions = self.__dict__.setdefault("_compiled_steps", {})
        arrays = tf.nest.map_structure(_as_given, arrays)
        taken = tf.nest.map_structure(_of_any_number, arrays)
        key = name, str(taken)
        if key not in functions:  # autograph would write files into the temporary folder
            pin_sums()
            functions[key] = tf.function(step, input_signature=[taken], autograph=False)
        function = functions[key]
        n = len(tf.nest.flatten(arrays)[0])
        size = self.rows_at_once(self.decoded_an_example)
        parts = []
        starts = range(0, n, size)
        for start in tqdm(starts, desc=name, unit="block", leave=False, delay=1, disable=None):
            rows = tf.nest.map_structure(lambda a, s=start: a[s : s + size], arrays)
            parts.append(function(tf.nest.map_structure(tf.constant, rows)))
        return tf.nest.map_structure(lambda *p: np.concatenate([np.asarray(q) for q in p]), *parts)


def _of_any_number(rows: np.ndarray) -> tf.TensorSpec:
    """A step is traced once, whatever the number of its rows."""
    return tf.TensorSpec((None, *rows.shape[1:]), rows.dtype)


def _as_given(x) -> np.ndarray:
    x = np.asarray(x)
    return x if x.dtype == np.int32 else x.astype("float32")
