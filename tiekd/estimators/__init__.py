"""Who knows depth: a network of ours on an engine, a Hugging Face model, an ONNX file, a folder of depth.

Everything that needs the depth of a picture asks an `Estimator`: `tiekd label`, `eval`, `predict`, `gallery
build`, `reproduce`, the studies and the server. `open_estimator` opens any of them by one string;
docs/teachers.md says what the string may be. Importing this package does not import torch.
"""

from tiekd.estimators.base import About, Estimator, Picture, PictureEstimator, Terms, Window
from tiekd.estimators.network import (
    NetworkEstimator,
    network_in_memory,
    open_network,
    untrained_network,
)
from tiekd.estimators.open import open_estimator

__all__ = [
    "About", "Estimator", "NetworkEstimator", "Picture", "PictureEstimator", "Terms", "Window",
    "network_in_memory", "open_estimator", "open_network", "untrained_network",
]  # fmt: skip
