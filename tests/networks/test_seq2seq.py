"""seq2seq: its likelihood is that of its cells run by hand, it never looks ahead, it writes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from options import GREYS, SMALL
from scipy.special import expit, log_softmax

from aecli import build
from aecli.datasets.learnt import Learnt
from aecli.errors import BadRequest
from aecli.models.batch import Batch
from aecli.networks.tokens import dropped, numbers_before, until_end

POINTS, TOKENS, CODE = 7, GREYS.size, 4
LENGTHS = (3, 6, 0, 5)  # of sentences, without their end


def sentences() -> np.ndarray:
    rng = np.random.default_rng(0)
    pieces = [[GREYS.tokens[i] for i in rng.integers(0, 3, n)] for n in LENGTHS]
    return GREYS.rows(pieces, POINTS)


@pytest.fixture
def model(compose):
    def made(*words: str, points: int = POINTS):
        words = ("network=seq2seq", *SMALL["seq2seq"], "loss=categorical", *words)
        words = (f"model.latent_dim={CODE}", "network.bias_initializer=random_normal", *words)
        built = build.model(compose(*words), (1, points, 1), vocabulary=GREYS)
        built.learnt = Learnt(
            shape=(1, points, 1), unit="other", range=(0, 4), kind="text", gaps=True,
            vocabulary=GREYS,
        )  # fmt: skip
        return built

    return made


def gru(x, state, kernel, recurrent, bias):
    """Cho 2014, as Keras has it by default: the reset gate after the product (reset_after)."""
    (h,), size = state, len(state[0])
    inner, outer = x @ kernel + bias[0], h @ recurrent + bias[1]
    z, r = (
        expit(inner[i * size : (i + 1) * size] + outer[i * size : (i + 1) * size]) for i in (0, 1)
    )
    new = np.tanh(inner[2 * size :] + r * outer[2 * size :])
    return [z * h + (1 - z) * new]


def lstm(x, state, kernel, recurrent, bias):
    """Hochreiter & Schmidhuber 1997 with a forget gate; gates in the order i, f, c, o."""
    (h, c), size = state, len(state[0])
    gates = x @ kernel + h @ recurrent + bias
    i, f, new, o = (gates[k * size : (k + 1) * size] for k in range(4))
    c = expit(f) * c + expit(i) * np.tanh(new)
    return [expit(o) * np.tanh(c), c]


CELLS = {"gru": (gru, 1), "lstm": (lstm, 2)}


def by_hand(model, z, tokens=None):
    """log p [T, V] of each point by NumPy alone, and the tokens that were written.

    tokens: of the sentence, [T], each shown to the point after it; None: the likeliest.
    """
    layer = model.decoder.get_layer
    step, parts = CELLS[model.network.cell]
    table = layer("embedding").get_weights()[0]
    states = []
    for i in range(model.network.depth):
        starts = [layer(f"start_{i}_{j}").get_weights() for j in range(parts)]
        states.append([np.tanh(z @ kernel + bias) for kernel, bias in starts])
    before, logs, written = 0, [], []
    for t in range(POINTS):
        h = np.concatenate([table[before], z])
        for i in range(model.network.depth):
            states[i] = step(h, states[i], *layer(f"recurrent_{i}").get_weights())
            h = states[i][0]
        kernel, bias = layer("params").get_weights()
        logs.append(log_softmax(h @ kernel + bias))
        written.append(int(np.argmax(logs[-1])))
        before = written[-1] if tokens is None else int(np.nan_to_num(tokens[t]))
    return np.array(logs), written


WORDS = [("gru", 1), ("lstm", 2)]


@pytest.mark.parametrize(("cell", "depth"), WORDS)
def test_the_likelihood_is_the_sum_of_the_steps_by_hand(model, cell, depth):
    built, x = model(f"network.cell={cell}", f"network.depth={depth}"), sentences()
    found = built.score(x)["reconstruction"]
    for row, (sentence, z) in enumerate(zip(x[:, 0, :, 0], built.encode(x), strict=True)):
        logs, _ = by_hand(built, z, sentence)
        there = range(LENGTHS[row] + 1)  # and its end
        wanted = -sum(logs[t, int(sentence[t])] for t in there)
        assert found[row] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(("cell", "depth"), WORDS)
def test_without_a_target_each_token_is_the_likeliest_after_those_written(model, cell, depth):
    built = model(f"network.cell={cell}", f"network.depth={depth}")
    codes = np.random.default_rng(1).normal(0, 3, (12, CODE)).astype("float32")
    made = built.decode(codes)[:, 0, :, 0]
    ends = set()
    for row, z in zip(made, codes, strict=True):
        _, written = by_hand(built, z)
        end = written.index(0) + 1 if 0 in written else POINTS
        np.testing.assert_array_equal(row[:end], written[:end])
        assert np.isnan(row[end:]).all()
        ends.add(end)
    assert len(ends) > 1
    np.testing.assert_array_equal(
        built.reconstruct(sentences()), built.decode(built.encode(sentences()))
    )


def test_a_point_knows_nothing_of_what_is_at_it_or_after_it(model):
    built, x = model(), sentences()
    z = built.encode(x)
    params = np.asarray(built.params(z, given=built.told(Batch(None, x))))
    for t in range(POINTS):
        other = x.copy()
        other[1, 0, t:] = 1 + (np.nan_to_num(x[1, 0, t:]) % 4)  # another token at each
        changed = np.asarray(built.params(z, given=built.told(Batch(None, other))))
        np.testing.assert_array_equal(changed[1, 0, : t + 1], params[1, 0, : t + 1])
        if t + 1 < POINTS:
            assert np.abs(changed[1, 0, t + 1] - params[1, 0, t + 1]).max() > 1e-6


@pytest.mark.parametrize("bidirectional", ["true", "false"])
def test_a_code_is_that_of_the_short_sentence_alone(model, bidirectional):
    built = model(f"network.bidirectional={bidirectional}", "network.depth=2")
    short = model(f"network.bidirectional={bidirectional}", "network.depth=2", points=4)
    short.encoder.set_weights(built.encoder.get_weights())
    x = sentences()
    np.testing.assert_allclose(short.encode(x[:1, :, :4]), built.encode(x[:1]), atol=1e-6)
    turned = x.copy()
    turned[3, 0, :5] = x[3, 0, 4::-1]
    assert np.abs(built.encode(turned)[3] - built.encode(x)[3]).max() > 1e-4


def test_a_decoder_is_not_shown_a_share_of_the_words_in_training_alone(model):
    built = model("network.word_dropout=0.3", "model=vae")
    assert list(built.noise_shapes()) == ["z", "words"]
    x = np.repeat(sentences()[1:2], 2000, axis=0)
    batch = Batch(x, x, built.frozen_draws(len(x)))
    before, shown = (np.asarray(a) for a in (numbers_before(x), built.told(batch, training=True)))
    assert (shown[:, 0] == 0).all()  # where it begins
    is_dropped = shown[:, 1:] != before[:, 1:]
    assert is_dropped.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / is_dropped.size))
    assert (shown[:, 1:][is_dropped] == 1).all()
    np.testing.assert_array_equal(built.told(batch), before)
    plain = model("network.word_dropout=0.0", "model=vae")
    plain.set_weights(built.get_weights())
    np.testing.assert_array_equal(plain.score(x[:5])["loss"], built.score(x[:5])["loss"])
    trained = built.objective(batch, built.forward(batch, training=True), training=True)[0]
    assert np.abs(trained - built.score(x)["loss"]).max() > 1e-3


def test_the_share_is_that_of_the_draws():
    draws = np.random.default_rng(0).normal(size=(3000, 9)).astype("float32")
    for share in (0.0, 0.05, 0.9, 1.0):
        shown = np.asarray(dropped(np.full((3000, 9), 3, "int32"), draws, share))
        assert (shown[:, 1:] == 1).mean() == pytest.approx(share, abs=0.01)


def test_codes_of_a_plain_autoencoder_are_not_random_for_it(model):
    assert not model("network.word_dropout=0.3").has_random_codes
    assert model("network.word_dropout=0.3", "model=vae").has_random_codes


def test_each_draw_of_an_iwae_is_shown_its_own_sentence(model):
    built, x = model("model=iwae", "model.k=3", "network.word_dropout=0.2"), sentences()
    batch = Batch(x, x, built.frozen_draws(len(x)))
    out = built.forward(batch, training=True)
    told = built.told(batch, training=True)
    for row in range(len(x)):
        alone = built.params(
            out["zs"][3 * row : 3 * row + 3], given=np.repeat(told[row : row + 1], 3, 0)
        )
        np.testing.assert_allclose(out["params_of_zs"][3 * row : 3 * row + 3], alone, atol=1e-5)


def test_what_follows_the_first_end_is_missing():
    x = np.array([[2, 0, 3, 0], [0, 0, 1, 1], [2, 3, 2, 2]], "float32")[:, None, :, None]
    wanted = np.array([[2, 0, np.nan, np.nan], [0] + [np.nan] * 3, [2, 3, 2, 2]], "float32")
    np.testing.assert_array_equal(np.asarray(until_end(x))[:, 0, :, 0], wanted)


def test_half_precision_keeps_the_numbers_of_the_tokens(compose):
    """Whole numbers beyond 256 are no bfloat16."""
    from aecli.datasets.vocabulary import Vocabulary

    many = Vocabulary(tuple(f"w{i}" for i in range(3000)))
    words = ["network=seq2seq", *SMALL["seq2seq"], "loss=categorical"]
    config = compose(*words, "trainer.precision=mixed_bfloat16")
    built = build.model(config, (1, 5, 1), vocabulary=many)
    x = np.array([2001, 2002], "float32")[:, None, None, None] + np.zeros((2, 1, 5, 1), "float32")
    codes = built.encode(x)
    assert np.abs(codes[0] - codes[1]).max() > 1e-3
    assert np.isfinite(built.score(x)["loss"]).all()
    assert built.reconstruct(x).shape == x.shape


def test_a_file_of_plain_keras_is_the_same_model_and_takes_sentences(model, tmp_path):
    built, x = model(), sentences()
    built.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.reconstruct(x), built.reconstruct(x))
    lines = GREYS.sentences(x)
    assert again.raw.reconstruct(lines) == GREYS.sentences(built.reconstruct(x))
    np.testing.assert_array_equal(again.raw.encode(lines), built.encode(x))


def test_gradients_are_finite_where_points_are_missing(model):
    built, x = model("model=vae"), sentences()
    batch = Batch(x, x, built.frozen_draws(len(x)))
    with tf.GradientTape() as tape:
        out = built.forward(batch, training=True)
        loss = tf.reduce_mean(built.objective(batch, out, training=True)[0])
    for variable, gradient in zip(
        built.trainable_variables, tape.gradient(loss, built.trainable_variables), strict=True
    ):
        assert np.isfinite(tf.convert_to_tensor(gradient)).all(), variable.path


@pytest.mark.parametrize(
    ("words", "vocabulary", "said"),
    [
        (["network=seq2seq", "loss=categorical"], None, "this network is of text"),
        (["loss=categorical"], None, "this loss is of text"),
        (["network=gru", "loss=categorical"], GREYS, "network=seq2seq"),
        (["network=seq2seq", "loss=mse"], GREYS, "loss=categorical"),
    ],
)
def test_what_is_of_text_goes_with_text_alone(compose, words, vocabulary, said):
    with pytest.raises(BadRequest, match=said) as refusal:
        build.model(compose(*words), (1, POINTS, 1), vocabulary=vocabulary)
    assert len(str(refusal.value).splitlines()) == 1
