"""Masked autoencoder: most patches of an image are removed, and those are asked for."""

import math
from typing import Annotated, ClassVar

import keras
import tensorflow as tf
from keras import ops
from pydantic import Field

from aecli.dataspec import DataSpec
from aecli.errors import BadRequest
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.batch import Batch
from aecli.models.sparse_codes import among_largest
from aecli.networks.patches import image_of, patches_of, side_for
from aecli.quantity import LOWER, Quantity
from aecli.serial import register

LEAST = 1e-6  # added to a patch's variance, as He et al.


@register
class Masked(Autoencoder):
    """loss = reconstruction, summed over the removed patches alone (He et al. 2022, sec. 3).

    Of an image's L patches floor((1 - mask_ratio) L) are left, at random, each example its own:
    anew at every step of a training, the same in every evaluation. A network that sees gaps
    (network=vit) is given the others as missing, any other an image with 0 there and a channel of
    1 where patches were removed.

    normalised: the targets are the pixels of a patch less its mean, over its standard deviation
    (sec. 4.1, "reconstruction target"). What is decoded is then such numbers; only where the image
    is at hand, in reconstruct and in figures, are they put back into its units.

    encode and reconstruct take the whole image, of which nothing is removed.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ()
    fills_gaps: ClassVar[bool] = True

    latent_dim: LatentDim | None = 64
    flat: bool = False
    patch_size: Annotated[int, Field(gt=0, le=2**12, description="pixels")] | None = None
    mask_ratio: Annotated[float, Field(gt=0, lt=1, description="share that is removed")] = 0.75
    normalised: bool = False

    def assemble(self):
        """Raises BadRequest for what has no patches, and for a loss of other targets."""
        self.side = self._side()
        self.grid = tuple(size // self.side for size in self.data_shape[:2])
        self.patches = math.prod(self.grid)
        self.left = math.floor((1.0 - self.mask_ratio) * self.patches + 1e-9)
        if not 0 < self.left < self.patches:
            raise BadRequest(
                f"of {self.patches} patches {self.left} would be left: take a smaller "
                "model.patch_size, or another model.mask_ratio"
            )
        if self.normalised and (self.reconstruction_loss.needs_unit_range or self.side == 1):
            raise BadRequest(
                "model.normalised=true asks for numbers of mean 0 and variance 1 in each patch\n"
                "take loss=mse, and patches of more than one pixel"
            )
        own = self.network.patch_sides(self.data_shape)
        self.sees_gaps = own is not None
        if own is not None and any(self.side % side for side in own):
            raise BadRequest(
                f"patches of {self.side} pixels are removed, and the network cuts into {own[0]}\n"
                f"take network.patch_size={self.side}"
            )
        super().assemble()

    def _side(self) -> int:
        height, width, _ = self.data_shape
        spec = DataSpec.of(self.data_shape)
        if height == 1 or self.network.is_of_series or self.network.is_of_text:
            raise BadRequest(
                f"model=masked removes patches of images, and these are of {spec}\n"
                "take model=denoising noise=masking, which removes single values"
            )
        side = self.patch_size or side_for(height, width)
        if side is None or height % side or width % side:
            stated = "no size of patches" if side is None else f"model.patch_size={side}"
            fitting = [n for n in range(1, min(height, width)) if height % n == width % n == 0]
            raise BadRequest(
                f"{stated} divides images of {spec} into equal parts\n"
                f"model.patch_size is one of {', '.join(map(str, fitting))} here"
            )
        return side

    def encoder_shape(self):
        height, width, channels = self.data_shape
        return (height, width, channels + (not self.sees_gaps))

    def quantities(self):
        text = "of the removed patches alone"
        found = super().quantities()
        own = Quantity("nats an image", LOWER, text, True).of(self.spec)
        return found | {"loss": own, "reconstruction": own}

    def noise_shapes(self):
        return {"mask": (self.patches,)} | super().noise_shapes()

    @property
    def has_random_codes(self):
        return False

    def image_encoder(self):
        image = keras.Input(self.data_shape, name="image")
        return type(self.encoder)(image, self.encoder(self.whole(image)), name="encoder")

    def whole(self, x):
        """Images [B, H, W, C] as the encoder is given them, nothing removed."""
        return x if self.sees_gaps else ops.concatenate([x, ops.zeros_like(x[..., :1])], axis=-1)

    def removed(self, draws):
        """Of draws [B, L]: 1 for a patch that is removed, 0 for the smallest ones': [B, L]."""
        return ops.cast(ops.logical_not(among_largest(-draws, self.left)), "float32")

    def pixels_of(self, removed):
        """[B, L] -> [B, H, W, 1], the same for all pixels of a patch."""
        grid = ops.reshape(removed, (-1, *self.grid, 1))
        return ops.repeat(ops.repeat(grid, self.side, axis=1), self.side, axis=2)

    def infer(self, batch, training=False):
        """-> "z", and with draws "removed" [B, L] float32: 1 for a patch that is, 0 for others."""
        if "mask" not in batch.draws:
            return self.encoder(self.whole(batch.x), training=training)
        removed = self.removed(batch.draws["mask"])
        pixels = self.pixels_of(removed)
        if self.sees_gaps:
            seen = ops.where(pixels > 0, math.nan, batch.x)
        else:
            seen = ops.concatenate([ops.where(pixels > 0, 0.0, batch.x), pixels], axis=-1)
        return {**self.encoder(seen, training=training), "removed": removed}

    def objective(self, batch, out, player="model", training=False):
        each = self.misfit_of_patches(batch.target, out["params"])
        loss = ops.sum(each * out["removed"], axis=-1)
        parts = self.reconstruction_loss.parts(batch.target, out["params"])
        return loss, {"reconstruction": loss}, parts

    def misfit_of_patches(self, target, params):
        """The reconstruction loss of each patch in nats: [B, L]."""
        target, params = (patches_of(x, (self.side, self.side)) for x in (target, params))
        if self.normalised:
            mean, stddev = of_patches(target)
            target = (target - mean) / stddev
        one = (self.side, self.side)
        each = self.misfit(
            *(ops.reshape(x, (-1, *one, x.shape[-1] // self.side**2)) for x in (target, params))
        )
        return ops.reshape(each, (-1, self.patches))

    def in_units_of(self, x, images):
        """Decoded images [B, H, W, C] in the units of x: where targets are normalised, put back."""
        if not self.normalised:
            return images
        x, patches = (patches_of(one, (self.side, self.side)) for one in (x, images))
        mean, stddev = of_patches(x)
        return image_of(mean + stddev * patches, (self.side, self.side))

    def reconstruct(self, x, label=None):
        def step(a):
            out = self.forward(Batch(a["x"], None, label=a.get("label")))
            return self.in_units_of(a["x"], self.expected(out["params"]))

        return self._map("reconstruct", step, {"x": x, **self.labels(label, len(x))})

    def pictured(self, x, label=None):
        """What is left of images x, grey where patches are removed, and these filled in."""
        grey = 0.5 * (float(x.min()) + float(x.max()))

        def step(a):
            batch = Batch(a["x"], None, a["draws"], label=a.get("label"))
            out = self.forward(batch)
            made = self.in_units_of(a["x"], self.expected(out["params"]))
            is_removed = self.pixels_of(out["removed"]) > 0
            return tf.where(is_removed, a["grey"], a["x"]), tf.where(is_removed, made, a["x"])

        arrays = {"x": x, "draws": self.frozen_draws(len(x)), **self.labels(label, len(x))}
        arrays["grey"] = ops.full((len(x), 1, 1, 1), grey)
        left, filled = self._map("pictured", step, arrays)
        return {"what is left": left, "filled in": filled}


def of_patches(patches):
    """Mean and standard deviation of the numbers of each patch [B, h, w, F]: [B, h, w, 1] each.

    The variance is the unbiased one, plus 1e-6 (He et al.'s code).
    """
    mean = ops.mean(patches, axis=-1, keepdims=True)
    count = patches.shape[-1]
    variance = ops.sum(ops.square(patches - mean), axis=-1, keepdims=True) / (count - 1)
    return mean, ops.sqrt(variance + LEAST)
