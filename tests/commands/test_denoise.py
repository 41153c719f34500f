"""aecli denoise: noisy images in, clean ones out, with figures of merit where they can be known."""

import json
import types

import fresh_run
import numpy as np
import pytest
import tensorflow as tf
from figures_run import cell, digits_run, picture_of
from PIL import Image
from scipy.ndimage import median_filter
from scipy.signal import wiener

from aecli import runs
from aecli.commands import denoise as command
from aecli.commands.denoise import denoise
from aecli.errors import BadRequest
from aecli.figures import denoised
from aecli.metrics import filters

WINDOWS = {"3x3": 3, "5x5": 5}


def psnr(clean, x, peak=1.0):
    """The mean over images, in dB."""
    errors = ((clean.astype("float64") - x) ** 2).mean(axis=(1, 2, 3))
    return np.mean(10 * np.log10(peak**2 / errors))


@pytest.fixture(scope="module")
def trained(compose, tmp_path_factory):
    """{name: run}, with and without noise of its own."""
    root = tmp_path_factory.mktemp("runs")
    noisy = ["noise=gaussian", "noise.stddev=0.3"]
    return {
        "noisy": runs.Run(fresh_run.folder(compose, root, "model=ae", *noisy)),
        "plain": runs.Run(fresh_run.folder(compose, root, "model=ae")),
    }


@pytest.fixture
def ask(compose, trained):
    def asked(name, *overrides):
        words = [f"run={trained[name].folder}", *overrides]
        return denoise(compose(*words, command="denoise"))

    return asked


def test_own_images_get_the_noise_of_the_run_and_are_measured(ask, trained):
    path, values = ask("noisy")
    run = trained["noisy"]
    with np.load(path) as stored:
        noisy, clean, x = stored["noisy"], stored["clean"], stored["x"]
        np.testing.assert_array_equal(stored["label"], run.splits.test.labels)
    np.testing.assert_allclose(clean, run.splits.test.pixels(), atol=1e-6)
    assert (noisy - clean)[(noisy > 0) & (noisy < 1)].std() == pytest.approx(0.25, abs=0.06)
    np.testing.assert_allclose(x, run.model.reconstruct(noisy), atol=1e-6)
    rows = values["rows"]
    assert [name.split()[0] for name in rows] == ["noisy", "median", "Wiener", "denoised"]
    for name, images in {"noisy": noisy, "denoised": x}.items():
        assert rows[name]["psnr"] == pytest.approx(psnr(clean, images), abs=1e-4)
        ssim = tf.image.ssim(clean, images, 1.0, filter_size=7).numpy().mean()
        assert rows[name]["ssim"] == pytest.approx(ssim, abs=1e-5)
    with (path.parent / "metrics.json").open() as file:
        assert json.load(file) == values
    assert values["noise"]["stddev"] == 0.3
    assert (path.parent / "denoised.png").is_file()


def test_the_filters_are_those_of_scipy_with_their_better_window(ask, trained):
    _, values = ask("noisy", "noise=gaussian", "noise.stddev=0.1")
    run = trained["noisy"].replacing_data(noise={**values["noise"]})
    noisy, clean, _ = run.examples("test")
    val_noisy, val_clean, _ = run.examples("val")
    filtered = {
        "median": lambda x, size: np.stack([median_filter(i, (size, size, 1)) for i in x]),
        "Wiener": lambda x, size: np.stack([wiener(i[..., 0], size)[..., None] for i in x]),
    }
    for name, apply in filtered.items():
        (row,) = [key for key in values["rows"] if key.startswith(name)]
        window = WINDOWS[row.removeprefix(f"{name} ")]
        with np.errstate(all="ignore"):  # flat patches
            expected = psnr(clean, apply(noisy, window))
            chosen, other = (psnr(val_clean, apply(val_noisy, w)) for w in (window, 8 - window))
        assert values["rows"][row]["psnr"] == pytest.approx(expected, abs=1e-3)
        assert chosen > other


def test_another_noise_or_file_is_what_it_is_said_to_be(ask, trained, tmp_path):
    clean = trained["plain"].splits.test.pixels()[:20]
    noisy = np.clip(clean + 0.2 * np.random.default_rng(0).standard_normal(clean.shape), 0, 1)
    np.save(tmp_path / "noisy.npy", noisy.astype("float32"))
    np.save(tmp_path / "clean.npy", clean)
    file, originals = f"input={tmp_path / 'noisy.npy'}", f"clean={tmp_path / 'clean.npy'}"

    path, values = ask("noisy", file)  # noisy as it is: nothing added, nothing claimed
    assert values["rows"] == {}
    assert values["noise"] is None
    model = trained["noisy"].model
    with np.load(path) as stored:
        assert set(stored) == {"x"}
        np.testing.assert_allclose(stored["x"], model.reconstruct(noisy), atol=1e-6)
    assert ask("noisy", file, "noise=none")[1]["rows"] == {}

    for name in trained:
        _, values = ask(name, file, originals)
        assert values["rows"]["noisy"]["psnr"] == pytest.approx(psnr(clean, noisy), abs=1e-3)
        assert values["noise"] is None
    assert "median 3x3" in values["rows"]  # a run without noise has nothing to choose a window on

    path, values = ask("plain", f"input={tmp_path / 'clean.npy'}", "noise=masking")
    with np.load(path) as stored:
        assert values["rows"]["noisy"]["psnr"] == pytest.approx(psnr(clean, stored["noisy"]), 1e-4)


