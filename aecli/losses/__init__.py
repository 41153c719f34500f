"""Reconstruction losses: what a decoder's output means, and how far it is from the data."""

from aecli.losses.base import Loss
from aecli.losses.binary_crossentropy import BinaryCrossentropy
from aecli.losses.continuous_bernoulli import ContinuousBernoulli
from aecli.losses.gaussian import Gaussian
from aecli.losses.mae import MAE
from aecli.losses.mse import MSE

__all__ = ["MAE", "MSE", "BinaryCrossentropy", "ContinuousBernoulli", "Gaussian", "Loss"]
