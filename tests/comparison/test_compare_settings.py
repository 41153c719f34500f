"""What varies among runs: found from their configs, without what merely goes with it."""

import pytest
from compared import Maker, product, source

from aecli import runs
from aecli.comparison.choices import Choice
from aecli.comparison.records import Entry, key_of, read
from aecli.comparison.settings import differences, varying


def found(tmp_path, jobs):
    """-> {key: distinct values, as they come}, {option: keys that go with it}"""
    folder = Maker(tmp_path).sweep(jobs, [{"val_loss": 1.0}] * len(jobs))
    result = varying([read(entry) for entry in source(folder).entries])
    return {s.key: list(dict.fromkeys(map(str, s.values))) for s in result.settings}, result.follows


def test_the_seed_is_a_repetition(tmp_path):
    jobs = product(model__latent_dim=[2, 8], seed=[0, 1])
    assert found(tmp_path, jobs) == ({"model.latent_dim": ["2", "8"]}, {})


def test_a_seed_of_the_data_alone_is_a_setting(tmp_path):
    keys, _ = found(tmp_path, product(dataset__seed=[1, 2]))
    assert keys == {"dataset.seed": ["1", "2"]}


def test_an_option_stands_for_its_keys(tmp_path):
    keys, follows = found(tmp_path, product(model=["ae", "vae"], seed=[0, 1]))
    assert keys == {"model": ["ae", "vae"]}
    assert {"model.beta", "model.code_activation", "model.latent_dim"} <= set(follows["model"])


def test_a_key_that_was_typed_is_shown_beside_its_option(tmp_path):
    keys, follows = found(tmp_path, product(model=["ae", "vae"], model__latent_dim=[2, 8]))
    assert keys == {"model": ["ae", "vae"], "model.latent_dim": ["2", "8"]}
    assert "model.beta" in follows["model"]
    jobs = [["model=ae"], ["model=vae", "model.beta=4"]]
    keys, _ = found(tmp_path / "another", jobs)
    assert keys == {"model": ["ae", "vae"], "model.beta": ["-", "4"]}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"model": ["ae", "deep", "denoising"]}, ["ae", "deep", "denoising"]),  # one class
        ({"model": ["vae", "beta_vae"]}, ["vae", "beta_vae"]),
        ({"network": ["mlp", "conv"]}, ["mlp", "conv"]),
        ({"loss": ["binary_crossentropy", "mse", "gaussian"]},
         ["binary_crossentropy", "mse", "gaussian"]),
        ({"optimizer": ["adam", "sgd", "rmsprop"]}, ["adam", "sgd", "rmsprop"]),
        ({"noise": ["none", "gaussian"]}, ["none", "gaussian"]),
    ],
)  # fmt: skip
def test_options_are_known_by_name(tmp_path, options, names):
    keys, _ = found(tmp_path, product(**options))
    assert keys == {next(iter(options)): names}


def test_a_recipe_stands_for_all_that_it_sets(tmp_path):
    keys, follows = found(tmp_path, [["experiment=dense_digits"], []])
    assert keys == {"experiment": ["dense_digits", "-"]}
    assert {"network.widths", "trainer.epochs", "callbacks.early_stopping"} <= set(
        follows["experiment"]
    )


def test_an_object_that_was_switched_off(tmp_path):
    keys, _ = found(tmp_path, [["callbacks.early_stopping=null"], []])
    assert keys == {"callbacks.early_stopping": ["null", "early_stopping"]}


def test_what_changes_no_model_is_no_setting(tmp_path):
    jobs = [["figures=[]", "outputs=a", "callbacks.checkpoint.every=2"],
            ["metrics=[pixels]", "+callbacks=tensorboard"]]  # fmt: skip
    assert found(tmp_path, jobs) == ({}, {})


def test_threads_count_where_they_were_typed(tmp_path):
    keys, _ = found(tmp_path, product(trainer__threads=[1, 2]))
    assert keys == {"trainer.threads": ["1", "2"]}


def test_what_was_changed_later_is_shown(tmp_path):
    """A resume with more epochs: not typed at first, and one run each."""
    maker = Maker(tmp_path)
    folder = maker.sweep(product(model__latent_dim=[2, 8]), [{"val_loss": 1.0}] * 2)
    run = runs.Run(folder / "02")
    run.config.trainer.epochs = 80
    runs.write_config(run.folder, run.config)
    result = varying([read(entry) for entry in source(folder).entries])
    assert {s.key for s in result.settings} == {"model.latent_dim", "trainer.epochs"}


def test_a_key_that_refers_to_another_is_not_shown(tmp_path):
    jobs = [[f"model.latent_dim={n}", f"trainer.batch_size={n}"] for n in (16, 32)]
    folder = Maker(tmp_path).sweep(jobs, [{"val_loss": 1.0}] * 2)
    for job in folder.glob("0*"):  # as trainer: {batch_size: ${model.latent_dim}} in a YAML
        (job / ".hydra" / "overrides.yaml").write_text(f"- {jobs[int(job.name) - 1][0]}\n")
    result = varying([read(entry) for entry in source(folder).entries])
    assert [s.key for s in result.settings] == ["model.latent_dim"]


def test_the_order_is_the_typed_one(tmp_path):
    jobs = product(model__latent_dim=[2, 8], network=["mlp", "conv"], dataset__limit=[5, 6])
    keys, _ = found(tmp_path, jobs)
    assert list(keys) == ["model.latent_dim", "network", "dataset.limit"]


def test_whole_numbers_and_lists(tmp_path):
    jobs = [["model=vae", "model.beta=1"], ["model=vae", "model.beta=1.0"],
            ["model=vae", "network.widths=[64,32]"]]  # fmt: skip
    keys, _ = found(tmp_path, jobs)
    assert keys == {"network.widths": ["[128]", "[64, 32]"]}


def test_differences_name_every_leaf(tmp_path):
    maker = Maker(tmp_path)
    first = maker.run(["model=ae", "seed=1"], {"val_loss": 1.0}, "a")
    second = maker.run(["model=vae", "outputs=x"], {"val_loss": 1.0}, "b")
    pair = [read(Entry(folder, folder.name)) for folder in (first, second)]
    assert differences(*pair) == {
        "seed": ("1", "0"),
        "dataset.seed": ("1", "0"),
        "outputs": ("outputs", "x"),
        "model._target_": ("aecli.models.ae.AE", "aecli.models.vae.VAE"),
        "model.latent_dim": ("8", "2"),
        "model.code_activation": ("linear", "-"),
        "model.beta": ("-", "1"),
        "model.epsilon_std": ("-", "1"),
        "model.warmup_epochs": ("-", "0"),
        "model.free_bits": ("-", "0"),
        "model.condition": ("-", "none"),
        "model.anneal._target_": ("-", "aecli.latents.anneal.linear.Linear"),
        "model.posterior._target_": ("-", "aecli.latents.posteriors.gaussian.Gaussian"),
        "model.prior._target_": ("-", "aecli.latents.priors.standard.Standard"),
    }
    assert differences(pair[0], pair[0]) == {}


def test_short_names_where_they_are_clear(tmp_path):
    jobs = product(model__latent_dim=[2, 8], loss__activation=["linear", "relu"])
    jobs = [["loss=mse", "network.activation=" + job[1].partition("=")[2], *job] for job in jobs]
    folder = Maker(tmp_path).sweep(jobs, [{"val_loss": 1.0}] * 4)
    result = varying([read(entry) for entry in source(folder).entries])
    assert {s.short for s in result.settings} == {
        "latent_dim", "network.activation", "loss.activation"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("model.beta=4", "model.beta"),
        ("+callbacks=tensorboard", "callbacks"),
        ("network/inner@x=a", "network.inner"),
        ("~noise", "noise"),
        ("++a.b=c=d", "a.b"),
    ],
)
def test_the_key_of_an_override(override, key):
    assert key_of(override) == key


def test_a_choice_determines_what_is_the_same_with_each_option():
    choice = Choice("model", ["ae", "vae", "ae"])
    assert choice.determines([1, 2, 1])
    assert choice.determines([1, 1, 1])
    assert not choice.determines([1, 2, 3])
    assert choice.carries("network.widths")
    assert not choice.carries("trainer.epochs")
