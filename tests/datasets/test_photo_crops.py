"""200 crops of photographs of many sizes: RGB, with transparency, of a palette; end to end."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from aecli import runs

SIDE = 24
KINDS = ("png", "jpg", "webp", "rgba", "palette", "tiff")


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    """-> the folder, {file: what each is to be, [24, 24, 3]}; sub-folders by photograph."""
    place, expected = tmp_path_factory.mktemp("crops"), {}
    rng = np.random.default_rng(0)
    for i in range(200):
        photo = Image.fromarray(load_sample_images().images[i % 2])
        width, height = rng.integers(16, 120, 2)
        left, top = rng.integers(0, (640 - width, 427 - height))
        crop = photo.crop((left, top, left + width, top + height))
        kind = KINDS[i % len(KINDS)]
        file = place / ("china", "flower")[i % 2] / f"{i}.{kind if len(kind) < 5 else 'png'}"
        file = file.with_suffix(".png") if kind in ("rgba", "palette") else file
        file.parent.mkdir(exist_ok=True)
        if kind == "rgba":  # the left half shows the background
            alpha = np.full((height, width), 255, np.uint8)
            alpha[:, : width // 2] = 0
            crop.putalpha(Image.fromarray(alpha))
        if kind == "palette":
            crop = crop.quantize(32)
        crop.save(file)
        expected[file.relative_to(place).as_posix()] = upright(Image.open(file))
    return place, expected


def upright(image):
    """On white, stretched by Pillow: [24, 24, 3]."""
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return np.asarray(white.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))


WORDS = [
    f"dataset.image_size={SIDE}", "dataset.background=white", "network=resnet",
    "network.filters=[8,8]", "augment=[flip,crop]", "loss=discretized_logistic",
    "model.latent_dim=8", "trainer.epochs=2", "figures=[]",
]  # fmt: skip


def test_they_are_found_fitted_trained_and_rebuilt(crops, typed):
    place, expected = crops
    code, said = typed("train", str(place), *WORDS)
    assert code == 0, said
    told = (
        f"{place}: 200 images of 200 sizes, stretched to 24x24, 33 with transparency, laid on white"
    )
    assert told in said
    assert "24x24x3 in [0, 1]   2 classes   augment: flip, crop" in said
    run = runs.find()
    assert {"loss", "psnr"} <= json.loads((run.folder / "metrics.json").read_text()).keys()
    found = {x.tobytes() for name in ("train", "val", "test") for x in getattr(run.splits, name).x}
    assert found == {x.tobytes() for x in expected.values()}

    code, said = typed("reconstruct", f"input={place}", "output=pictures")
    assert code == 0, said
    pictures = list(pathlib.Path("pictures").rglob("*.png"))
    assert len(pictures) == 200
    with Image.open(pictures[0]) as picture:
        assert (picture.size, picture.mode) == ((SIDE, SIDE), "RGB")
