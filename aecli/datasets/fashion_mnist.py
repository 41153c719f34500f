"""Fashion-MNIST: 28x28 photographs of clothes, Xiao, Rasul and Vollgraf (2017)."""

import dataclasses
from typing import ClassVar

from aecli.datasets.mnist_family import MnistFamily


@dataclasses.dataclass(frozen=True, kw_only=True)
class FashionMnist(MnistFamily):
    """60,000 training and 10,000 test images in uint8; labels 0..9 with names."""

    option: ClassVar[str] = "fashion_mnist"
    licence: ClassVar[str] = "MIT"
    hub_name: ClassVar[str] = "zalando-datasets/fashion_mnist"
    title: ClassVar[str] = "Fashion-MNIST"
    npz_names: ClassVar[tuple[str, ...]] = ("fashion-mnist.npz", "fashion_mnist.npz")
    folders: ClassVar[tuple[str, ...]] = ("fashion-mnist", "fashion_mnist")
    md5: ClassVar[tuple[str, str, str, str]] = (
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    )
    mirrors: ClassVar[tuple[str, ...]] = (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    )
    label_names: ClassVar[tuple[str, ...] | None] = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip
