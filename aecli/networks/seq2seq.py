"""An encoder-decoder for sentences: a code of all tokens, and a decoder that writes one by one."""

import dataclasses
from typing import Annotated, Any, ClassVar, Literal

import keras
from keras import layers, ops
from pydantic import Field

from aecli import limits
from aecli.networks.base import Heads, Network
from aecli.networks.points import Filled, IsThere
from aecli.networks.recurrent import check_flat
from aecli.networks.tokens import END, AtEnds, Beside, Numbers, dropped, numbers_before
from aecli.serial import register

CELLS: dict[str, tuple[Any, int, int]] = {  # layer, gates, tensors of a state
    "gru": (layers.GRU, 3, 1),
    "lstm": (layers.LSTM, 4, 2),
}
WORDS = "words"  # the name of the draws


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Seq2Seq(Network):
    """Tokens > embedding > recurrent layers > last state > code > recurrent layers > each token.

    Sutskever 2014 with the sentence itself as its translation (Dai & Le 2015; Bowman 2016). The
    decoder's states begin as layers of the code, and at each point it is given the code and the
    token before: in training and in the loss the target's, else the likeliest of its own, up to
    the end. word_dropout: the share of those tokens that are shown as unknown in training (Bowman
    2016, sec. 3.1).

    token_count: how many there are; as many as the data have.
    """

    jit_on_cpu: ClassVar[bool] = False
    is_of_series: ClassVar[bool] = True
    is_of_text: ClassVar[bool] = True

    activation: Literal["tanh", "sigmoid", "relu", "elu", "selu", "softplus"] = "tanh"
    cell: Literal["gru", "lstm"] = "gru"
    embedding: Annotated[int, Field(gt=0, le=2**14, description="numbers of a token")] = 128
    units: Annotated[int, Field(gt=0, le=2**14, description="numbers of a state")] = 256
    depth: Annotated[int, Field(gt=0, le=16, description="recurrent layers on either side")] = 1
    bidirectional: bool = True
    word_dropout: Annotated[float, Field(ge=0, le=1, description="share of the tokens")] = 0.0
    token_count: Annotated[int, Field(ge=2, le=2**20, description="tokens that there are")]

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        """x [B, 1, T, C], of which the first channel is the tokens -> {head: [B, size]}."""
        _, channels = self.check_series(data_shape)
        check_flat(self, heads, flat)
        inputs = keras.Input(data_shape, name="image")
        is_there = IsThere()(inputs)
        h = self._embedded(Numbers(dtype="float32")(inputs))
        if channels > 1:
            h = Beside()(h, Filled()(inputs))
        for _ in range(self.depth):
            h = self._read(h, is_there)
        h = AtEnds(self.bidirectional)(h, is_there)
        return self._ending_in(heads, inputs, h)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        """[z [B, *code_shape], numbers [B, T] of the tokens before] -> params [B, *out_shape]."""
        points, _ = self.check_series(out_shape)
        code = keras.Input(code_shape, name="code")
        before = keras.Input((points,), dtype="int32", name="before")
        told = layers.RepeatVector(points)(code)
        h = layers.Concatenate()([self._embedded(before, name="embedding"), told])
        for i in range(self.depth):
            start = [
                self._act(self._dense(code, self.units, name=name), "tanh")
                for name in self._starts(i)
            ]
            h = self._recurrent(h, name=f"recurrent_{i}")(h, initial_state=start)
        h = self._dense(h, out_shape[-1], name="params", dtype="float32")
        params = layers.Reshape(out_shape, dtype="float32")(h)
        return self._model([code, before], params, "decoder")

    def noise_shapes(self, data_shape):
        return {WORDS: (data_shape[1],)} if self.word_dropout else {}

    def told(self, target, draws=None):
        """Numbers [B, T] int32: the end, then the target's but for the last."""
        before = numbers_before(target)
        if draws is None or not self.word_dropout:
            return before
        return dropped(before, draws[WORDS], self.word_dropout)

    def decoded(self, decoder, z, given=None, training=False):
        given = self.written(decoder, z) if given is None else given
        both = [ops.convert_to_tensor(z), ops.convert_to_tensor(given)]
        return decoder(both, training=training)

    def written(self, decoder: keras.Model, z):
        """What a decoder writes of codes z by itself: numbers [B, T] int32 of the tokens before.

        The layers of `decoder`, a point at a time, each given the likeliest token at the one
        before, until every sentence has ended.
        """
        embedding, params = (decoder.get_layer(name) for name in ("embedding", "params"))
        cells = [decoder.get_layer(f"recurrent_{i}").cell for i in range(self.depth)]
        starts = [
            [ops.tanh(decoder.get_layer(name)(z)) for name in self._starts(i)]
            for i in range(self.depth)
        ]
        code = ops.cast(z, embedding.compute_dtype)
        points = ops.arange(decoder.output.shape[2], dtype="int32")[None]
        first = ops.cast(ops.zeros_like(code[:, :1]), "int32") + END

        def is_open(t, before, states, has_ended):
            return ops.logical_not(ops.all(has_ended))

        def step(t, before, states, has_ended):
            token = ops.sum(ops.where(points == t, before, 0), axis=1)
            h, after = ops.concatenate([embedding(token), code], axis=-1), []
            for cell, state in zip(cells, states, strict=True):
                h, state = cell(h, state, training=False)
                after.append(state)
            token = ops.cast(ops.argmax(params(h), axis=-1), "int32")
            before = ops.where(points == t + 1, token[:, None], before)
            return t + 1, before, after, ops.logical_or(has_ended, token == END)

        start = (0, first + ops.zeros_like(points), starts, ops.zeros_like(first[:, 0], "bool"))
        _, before, _, _ = ops.while_loop(
            is_open, step, start, maximum_iterations=decoder.output.shape[2] - 1
        )
        return before

    def _starts(self, i: int) -> list[str]:
        """The layers that make the state that recurrent layer i of the decoder begins with."""
        return [f"start_{i}_{j}" for j in range(CELLS[self.cell][2])]

    def _embedded(self, tokens, **kwargs):
        limits.count(self.token_count * self.embedding)
        return layers.Embedding(self.token_count, self.embedding, **kwargs)(tokens)

    def _read(self, h, is_there):
        """A layer of the encoder; what is missing changes no state."""
        if not self.bidirectional:
            return self._recurrent(h)(h)
        return layers.Bidirectional(self._recurrent(h, both=True))(h, mask=is_there)

    def _recurrent(self, h, both: bool = False, **kwargs):
        kind, gates, _ = CELLS[self.cell]
        weights = gates * self.units * (h.shape[-1] + self.units + 2)
        limits.count(2 * weights if both else weights)
        return kind(
            self.units,
            activation=self.activation,
            return_sequences=True,
            **self._initializers(),
            **kwargs,
        )
