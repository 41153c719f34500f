"""The feed, schedules, optimizers and callbacks."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from options import options

from aecli import build
from aecli.errors import BadRequest, RunFailed
from aecli.noise import Gaussian, NoNoise
from aecli.training import streaming
from aecli.training.feed import Preparation, epoch_order
from aecli.training.streaming import Piece, StreamingFeed


def feed_of(x, seed=0, batch=4, noise=None):
    preparation = Preparation(noise=noise or NoNoise(), seed=seed)
    return StreamingFeed(x, x[:1], preparation, batch)


def batches(feed, epoch):
    """The images of each batch of an epoch, as the programs are given them."""
    found, full = [], feed._n // feed._batch
    pieces = [feed._read(Piece("train", epoch, number)) for number in range(feed._buffers)]
    for piece in pieces:
        found += [feed._at_place(piece, place) for place in range(feed._most)]
    found = found[:full]
    if feed._n % feed._batch:
        found.append(feed._read(Piece("rest", epoch)))
    return [feed._taken(one, 0, 0, 0)[0].numpy() for one in found]


def numbered(n):
    """n images whose value is their number."""
    return np.arange(n, dtype="float32").reshape(n, 1, 1, 1)


@pytest.mark.parametrize("buffered", [1, 4, 10])
def test_each_epoch_is_a_permutation_of_its_own_and_ends_with_a_partial_batch(
    monkeypatch, buffered
):
    """However many images are read at once: of batches of 4, 1 or 2."""
    monkeypatch.setattr(streaming, "BUFFER_BYTES", buffered * 4)
    feed = feed_of(numbered(10), seed=3)
    assert feed._buffers == (1 if buffered == 10 else 2)
    epochs = [batches(feed, epoch) for epoch in (0, 1, 2)]
    assert [[len(batch) for batch in epoch] for epoch in epochs] == [[4, 4, 2]] * 3
    orders = [np.concatenate(epoch).ravel().tolist() for epoch in epochs]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert orders == [epoch_order(3, epoch, 10).tolist() for epoch in (0, 1, 2)]
    assert orders[0] != orders[1] != orders[2]
    again = feed_of(numbered(10), seed=3)
    assert np.concatenate(batches(again, 2)).ravel().tolist() == orders[2]
    other = feed_of(numbered(10), seed=4)
    assert np.concatenate(batches(other, 0)).ravel().tolist() != orders[0]


def test_training_noise_is_fresh_and_validation_noise_frozen(images):
    noise = Gaussian(stddev=0.3, clip=False)
    preparation = Preparation(noise=noise)
    seen = []
    for step in range(3):
        x, target = preparation.fresh(tf.constant(images[:1]), tf.constant(step))
        np.testing.assert_array_equal(target[0], images[0])
        seen.append(x.numpy())
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])
    first, second = preparation.frozen(images)[0], preparation.frozen(images)[0]
    np.testing.assert_array_equal(first, second)
    assert (first - images).std() == pytest.approx(0.3, rel=0.02)
    assert not np.array_equal(first[:1], seen[0])


def test_the_draws_of_a_step_are_others_for_each_name_and_step_and_than_its_noise():
    preparation = Preparation(noise=Gaussian(stddev=1.0, clip=False), seed=3)
    drawn = [preparation.draws({"z": (3,), "more": (3,)}, 400, step) for step in (0, 1)]
    noise = preparation.fresh(tf.zeros((400, 3, 1, 1)), 0)[0]
    rows = [np.ravel(draws) for step in drawn for draws in step.values()] + [np.ravel(noise)]
    assert np.abs(np.corrcoef(rows) - np.eye(5)).max() < 0.15
    again = preparation.draws({"z": (3,), "more": (3,)}, 400, 1)
    np.testing.assert_array_equal(again["more"], drawn[1]["more"])


def test_dynamic_binarisation_has_the_pixels_as_rates():
    x = np.full((2000, 2, 2, 1), 64, "uint8")
    preparation = Preparation(noise=NoNoise(), dynamic=True)
    fresh = preparation.fresh(tf.constant(x), 0)[1].numpy()
    assert set(np.unique(fresh)) == {0.0, 1.0}
    assert fresh.mean() == pytest.approx(64 / 255, abs=0.015)
    assert not np.array_equal(fresh, preparation.fresh(tf.constant(x), 1)[1].numpy())
    x_in, target = preparation.frozen(x)
    np.testing.assert_array_equal(x_in, target)
    assert not np.array_equal(target[:1000], target[1000:])


def test_uint8_is_scaled_exactly():
    x = np.arange(256, dtype="uint8").reshape(-1, 1, 1, 1)
    clean = Preparation(noise=NoNoise()).frozen(x)[1].ravel()
    np.testing.assert_array_equal(clean, np.arange(256, dtype="float32") / np.float32(255))


@pytest.mark.parametrize("schedule", options("schedule"))
@pytest.mark.parametrize("name", options("optimizer"))
def test_optimizers_and_schedules_train(compose, images, name, schedule):
    config = compose(f"optimizer={name}", f"schedule={schedule}", "optimizer.clipnorm=100")
    model = build.model(config, (8, 8, 1))
    model.compile(build.optimizer(config, steps=40, steps_per_epoch=2))
    losses = model.fit(images, images, epochs=20, batch_size=100, verbose=0).history["loss"]
    assert losses[-1] < losses[0] - 0.3  # nats; plain SGD at its careful default is the slowest


def test_adadelta_has_the_rate_it_was_written_for(compose):
    config = compose("optimizer=adadelta")
    assert float(build.optimizer(config, 10, 10).learning_rate) == 1.0


def rates(compose, steps, *overrides):
    schedule = build.optimizer(compose(*overrides), 100, 10)._learning_rate
    return [float(schedule(step)) for step in steps]


def test_schedules_at_chosen_steps(compose):
    cosine = rates(compose, (0, 50, 100), "schedule=cosine", "optimizer.learning_rate=0.1")
    np.testing.assert_allclose(cosine, [0.1, 0.05, 0.0], atol=1e-7)
    warm = rates(
        compose,
        (0, 10, 20, 100),
        "schedule=cosine",
        "schedule.warmup_epochs=2",
        "optimizer.learning_rate=0.1",
    )
    np.testing.assert_allclose(warm, [0.0, 0.05, 0.1, 0.0], atol=1e-7)
    falling = rates(
        compose,
        (0, 10, 20),
        "schedule=exponential",
        "schedule.rate=0.5",
        "optimizer.learning_rate=0.1",
    )
    np.testing.assert_allclose(falling, [0.1, 0.05, 0.025], atol=1e-7)
    pieces = rates(
        compose,
        (0, 21, 51),
        "schedule=piecewise",
        "schedule.epochs=[2,5]",
        "optimizer.learning_rate=0.1",
    )
    np.testing.assert_allclose(pieces, [0.1, 0.01, 0.001], atol=1e-7)


@pytest.mark.parametrize(
    "override",
    [
        "optimizer.learning_rate=-1",
        "optimizer.learning_rate=fast",
        "optimizer.clipnorm=0",
        "optimizer.beta_1=1",
        "trainer.epochs=0",
        "trainer.batch_size=1.5",
        "trainer.jit_compile=maybe",
        "trainer.precision=float8",
    ],
)
def test_bad_settings_name_the_key(compose, override):
    config = compose(override)
    key = override.partition("=")[0]
    group = key.partition(".")[0]
    with pytest.raises(BadRequest, match=f"{key} must be"):
        build.component(config[group], group)


def test_bad_schedules_are_refused(compose):
    with pytest.raises(BadRequest, match="warmup_epochs"):
        build.optimizer(compose("schedule=cosine", "schedule.warmup_epochs=10"), 100, 10)
    with pytest.raises(BadRequest, match="must rise"):
        build.optimizer(compose("schedule=piecewise", "schedule.epochs=[5,2]"), 100, 10)


def test_clipping_reaches_the_optimizer(compose):
    for key in ("clipnorm", "global_clipnorm", "clipvalue"):
        built = build.optimizer(compose(f"optimizer.{key}=0.5", "schedule=cosine"), 10, 10)
        assert getattr(built, key) == 0.5


def test_mixed_precision_keeps_terms_in_float32(compose, images):
    model = build.model(compose("trainer.precision=mixed_bfloat16", "model=vae"), (8, 8, 1))
    assert keras.config.dtype_policy().name == "float32"  # not left behind for the next run
    assert model.encoder.layers[2].compute_dtype == "bfloat16"
    out = model(images[:4])
    assert out["params"].dtype == out["mean"].dtype == "float32"
    model.compile("adam")
    assert np.isfinite(model.fit(images, images, verbose=0).history["loss"][0])


def test_a_loss_that_is_not_finite_ends_the_run():
    from aecli.training.callbacks.progress import EpochLines

    with pytest.raises(RunFailed, match=r"epoch 3: kl is not finite[\s\S]*learning_rate"):
        EpochLines(5).on_epoch_end(2, {"loss": 1.0, "kl": float("nan"), "val_loss": 1.0})


def test_callbacks_are_built_for_the_run(compose, tmp_path):
    chosen = [name for name in options("callbacks") if name not in ("mlflow", "wandb")]
    every = ",".join(chosen)  # those two are packages that few have
    config = compose(f"callbacks=[{every}]", "callbacks.early_stopping=null")
    built = build.components(config.callbacks, "callbacks", folder=str(tmp_path))
    assert sorted(built) == sorted(set(chosen) - {"early_stopping"})
    assert all(isinstance(callback, keras.callbacks.Callback) for callback in built.values())


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_bar_keeps_its_numbers_on_a_narrow_terminal(columns):
    from tqdm import tqdm

    from aecli.training.callbacks.progress import bar_format

    shown = tqdm.format_meter(
        1050, 4200, elapsed=70, ncols=columns, prefix="epoch 50/200", unit="step",
        postfix="loss=-1234, val_loss=1.234e+04", bar_format=bar_format(columns),
    )  # fmt: skip
    assert len(shown) <= columns
    for number in ("epoch 50/200", "25%", "03:30", "loss=-1234", "val_loss=1.234e+04"):
        assert number in shown
