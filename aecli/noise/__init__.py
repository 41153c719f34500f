"""Corruptions of the input: the target of training stays clean."""

from aecli.noise.base import Noise
from aecli.noise.gaussian import Gaussian
from aecli.noise.masking import Masking
from aecli.noise.none import NoNoise
from aecli.noise.salt_and_pepper import SaltAndPepper
from aecli.noise.speckle import Speckle

__all__ = ["Gaussian", "Masking", "NoNoise", "Noise", "SaltAndPepper", "Speckle"]