def test_a_model_that_never_saw_noise_says_what_it_learnt(trained, capsys):
    for name, fills_gaps, said in (
        ("noisy", False, ""),
        ("plain", False, "never learnt to take it away"),
        ("plain", True, "learnt to fill in patches that are removed, and never saw noise"),
    ):
        run = runs.Run(trained[name].folder)
        run.__dict__["model"] = types.SimpleNamespace(fills_gaps=fills_gaps)
        command._tell_of_training(run)
        told = capsys.readouterr().err
        assert said in told
        assert bool(said) == ("aecli train noise=gaussian" in told)


def test_pictures_are_matched_by_their_names(ask, trained, tmp_path):
    clean = trained["plain"].splits.test.x[:3, ..., 0]
    for folder, names in {"noisy": "abc", "clean": "abc", "other": "abd"}.items():
        (tmp_path / folder).mkdir()
        for name, image in zip(names, clean, strict=True):
            picture = np.round(255 * np.clip(image + 0.2 * (folder == "noisy"), 0, 1))
            Image.fromarray(picture.astype("uint8")).save(tmp_path / folder / f"{name}.png")
    file = f"input={tmp_path / 'noisy'}"
    path, values = ask("plain", file, f"clean={tmp_path / 'clean'}", f"output={tmp_path / 'made'}")
    assert sorted(p.name for p in path.iterdir()) == ["a.png", "b.png", "c.png"]
    expected = psnr(clean[..., None], np.clip(clean + 0.2, 0, 1)[..., None])
    assert values["rows"]["noisy"]["psnr"] == pytest.approx(expected, abs=0.1)
    with pytest.raises(BadRequest, match=r"has no image of the name of c\.png"):
        ask("plain", file, f"clean={tmp_path / 'other'}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is no noise on these images\nstate one, as in noise=gaussian"),
        (["noise=none"], "there is no noise"),
        (["clean=x.npy"], "clean belongs to noisy images of your own"),
        (["input=x.npy", "noise=gaussian", "clean=x.npy"], "clean belongs to noisy images"),
        (["input=x.npy", "clean=gone.npy"], "clean: gone.npy does not exist"),
        (["input=x.npy", "clean=input/gone.npy"], "clean: input/gone.npy does not exist"),
        (["input=x.npy", "clean=input/none.npy"], "^input/none.npy is empty"),
        (["input=x.npy", "clean=input"], "clean: input has no image"),
        (["input=x.npy", "clean=y.npy"], "clean=y.npy has 3 images; input 2"),
        (["noise=gaussian", "output=a.csv"], "8x8x1 is no row of a table"),
    ],
)
def test_what_cannot_be_is_refused(ask, trained, words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, count in {"x": 2, "y": 3}.items():
        np.save(f"{name}.npy", np.zeros((count, 8, 8, 1), "float32"))
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "none.npy").touch()
    before = set(trained["plain"].folder.rglob("*"))
    with pytest.raises(BadRequest, match=said):
        ask("plain", *words)
    assert set(trained["plain"].folder.rglob("*")) == before
    assert len(list(tmp_path.iterdir())) == 3


def test_rows_of_numbers_have_a_psnr_in_their_own_range(compose, tmp_path):
    table = 40 * np.random.default_rng(0).random((60, 13), dtype="float32") - 10
    np.save(tmp_path / "table.npy", table)
    data = ["dataset=npz", f"dataset.path={tmp_path / 'table.npy'}"]
    folder = fresh_run.folder(compose, tmp_path, "model=ae", *data, "loss=mse")
    words = [f"run={folder}", "noise=gaussian", "noise.stddev=3", "noise.clip=false"]
    path, values = denoise(compose(*words, command="denoise"))
    assert list(values["rows"]) == ["noisy", "denoised"]
    with np.load(path) as stored:
        clean, noisy = (stored[name][:, None, :, None] for name in ("clean", "noisy"))
        expected = psnr(clean, noisy, peak=np.ptp(table))
    assert values["rows"]["noisy"] == {"psnr": pytest.approx(expected, abs=1e-3), "ssim": None}


def test_a_filter_works_channel_by_channel_and_keeps_flat_images():
    x = np.random.default_rng(0).random((3, 9, 12, 3)).astype("float32")
    x[1] = 0.25  # no variance at all
    with np.errstate(all="ignore"):
        expected = np.stack([wiener(x[2, ..., c], 3) for c in range(3)], axis=-1)
    np.testing.assert_allclose(filters.wiener(x, 3)[2], expected, atol=1e-6)
    np.testing.assert_allclose(filters.wiener(x, 3)[1, 2:-2, 2:-2], 0.25, atol=1e-6)
    middle = np.median(x[2, 3:8, 4:9], axis=(0, 1))
    np.testing.assert_allclose(filters.median(x, 5)[2, 5, 6], middle)


def test_the_figure_has_a_named_row_for_each_stage():
    run = digits_run()
    run.data_shape = (8, 8, 1)
    x = run.splits.test.x
    figure = denoised.rows(run, {"clean": x, "noisy": 0.5 * x}, {"noisy": {"psnr": 12.345}})
    shown = cell(picture_of(figure), 1, 9, (8, 8), 1)
    np.testing.assert_allclose(shown, 0.5 * x[9, ..., 0], atol=1e-6)
    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert names == ["clean", "noisy\n12.35 dB"] or names == ["clean", "noisy\n12.34 dB"]
    assert figure.axes[0].get_xlabel() == "mean PSNR over 300 images"
