"""A user's own network of features: which files are taken, how images go in, and the figures."""

import importlib.util

import numpy as np
import pytest
from figures_run import table_run
from omegaconf import OmegaConf
from test_samples_metrics import split_run

from aecli import build
from aecli.datasets.splits import Split, Splits
from aecli.errors import BadRequest, NotApplicable
from aecli.metrics import feature_network
from aecli.metrics.base import Evaluation, stated
from aecli.metrics.samples import FLOOR, Samples

onnx = pytest.importorskip("onnx", reason="pip install 'aecli[export]'")
pytest.importorskip("onnxruntime", reason="pip install onnxruntime")
X = np.random.default_rng(0).random((7, 4, 6, 3), "float32")
KEY = "metrics.features"


def node(kind, given, made, **settings):
    return onnx.helper.make_node(kind, [*given.split()], [made], **settings)


def value(name, shape, kind=onnx.TensorProto.FLOAT):
    return onnx.helper.make_tensor_value_info(name, kind, shape)


FLAT = [node("Flatten", "x", "y", axis=1)]


@pytest.fixture
def written(tmp_path):
    """written(nodes, shape of x, ...) -> the path of such a network."""

    def write(nodes, takes, gives=("N", None), constants=(), more=(), name="net"):
        made = [] if gives is None else [value("y", gives)]
        given = [value("x", takes), *more]
        graph = onnx.helper.make_graph(nodes, "net", given, made, list(constants))
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
        model.ir_version = 9
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        return str(path)

    return write


@pytest.mark.parametrize(
    ("shape", "is_first"),
    [
        (("N", 3, 4, 6), True),
        (("N", 4, 6, 3), False),
        (("N", None, None, 3), False),
        (("N", None, None, None), True),  # either would do
        ((1, 3, 4, 6), True),
        ((3, 4, 6, 3), False),  # seven images, three at a time
    ],
)
def test_images_go_in_as_its_shape_says(written, shape, is_first):
    network = feature_network.read(written(FLAT, shape, (shape[0], 72)), KEY)
    expected = (X.transpose(0, 3, 1, 2) if is_first else X).reshape(7, 72)
    np.testing.assert_array_equal(network.features(X), expected)


EXTERNAL = onnx.TensorProto(
    name="w", data_type=1, dims=[72, 2], data_location=onnx.TensorProto.EXTERNAL
)
EXTERNAL.external_data.add(key="location", value="weights.bin")
TIMES = [node("Flatten", "x", "a", axis=1), node("MatMul", "a w", "y")]


@pytest.mark.parametrize(
    ("nodes", "takes", "options", "said"),
    [
        (FLAT, ("N", 3, 72), {}, "must take images alone, tensor(float) [N,C,H,W] or [N,H,W,C]"),
        (FLAT, ("N", 3, 4, 6), {"more": [value("label", ["N"], 7)]}, "tensor(int64) [?]"),
        ([node("Identity", "x", "y")], ("N", 3, 4, 6), {"gives": ("N", 3, 4, 6)}, "[N,D]; net"),
        (FLAT, ("N", 3, 4, 6), {"gives": None}, "net.onnx gives nothing"),
        ([node("Evil", "x", "y")], ("N", 3, 4, 6), {}, "is no network that runs"),
        (TIMES, ("N", 3, 4, 6), {"constants": [EXTERNAL]}, "is no network that runs"),
    ],
)
def test_what_is_no_such_network_is_refused_in_a_line(
    written, tmp_path, monkeypatch, nodes, takes, options, said
):
    monkeypatch.chdir(tmp_path)
    X[:2].tofile("weights.bin")  # no hash would be of it
    with pytest.raises(BadRequest) as error:
        Samples(features=written(nodes, takes, **options))
    assert said in str(error.value)
    assert error.value.key == KEY
    assert "\n" not in str(error.value)


def test_files_that_are_no_network_are_refused(tmp_path, monkeypatch):
    for name, content in (("text.onnx", b"not at all"), ("empty.onnx", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadRequest, match="no network that runs"):
            feature_network.read(str(tmp_path / name), KEY)
    with pytest.raises(BadRequest, match="is no file"):
        feature_network.read(str(tmp_path / "none.onnx"), KEY)
    with pytest.raises(BadRequest, match="is no file"):
        feature_network.read("/dev/zero", KEY)
    monkeypatch.setattr(feature_network, "MAX_BYTES", 5)
    with pytest.raises(BadRequest, match="more than 5 bytes"):
        feature_network.read(str(tmp_path / "text.onnx"), KEY)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadRequest, match="needs onnxruntime: pip install onnxruntime"):
        feature_network.read(str(tmp_path / "text.onnx"), KEY)


def test_what_turns_out_when_it_runs_is_refused(written):
    negative = [node("Flatten", "x", "a", axis=1), node("Neg", "a", "b"), node("Log", "b", "y")]
    wide = [node("Flatten", "x", "a", axis=1), node("Tile", "a times", "y")]
    times = onnx.helper.make_tensor("times", onnx.TensorProto.INT64, [2], [1, 100])
    size = onnx.helper.make_tensor("size", onnx.TensorProto.INT64, [2], [2**20, 2**24])
    huge = [
        node("ConstantOfShape", "size", "c"),
        node("ReduceSum", "c", "d", keepdims=0),
        node("Flatten", "x", "a", axis=1),
        node("Add", "a d", "y"),
    ]
    takes = ("N", 3, 4, 6)
    for path, said in (
        (written(negative, takes, name="log"), "not finite"),
        (written(wide, takes, constants=[times], name="wide"), r"gives \[7,7200\] of 7 images"),
        (written(huge, takes, constants=[size], name="huge"), "does not run"),
        (written(FLAT, ("N", 3, 299, 299)), r"takes \[\?,3,299,299\], and .* are 4x6x3"),
    ):
        with pytest.raises(BadRequest, match=said):
            feature_network.read(path, KEY).features(X)


# ---- the metric ---------------------------------------------------------------------------------


def unlabelled_run(scale=1.0, **options):
    """Digits without labels, whose values go from 0 to `scale`."""
    run = split_run(900, **options)
    parts = [Split(scale * part.x, None) for part in (run.splits.train, run.splits.test)]
    run.splits = Splits(parts[0], parts[1], parts[1], "a test")
    run.data_range, run.config = (0.0, scale), OmegaConf.create({"dataset": {}})
    return run


def of_spare_images(run, metric):
    """The metric where the model's samples are training images."""
    spare = run.splits.train.pixels()[:300]
    run.model.has_prior = True
    run.model.sample_prior = lambda n, seed: np.arange(n)
    run.model.decode = lambda rows, label=None: spare[rows]
    evaluation = Evaluation(run)
    figures = metric(evaluation)
    return figures, metric.baselines(evaluation)[FLOOR], metric.notes(evaluation), evaluation


def test_figures_are_of_the_file_and_need_no_labels(written):
    metric = Samples(features=written(FLAT, ("N", 8, 8, 1)))
    figures, floor, notes, evaluation = of_spare_images(unlabelled_run(), metric)
    assert list(figures) == ["frechet", "frechet_se", "kid", "kid_se", "precision", "recall",
                             "density", "coverage", "images_compared"]  # fmt: skip
    assert figures["images_compared"] == 300
    for of in (figures, floor):
        assert abs(of["kid"]) < 2 * of["kid_se"]
    network = feature_network.read(metric.features, KEY)
    assert f"net.onnx, which takes [?,8,8,1], sha256 {network.sha256}" in notes[2]
    about = stated(metric, evaluation, figures)
    assert about["kid"].meaning.endswith(f"; of the features {network.fingerprint} alone")
    sixteen = of_spare_images(unlabelled_run(16.0), metric)[0]
    assert sixteen == pytest.approx(figures)  # images go in in [0, 1]


def test_it_is_of_images_and_the_key_is_named(written):
    path = written(FLAT, ("N", 1, 13, 1))
    run = table_run(60)
    run.splits = Splits(run.splits.train, run.splits.test, Split(run.splits.test.x, None), "")
    with pytest.raises(NotApplicable, match="network of images"):
        Samples(features=path)(Evaluation(run))
    node = {"_target_": "aecli.metrics.samples.Samples", "features": "none.onnx"}
    with pytest.raises(BadRequest, match=r"is no file: none"):
        build.components({"samples": node}, "metrics")
    node["features"] = written(FLAT, ("N", 3))
    with pytest.raises(BadRequest, match=r"^metrics\.samples\.features must take images"):
        build.components({"samples": node}, "metrics")
