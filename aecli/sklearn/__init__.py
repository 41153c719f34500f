"""Autoencoders as scikit-learn's estimators: in pipelines, grid searches and frames."""

from aecli.sklearn.detector import AutoencoderDetector as AutoencoderDetector
from aecli.sklearn.transformer import AutoencoderTransformer as AutoencoderTransformer

__all__ = ["AutoencoderDetector", "AutoencoderTransformer"]
