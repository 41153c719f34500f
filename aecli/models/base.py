"""Autoencoder: the one base class. A variant overrides infer, penalties, or sample_prior."""

from typing import Annotated, Any, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli import limits
from aecli.dataspec import DataSpec
from aecli.losses.base import Loss, of_points
from aecli.losses.binary_crossentropy import BinaryCrossentropy
from aecli.models.batch import Batch
from aecli.models.before import Before
from aecli.models.conditioned import Conditioned
from aecli.models.in_keras import InKeras
from aecli.models.law_of_codes import LawOfCodes
from aecli.models.measured import PART, Measured
from aecli.models.on_arrays import OnArrays
from aecli.models.watched import MeanOf, Watched
from aecli.networks.base import Heads, Network, emitted
from aecli.networks.tokens import until_end
from aecli.quantity import LOWER, Quantity
from aecli.serial import Configurable

LatentDim = Annotated[
    int, Field(gt=0, le=2**20, description="numbers a code, or a cell of a grid code")
]


DataShape = Annotated[Any, Field(description="(H, W, C) of an example")]


class Autoencoder(
    OnArrays, InKeras, Measured, Before, Conditioned, LawOfCodes, Configurable, keras.Model
):
    """An encoder, a decoder and an objective over images x [B, H, W, C].

    Every term of the objective is [B], in nats an example, summed over pixels and over code
    units, so that a weight means the same for every image size. The loss is the reconstruction
    plus the weighted penalties.

    data_shape: (H, W, C); None: as the first data have it. latent_dim: code size, or channels of
    a grid code; None: the last feature map. flat: code [B, latent_dim] if true, else
    [B, h, w, latent_dim].

    A variant states its further settings as annotated fields. One that needs layers of its own
    makes them in assemble(), after super().assemble().
    """

    players: ClassVar[tuple[str, ...]] = ("model",)  # who minimises something; "model" first
    codes_reconstruct: ClassVar[bool] = True  # whether the encoder minimises the reconstruction
    own_score: ClassVar[str] = "reconstruction"  # that aecli detect takes where none is stated
    fills_gaps: ClassVar[bool] = False  # whether it is trained on images of which parts are removed
    learnt = None  # of its training's data; kept in a .keras file
    train_count = None  # examples of the training part, where the model asks for their number
    decoded_an_example = 1  # images that the decoder makes of an example for its loss

    data_shape: DataShape = None
    network: Network
    reconstruction_loss: Loss = BinaryCrossentropy()
    latent_dim: LatentDim | None = 32
    flat: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether it knows what its layers are made for; else the first data tell."""
        return self.data_shape is not None

    def assemble(self) -> None:
        """Build encoder and decoder.

        Raises BadRequest where the network cannot take the shape, or would be too large.
        """
        self.check_network()
        self.data_shape = tuple(self.data_shape)
        self.reconstruction_loss.check_shape(self.data_shape)
        self.seed_generator = keras.random.SeedGenerator(0)
        self.autocast = False  # the parts cast for themselves; draws and targets stay float32
        channels = self.data_shape[-1] * self.reconstruction_loss.params_per_channel
        with limits.at_most():
            self.encoder = self.network.encoder(self.encoder_shape(), self.heads(), self.flat)
            self.code_shape = tuple(next(iter(emitted(self.encoder).values())).shape[1:])
            out_shape = (*self.data_shape[:2], channels)
            shape = self.shape_beside_label(self.decoder_shape())
            self.decoder = self.network.decoder(shape, out_shape)
        limits.check_values(self.encoder, self.decoder)
        self.term_trackers = [keras.metrics.Mean(name=name) for name in self.term_names()]
        self.watched = self.watches()
        self.opponent_losses = [
            MeanOf(f"{name}_loss", Quantity("nats an image", LOWER, f"what the {name} minimises"))
            for name in self.players[1:]
        ]

    @property
    def spec(self) -> DataSpec:
        """What one example is, as far as a model needs to know it."""
        return DataSpec.of(self.data_shape) if self.learnt is None else self.learnt.spec

    @property
    def has_gaps(self) -> bool:
        """Whether points of an example may be missing, which are NaN."""
        return self.learnt is not None and self.learnt.gaps

    def seen(self, x):
        """x [B, *data_shape] as the encoder is given it.

        Points that are missing are 0 for a network that does not know series; one of series sees
        for itself which are.
        """
        if not self.has_gaps or self.network.is_of_series:
            return x
        return ops.where(ops.isnan(x), ops.zeros_like(x), x)

    def check_range(self, low: float, high: float) -> None:
        """Raises BadRequest where data from low to high are not what its parts are made for."""
        self.reconstruction_loss.check_range(low, high)

    # ---- what a variant states -------------------------------------------------------------

    def heads(self) -> Heads:
        """What the encoder emits: {name: (size, activation)}."""
        return {"z": (self.latent_dim, "linear")}

    def decoder_shape(self) -> tuple[int, ...]:
        """The shape of what the decoder is given of an example, but for its label."""
        return self.code_shape

    def decoder_input(self, z, label=None):
        """What the decoder is given for codes z, and labels [B]: [B, *self.decoder_shape()]."""
        return z

    def decoded_units(self) -> range:
        """The units of a code, or the feature maps, that the decoder's images depend on."""
        return range(self.code_shape[-1])

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape of an example's code in a file: of its whole numbers where it is discrete."""
        return self.code_shape

    def term_names(self) -> list[str]:
        """The terms that are logged: the reconstruction and the names of the penalties."""
        return ["reconstruction"]

    def watches(self) -> list[Watched]:
        """What is watched and not minimised: an accumulator for each, under the name it has."""
        return [MeanOf(name, PART) for name in self.reconstruction_loss.part_names]

    def noise_shapes(self) -> dict[str, tuple[int, ...]]:
        """{name: shape} of the standard normals that forward takes for an example."""
        return self.shown_draws()

    def shown_draws(self) -> dict[str, tuple[int, ...]]:
        """Those among them that decide what the decoder is shown of the target in training."""
        return self.network.noise_shapes(self.data_shape)

    def infer(self, batch: Batch, training=False) -> dict[str, Any]:
        """-> {"z": [B, *code_shape], ...}; without draws the code is not random."""
        return self.encoder(self.encoder_input(batch.x, batch.label), training=training)

    def params(self, z, label=None, training=False, given=None):
        """The decoder's [B, H, W, C * params_per_channel] for codes z, and labels [B] if asked for.

        given: what `told` says of the target, which a decoder of text goes by; without it, it goes
        by what it wrote itself. Nothing else calls the decoder of a model that is trained.
        """
        z = self.beside_label(self.decoder_input(z, label), label)
        return self.network.decoded(self.decoder, z, given=given, training=training)

    def told(self, batch: Batch, training=False):
        """What the decoder may see of the target of a batch; None for most networks."""
        if batch.target is None:
            return None
        return self.network.told(batch.target, batch.draws if training else None)

    def expected(self, params):
        """What the params stand for, [B, *data_shape]; of text, NaN after the end."""
        mean = self.reconstruction_loss.mean(params)
        return until_end(mean) if self.network.is_of_text else mean

    def misfit(self, target, params):
        """The reconstruction loss [B] in nats; of series with gaps, over the points they have."""
        if self.has_gaps:
            return of_points(self.reconstruction_loss, target, params)
        return self.reconstruction_loss(target, params)

    def log_likelihood(self, target, params):
        """log p(target | params) [B] in nats; of series with gaps, of the points they have."""
        if self.has_gaps:
            return of_points(self.reconstruction_loss.log_prob, target, params)
        return self.reconstruction_loss.log_prob(target, params)

    def penalties(self, batch: Batch, out, training=False) -> dict[str, tuple[Any, Any]]:
        """{name: (weight, term [B] in nats)}, added to the reconstruction.

        A weight may be a function of batch.progress, which is None in evaluation.
        """
        return {}

    def forward(self, batch: Batch, training=False) -> dict[str, Any]:
        """-> {"params": [B, H, W, C * params_per_channel], "z": ..., whatever infer returns}.

        Of text, params are those of each token given the target's before it, if there is a target.
        """
        out, given = self.infer(batch, training=training), self.told(batch, training)
        params = self.params(out["z"], batch.label, training=training, given=given)
        return {"params": params, **out}

    def objective(self, batch: Batch, out, player: str = "model", training=False):
        """-> loss [B], terms {name: [B]}, in nats an example, and what is watched {name: value}.

        out: what forward returns. A player after the first has no terms; it is asked in training
        alone, and may know the batch as a whole.
        """
        terms = {"reconstruction": self.misfit(batch.target, out["params"])}
        loss = terms["reconstruction"]
        for name, (weight, term) in self.penalties(batch, out, training=training).items():
            terms[name] = term
            loss = loss + weight * term
        return loss, terms, self.reconstruction_loss.parts(batch.target, out["params"])

    def variables_of(self, player: str) -> list:
        """What a player trains: one after the first, the part of the model that has its name."""
        if player != self.players[0]:
            return getattr(self, player).trainable_variables
        others = {id(v) for name in self.players[1:] for v in self.variables_of(name)}
        return [v for v in self.trainable_variables if id(v) not in others]
