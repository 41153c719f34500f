"""Bad requests: one or two lines that say what was meant, exit code 2, nothing left behind."""

import pytest

from aecli import dispatch

pytest_plugins = ["cli_tree"]


def refused(capsys, *words, command="train"):
    """The lines on stderr of a request that must be refused."""
    code = dispatch.run(command, list(words))
    output = capsys.readouterr()
    assert code == 2
    assert output.out == ""
    lines = output.err.splitlines()
    assert 1 <= len(lines) <= 2, lines
    assert lines[0].startswith("error: ")
    return output.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# bad\nstddev: 1\n  rate: 2\n", "configs/noise/bad.yaml:3: not valid YAML"),
        ("# bad\na: [1,\nb: 2\n", "(the bracket opened in line 2)"),
        ("a: 1\na: 2\n", "configs/noise/bad.yaml:2: not valid YAML: found duplicate key a"),
        ("a: !!python/object/apply:os.getcwd []\n", "configs/noise/bad.yaml:1: not valid YAML"),
        (b"# caf\xe9\na: 1\n", "configs/noise/bad.yaml is not UTF-8 text"),
    ],
)
def test_broken_yaml_of_the_user_is_named_with_its_line(tree, capsys, text, said):
    folder = tree.work / "configs" / "noise"
    folder.mkdir(parents=True)
    (folder / "bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert said in refused(capsys, "noise=bad")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["modle=vae"], ["unknown key 'modle': did you mean 'model'?"]),
        (["model.latent_dimm=2"], ["did you mean 'model.latent_dim'?"]),
        (["trainr.epoch=2"], ["did you mean 'trainer.epochs'?"]),
        (["epochs=2"], ["did you mean 'trainer.epochs'?"]),
        (["bs=2"], ["did you mean 'trainer.batch_size'?"]),
        (["xyzzy=2"], ["unknown key 'xyzzy'", "aecli train --help"]),
        (["model.beta=4"], ["model=ae has no 'beta' (it has: latent_dim)", "model=vae"]),
        (["optimizer=adam"], ["does not take 'optimizer'"]),
        (["callbacks.tensorboard.port=2"], ["+callbacks=tensorboard"]),
        (["model=vea"], ["model has no option 'vea': did you mean 'vae'?", "one of: ae, vae"]),
        (["callbacks=[checkpoint,tensorbord]"], ["did you mean 'tensorboard'?"]),
        (["experiment=bug"], ["experiment has no option 'bug': did you mean 'big'?"]),
        (["experiment=stale"], ["model has no option 'gone'", "experiment/stale.yaml"]),
        (["noise=null"], ["did you mean noise=none?"]),
        (["experiment=null"], ["experiment=null: to have none, leave it out"]),
        (["callbacks=null"], ["callbacks=null: to have none, type callbacks=[]"]),
        (["=3"], ["'' in =3 is not a key"]),
        (["model.=3"], ["'model.' in model.=3 is not a key"]),
        (["path=[1,2"], ["cannot read the value in path=[1,2", "left open"]),
        (["--info", "bogus"], ["--info needs all or config"]),
        (["model=3"], ["model has no option '3'"]),
        (["model={latent_dimm:3}"], ["did you mean 'model.latent_dim'?"]),
        (["model=ae", "model=vae"], ["model is given twice: model=ae and model=vae"]),
        (["+model=vae"], ["model is chosen already"]),
        (["+model.betta=3"], ["would add a key that nothing reads"]),
        (["path=a(b"], ["cannot read the value in path=a(b", "\"path='a(b'\""]),
        (["seed=${nope}"], ["seed: Interpolation key 'nope' not found"]),
        (["seed=???"], ["seed needs a value"]),
        (["seed.x=1"], ["unknown key 'seed.x'"]),
        (["model=ae,vae"], ["-m model=ae,vae"]),
        (["seed=range(3)"], ["add -m"]),
        (["vae"], ["'vae' is not key=value: did you mean model=vae?"]),
        (["gausian"], ["did you mean noise=gaussian?"]),
        (["trainer"], ["trainer=VALUE"]),
        (["epochs", "3"], ["trainer.epochs=VALUE"]),
        (["xyzzy"], ["'xyzzy' is not key=value", "aecli train --help"]),
        (["--epochs", "3"], ["unknown option '--epochs': did you mean trainer.epochs=3?"]),
        (["--model=vae"], ["did you mean model=vae?"]),
        (["--batch-size", "3"], ["did you mean trainer.batch_size=3?"]),
        (["--multi"], ["did you mean --multirun?"]),
        (["--json"], ["unknown option '--json'"]),
        (["--xyzzy"], ["unknown option '--xyzzy'"]),
        (["--cfg", "yaml"], ["--cfg needs job or hydra or all; got yaml"]),
        (["--cfg"], ["--cfg needs job or hydra or all; got nothing"]),
        (["--config-dir", "gone"], ["gone' not found"]),
        (["-m", "--cfg", "job"], ["do not go together"]),
        (["-m", "model=ae,vea"], ["did you mean 'vae'?"]),
        (["-m", "model=ae,vae", "model.beta=2"], ["model=ae has no 'beta'"]),
    ],
)
def test_bad_request(tree, capsys, words, said):
    message = refused(capsys, *words)
    for part in said:
        assert part in message
    assert tree.seen == []
    assert list(tree.work.iterdir()) == []
