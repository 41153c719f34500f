"""MNIST: 28x28 handwritten digits, LeCun, Bottou, Bengio and Haffner (1998)."""

import dataclasses
from typing import ClassVar

from aecli.datasets.mnist_family import MnistFamily


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mnist(MnistFamily):
    """60,000 training and 10,000 test images in uint8; labels 0..9."""

    option: ClassVar[str] = "mnist"
    licence: ClassVar[str] = "CC BY-SA 3.0, as Keras's documentation says"
    hub_name: ClassVar[str] = "ylecun/mnist"
    title: ClassVar[str] = "MNIST"
    npz_names: ClassVar[tuple[str, ...]] = ("mnist.npz",)
    folders: ClassVar[tuple[str, ...]] = ("mnist",)
    md5: ClassVar[tuple[str, str, str, str]] = (
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    )
    mirrors: ClassVar[tuple[str, ...]] = (
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist",
    )
