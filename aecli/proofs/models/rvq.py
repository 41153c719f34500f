"""Proofs of the residual quantiser."""

import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.rvq import RVQ
from aecli.networks.conv import Conv
from aecli.proofs.base import at_least, close, proof, same

Q, K, D = 3, 6, 4


def _model(**settings) -> tuple[RVQ, Batch]:
    model = RVQ(
        data_shape=(4, 6, 1), network=Conv(filters=[4]), reconstruction_loss=MSE(), latent_dim=D,
        codebook_size=K, levels=Q, **settings,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    for codebook in model.codebook.each:
        codebook.vectors.assign(0.4 * rng.normal(size=(K, D)))
    x = np.random.default_rng(0).normal(size=(20, 4, 6, 1)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(20))


def _by_hand(model, out):
    """-> r_q and e_q of each codebook, [20, 6, D]."""
    r = np.asarray(out["z_e"]).reshape(20, 6, D)
    chosen = np.asarray(out["indices"]).reshape(20, 6, Q)
    for q, codebook in enumerate(model.codebook.each):
        e = codebook.vectors.numpy()[chosen[..., q]]
        yield r, e
        r = r - e


@proof("terms = sums over codebooks by hand; each has its gradient to z_e, 2 r_(q+1)")
def commitment():
    for update in ("ema", "loss"):
        model, batch = _model(codebook_update=update, beta=0.7)
        tables = [codebook.vectors.value for codebook in model.codebook.each]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(tables)
            out = model.forward(batch, training=True)
            levels = list(_by_hand(model, out))
            each = [
                tf.reduce_sum(tf.square(r - tf.stop_gradient(e)))
                for r, e, _ in model.of_levels(out)
            ]
            loss, terms, _ = model.objective(batch, out, training=True)
            sums = {name: tf.reduce_sum(term) for name, term in terms.items()}
        left = [(r - e).reshape(20, 2, 3, D) for r, e in levels]
        known = sum(np.square(gap).sum(axis=(1, 2, 3)) for gap in left)
        yield close(terms["commitment"], known, rtol=1e-5)
        charged = 0.7 * known + (known if update == "loss" else 0.0)
        yield close(loss, terms["reconstruction"] + charged, rtol=1e-5)
        for gap, value in zip(left, each, strict=True):
            yield close(tape.gradient(value, out["z_e"]), 2 * gap, atol=1e-4)
        for table in tables:  # what a codebook has chosen is moved by no later one
            yield same(tape.gradient(sums["commitment"], table) is None, True)
        pull = 2 * sum(left)
        yield close(tape.gradient(sums["commitment"], out["z_e"]), pull, atol=1e-4)
        if update == "ema":
            continue
        yield same(tape.gradient(sums["codebook"], out["z_e"]) is None, True)
        chosen = np.asarray(out["indices"]).reshape(-1, Q)
        for q, (r, e) in enumerate(levels):
            one_hot = np.eye(K)[chosen[:, q]]
            known = 2 * one_hot.T @ (e - r).reshape(-1, D)
            found = tape.gradient(sums["codebook"], tables[q])
            yield close(tf.convert_to_tensor(found), known, atol=1e-3)


@proof("a training step moves each codebook by what it chose for, as the VQ-VAE's")
def step():
    model, batch = _model(decay=0.0, revival=0.0, epsilon=1e-9)
    out = model.forward(batch, training=True)
    levels, chosen = list(_by_hand(model, out)), np.asarray(out["indices"]).reshape(20, 6, Q)
    model.objective(batch, out, training=True)
    for q, ((r, _), codebook) in enumerate(zip(levels, model.codebook.each, strict=True)):
        yield close(codebook.counts, np.bincount(chosen[..., q].ravel(), minlength=K))
        for k in np.unique(chosen[..., q]):
            mean = r[chosen[..., q] == k].mean(axis=0)
            yield close(codebook.vectors[k], mean, rtol=1e-3, atol=1e-5)


@proof("dropout: codebooks kept = the first n, n by the normal's probability, 1..Q evenly")
def dropout():
    model, batch = _model(dropout=0.6, decay=0.0, revival=0.0)
    draws = np.random.default_rng(0).normal(size=20000).astype("float32")
    kept = np.asarray(model.kept(tf.constant(draws)))
    u = stats.norm.cdf(draws)
    count = np.where(u < 0.6, 1 + np.floor(u / 0.2), Q)
    away = np.abs(u / 0.2 - np.round(u / 0.2)) > 1e-4
    yield same(kept[away].sum(1), count[away])
    yield same(kept, np.sort(kept)[:, ::-1])
    yield close(np.bincount(count.astype(int))[1:] / 20000, [0.2, 0.2, 0.6], atol=0.02)
    out = model.forward(batch, training=True)
    mask = np.asarray(out["kept"])
    yield at_least(np.unique(mask.sum(1)).size, 2)
    levels = list(_by_hand(model, out))
    z = np.sum([mask[:, q, None, None] * e for q, (_, e) in enumerate(levels)], axis=0)
    yield close(out["z"], z.reshape(20, 2, 3, D), atol=1e-5)
    known = sum(mask[:, q] * np.square(r - e).sum(axis=(1, 2)) for q, (r, e) in enumerate(levels))
    terms = model.objective(batch, out, training=True)[1]
    yield close(terms["commitment"], known, rtol=1e-5)
    chosen = np.asarray(out["indices"]).reshape(20, 6, Q)
    for q, codebook in enumerate(model.codebook.each):
        those = chosen[mask[:, q] > 0][..., q].ravel()
        yield same(codebook.counts, np.bincount(those, minlength=K))
        r = levels[q][0][mask[:, q] > 0].reshape(-1, D)
        yield close(codebook.sums, np.eye(K)[those].T @ r, atol=1e-3)


@proof("dropout: the codebooks' own term, too, is of those that an example has")
def dropout_of_the_codebook_term():
    model, batch = _model(dropout=0.6, codebook_update="loss")
    out = model.forward(batch, training=True)
    mask, levels = np.asarray(out["kept"]), list(_by_hand(model, out))
    known = sum(mask[:, q] * np.square(r - e).sum(axis=(1, 2)) for q, (r, e) in enumerate(levels))
    yield at_least(np.unique(mask.sum(1)).size, 2)
    yield close(model.objective(batch, out, training=True)[1]["codebook"], known, rtol=1e-5)


@proof("in evaluation all codebooks; straight through, to the bit; numbers there and back")
def evaluation():
    model, batch = _model(dropout=1.0)
    out = model.infer(batch)
    yield same("kept" in out, False)
    yield same(out["z"], model.look_up(out["indices"]))
    whole, _ = _model()
    with tf.GradientTape() as tape:
        found = whole.forward(batch, training=True)
        value = tf.reduce_sum(tf.sin(found["z"]))
    yield close(tape.gradient(value, found["z_e"]), np.cos(found["z"]), atol=1e-5)
    yield same(found["z"], whole.infer(batch)["z"])
    indices = model.encode_indices(batch.x)
    yield same(indices.shape, (20, 2, 3, Q))
    yield same(model.decode_indices(indices), model.reconstruct(batch.x))
    every = np.random.default_rng(2).integers(K, size=(50, 2, 3, Q)).astype("int32")
    yield same(model.decode(np.asarray(model.look_up(every))), model.decode_indices(every))


@proof("usage: perplexity = exp of the mean entropy of the codebooks, by SciPy")
def usage():
    model, batch = _model()
    found = model.objective(batch, model.forward(batch))[2]
    chosen = model.encode_indices(batch.x).reshape(-1, Q)
    counts = np.stack([np.bincount(of_one, minlength=K) for of_one in chosen.T])
    values = {}
    for tracker in model.watched:
        tracker.add(tracker.statistic(found[tracker.name]))
        values[tracker.name] = float(tracker.result())
    entropy = stats.entropy(counts, axis=1).mean()
    yield close(values["perplexity"], np.exp(entropy), rtol=1e-5)
    yield same(values["codes_used"], np.count_nonzero(counts))
