"""Architectures: what is between the pixels and the code, built from the data's shape."""

from aecli.networks.base import Network
from aecli.networks.conv import Conv
from aecli.networks.mlp import MLP

__all__ = ["MLP", "Conv", "Network"]
