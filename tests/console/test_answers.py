"""What a user types who does not know the words yet, and the answer that leads on."""

import pathlib

import numpy as np
import pytest
from cli_script import python

from aecli import cli, dispatch
from aecli.console import catalog, stated_values, subgroups
from aecli.console.arguments import parse
from aecli.errors import BadRequest

HINTS = {  # the words: what the answer must hold
    "predict": ["aecli reconstruct", "aecli encode", "aecli detect"],
    "plot manifold": ["aecli plot-manifold"],
    "plot los": ["aecli plot-loss"],
    "plot": ["plot-codes", "plot-samples"],
    "resume": ["aecli train resume="],
    "version": ["aecli --version"],
    "test": ["aecli eval"],
    "trian": ["did you mean 'train'"],
    "train model=VAE": ["did you mean 'vae'?"],
    "train model=VQ-VAE": ["did you mean 'vq_vae'?"],
    "train loss=bce": ["did you mean 'binary_crossentropy'?"],
    "train loss=L1": ["did you mean 'mae'?"],
    "train network=cnn": ["did you mean 'conv'?"],
    "train dataset.path=foo.npz": ["dataset=npz dataset.path=foo.npz"],
    "train dataset.path=pictures": ["dataset=image_folder dataset.path=pictures"],
    "train dataset=npz dataset.path=pictures": ["dataset=image_folder dataset.path=pictures"],
    "train dataset=image_folder dataset.path=foo.npz": ["dataset=npz dataset.path=foo.npz"],
    "train dataset=./pictures": ["dataset=image_folder dataset.path=./pictures"],
    "train dataset=foo.npz": ["dataset=npz dataset.path=foo.npz"],
    "train dataset=no/where": ["does not exist, seen from"],
    "train dataset=cifar10": ["cifar-10-binary.tar.gz", "cs.toronto.edu", "AECLI_DATA_DIR"],
    "train dataset=celeba": ["img_align_celeba", "AECLI_DATA_DIR"],
    "train model=vae, dataset=mnist": ["type model=vae dataset=mnist"],
    "train model=vae,dataset=mnist": ["type model=vae dataset=mnist"],
    "train trainer.epochs = 5": ["type trainer.epochs=5"],
    "train trainer.epochs= 5": ["type trainer.epochs=5"],
    "train trainer.epochs =5": ["type trainer.epochs=5"],
    "train made": ["is a run", "aecli train resume=made"],
    "eval runs/xyz": ["runs/xyz does not exist", "aecli runs"],
    "report runs/xyz": ["runs/xyz does not exist", "aecli runs"],
    "detect no/photos": ["no/photos does not exist"],
    "generate foo.npz": ["foo.npz is no folder of a run"],
    "eval outs": ["several runs"],
    "train trainer.epochs=0": ["trainer.epochs must be greater than 0; got 0"],
    "train -m trainer.epochs=1,0": ["error: trainer.epochs must be greater than 0; got 0"],
    "train model.latent_dim=two": ["model.latent_dim must be", "got 'two'"],
    "train optimizer.learning_rate=-1": ["optimizer.learning_rate must be greater than 0"],
    "train callbacks.early_stopping.patience=no": ["callbacks.early_stopping.patience must be"],
    "train noise=gaussian noise.stddev=lots": ["noise.stddev must be a valid number"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AECLI_DATA_DIR", raising=False)
    pathlib.Path("pictures").mkdir()
    pathlib.Path("made/.hydra").mkdir(parents=True)
    pathlib.Path("made/.hydra/config.yaml").write_text("seed: 0\n")
    pathlib.Path("outs/one/.hydra").mkdir(parents=True)
    np.savez("foo.npz", x_train=np.zeros((9, 4, 4)), x_test=np.zeros((3, 4, 4)))


@pytest.mark.parametrize("line", HINTS)
def test_the_answer_leads_on(line, folder, capsys):
    assert cli.dispatch(line.split()) == 2
    said = capsys.readouterr()
    for part in HINTS[line]:
        assert part in said.err, said.err
    assert said.err.startswith("error: ")
    assert said.out == ""


def test_wrong_values_are_refused_before_tensorflow(folder, tmp_path):
    lines = [words for words, _ in HINTS.items() if "trainer.epochs=0" in words or "two" in words]
    code = f"from aecli import cli; [cli.dispatch(l.split()) for l in {lines}]; "
    code += "assert not sys.modules.keys() & {'tensorflow', 'keras'}; print('none of it')"
    done = python(code, tmp_path)
    assert done.stdout == "none of it\n", done.stderr
    assert done.stderr.count("error: ") == len(lines)


WORDS = {  # what is typed: the words that it stands for
    "eval made": ["run='made'"],
    "report made": ["run='made'"],
    "plot-latent made": ["run='made'"],
    "detect made pictures": ["run='made'", "input='pictures'"],
    "encode foo.npz": ["input='foo.npz'"],
    "eval foo.npz": ["dataset=npz", "dataset.path='foo.npz'"],
    "eval latest": [],
    "runs pictures": ["runs=['pictures']"],
}


def test_a_path_that_is_not_there_is_told_where_no_reader_is_chosen(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dispatch.run("train", ["dataset.path=nowhere"]) == 2
    assert capsys.readouterr().err.startswith("error: nowhere does not exist, seen from")


@pytest.mark.parametrize("line", WORDS)
def test_a_path_is_taken_where_one_is_meant(line, folder):
    command, *words = line.split()
    assert parse(command, words).overrides == WORDS[line]


def targets(node):
    if isinstance(node, dict):
        yield from [node["_target_"]] if isinstance(node.get("_target_"), str) else []
        for value in node.values():
            yield from targets(value)


def test_the_annotations_in_the_files_are_those_of_the_classes():
    import importlib

    from aecli import component

    files = [option.file for group in catalog.groups() for option in catalog.options(group)]
    named = {target for file in files for target in targets(subgroups.mapping(file))}
    compared = 0
    for target in sorted(named):
        if not target.startswith("aecli."):
            continue
        module, name = target.rsplit(".", 1)
        real = component._adapters(getattr(importlib.import_module(module), name))
        read = stated_values._adapters(target)
        for field in (real.keys() & read.keys()) - {"label_count", "train_count", "data_shape"}:
            assert str(real[field][0]._type) == str(read[field][0]._type), (target, field)
            compared += 1
    assert compared > 500


def test_what_others_call_an_option_is_none_of_ours():
    for group in catalog.groups():
        options = catalog.options(group)
        names, others = {o.name for o in options}, [word for o in options for word in o.also]
        assert len(others) == len({*others}), group
        assert not names & {*others}, group


def test_a_value_of_the_wrong_kind_inside_another_component():
    node = {"_target_": "aecli.training.trainer.Trainer", "threads": 0}
    with pytest.raises(BadRequest, match=r"^a.b.threads must be greater"):
        stated_values.check({"a": {"b": node}})


def test_a_folder_of_an_options_name_is_the_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse("encode", ["input=photos"]).overrides == ["dataset=photos"]
    pathlib.Path("photos").mkdir()
    assert parse("encode", ["input=photos"]).overrides == ["input=photos"]
