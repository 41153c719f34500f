"""Augmentations: other images of the same kind, made of the training's own while it runs."""

from aecli.augment.base import Augmentation
from aecli.augment.colour import Colour
from aecli.augment.crop import Crop
from aecli.augment.flip import Flip
from aecli.augment.shift import Shift

__all__ = ["Augmentation", "Colour", "Crop", "Flip", "Shift"]
