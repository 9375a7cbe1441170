"""Networks prepared for inference: the same answers, up to rounding, with less computing and memory.

Each norm is merged into the convolution before it, and the linear 1x1 bottleneck of the students into the 3x3
after it. The expectation over the bins is computed for a few pixels at a time, so that the DPM of the whole
image is never stored unless it is asked for.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from tiekd.bins import bin_centers
from tiekd.errors import InputSizeError
from tiekd.models.adabins import AdaptiveBinsHead
from tiekd.models.base import DepthModel
from tiekd.models.decoder import PyramidDecoder
from tiekd.models.heads import DPMHead, HeadOutput

PIXELS_AT_A_TIME = 512
"""Few enough that logits and probabilities of 257 bins stay in the second-level cache of a core."""
_TRIAL_SIZES = ((64, 64), (352, 1216), (480, 640), (256, 256))
"""Image sizes to try for the trace. Published AdaBins takes few: its tokens are limited."""


def fold_for_inference(model: DepthModel, *, keep_dpm: bool = True) -> DepthModel:
    """A copy of `model` in evaluation mode that gives the same answers faster. It can't be trained or saved.

    keep_dpm: whether its answers hold `dpm_logits`. Without them only the DPM of a few pixels is in memory at
    any time; `keeping_dpm` gives a second form of the network that holds them.
    """
    folded = copy.deepcopy(model).eval().requires_grad_(False)
    for conv, norm in _norms_after_convolutions(folded):
        _fold_norm(folded, conv, norm)
    for module in list(folded.modules()):
        if isinstance(module, PyramidDecoder):
            _fold_bottleneck(module)
    if isinstance(folded.head, DPMHead):
        folded.head = FoldedDPMHead(folded.head)
    elif isinstance(folded.head, AdaptiveBinsHead):
        folded.head = FoldedAdaptiveBinsHead(folded.head)
    return keeping_dpm(folded) if keep_dpm else folded


def keeping_dpm(folded: DepthModel) -> DepthModel:
    """The same folded network, with the same weights in memory, whose answers hold `dpm_logits`.

    A network without bins is returned as it is. Both may compute at the same time.
    """
    if not isinstance(folded.head, FoldedDPMHead | FoldedAdaptiveBinsHead):
        return folded
    head = copy.copy(folded.head)
    head.keep_dpm = True
    twin = copy.copy(folded)
    # The copy shares this table, too. Without one of its own, `folded` would get the new head as well.
    twin._modules = {**folded._modules, "head": head}
    return twin


def expected_depth(
    feature: Tensor, weight: Tensor, bias: Tensor | None, bin_edges: Tensor, *, keep_logits: bool
) -> tuple[Tensor, Tensor | None]:
    """Depth of the DPM that a 1x1 convolution makes of a feature `[B, C, h, w]`.

    weight: `[1, n_bins, C]`, or `[B, n_bins, C]` for one per image. bias: `[n_bins]`.
    bin_edges: `[n_bins + 1]` in metres, or `[B, n_bins + 1]` for one set per image.
    Returns depth `[B, 1, h, w]` in metres, and the logits `[B, n_bins, h, w]` with `keep_logits`, else None.
    """
    batch, _, height, width = feature.shape
    pixels = feature.flatten(2).transpose(1, 2)
    n_pixels, n_bins = pixels.shape[1], weight.shape[1]
    # An exported graph would repeat the four steps of the loop hundreds of times.
    step = n_pixels if torch.compiler.is_compiling() else PIXELS_AT_A_TIME
    centers = bin_centers(bin_edges.float()).expand(batch, n_bins)
    weights = weight.expand(batch, -1, -1)
    depth = centers.new_empty(batch, n_pixels)
    logits = feature.new_empty(batch, n_pixels, n_bins) if keep_logits else None
    for image in range(batch):
        for start in range(0, n_pixels, step):
            some = slice(start, start + step)
            part = F.linear(pixels[image, some], weights[image], bias)
            depth[image, some] = part.float().softmax(dim=1) @ centers[image]
            if logits is not None:
                logits[image, some] = part
    kept = None if logits is None else logits.transpose(1, 2).view(batch, n_bins, height, width)
    return depth.view(batch, 1, height, width), kept


class FoldedDPMHead(nn.Module):
    """`DPMHead` that stores the logits of the image at most once, or not at all."""

    bin_edges: Tensor

    def __init__(self, head: DPMHead) -> None:
        super().__init__()
        self.conv = head.conv
        self.keep_dpm = False
        self.register_buffer("bin_edges", head.bin_edges, persistent=False)

    def forward(self, feature: Tensor) -> HeadOutput:
        """As `DPMHead.forward`. There are logits only with `keep_dpm`."""
        weight = self.conv.weight[None, :, :, 0, 0]
        edges = self.bin_edges.float()
        depth, logits = expected_depth(feature, weight, self.conv.bias, edges, keep_logits=self.keep_dpm)
        return HeadOutput(depth, logits, edges)


class FoldedAdaptiveBinsHead(nn.Module):
    """`AdaptiveBinsHead` that computes the logits from the features in one step, without the query maps."""

    def __init__(self, head: AdaptiveBinsHead) -> None:
        super().__init__()
        self.head = head
        self.keep_dpm = False

    def forward(self, feature: Tensor) -> HeadOutput:
        """As `AdaptiveBinsHead.forward`. There are logits only with `keep_dpm`."""
        seen, kernels, edges = self.head.look(feature)
        conv = self.head.conv_out
        weight = conv.weight[:, :, 0, 0] @ kernels
        depth, logits = expected_depth(seen, weight, conv.bias, edges, keep_logits=self.keep_dpm)
        return HeadOutput(depth, logits, edges)


class ConstantChannel(nn.Module):
    """Appends a channel of ones, whose weights stand for the bias of a layer that was merged into the next.

    Zero padding around that channel leaves the bias out at the border, as the two separate layers do.
    """

    def forward(self, feature: Tensor) -> Tensor:
        """`[B, C + 1, h, w]` from `[B, C, h, w]`."""
        return F.pad(feature, (0, 0, 0, 0, 0, 1), value=1.0)


def _fold_norm(model: DepthModel, conv_name: str, norm_name: str) -> None:
    """Merge a norm into the convolution before it. In float64, so that the result is rounded only once."""
    conv, norm = cast("nn.Conv2d", model.get_submodule(conv_name)), model.get_submodule(norm_name)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight.double()
    shift = -norm.running_mean.double() * scale
    if norm.bias is not None:
        shift = shift + norm.bias.double()
    if conv.bias is not None:
        shift = shift + conv.bias.double() * scale
    kind = conv.weight.dtype
    weight = (conv.weight.double() * scale[:, None, None, None]).to(kind)
    conv.weight = nn.Parameter(weight, requires_grad=False)
    conv.bias = nn.Parameter(shift.to(kind), requires_grad=False)
    parent, _, child = norm_name.rpartition(".")
    rest = nn.Sequential(norm.drop, norm.act) if isinstance(norm, BatchNormAct2d) else nn.Identity()
    setattr(model.get_submodule(parent), child, rest)


def _fold_bottleneck(decoder: PyramidDecoder) -> None:
    """Merge the linear 1x1 into the 3x3 of the first up block.

    Only a resize is between the two. It acts on each channel alone, so the order of 1x1 and resize is free.
    """
    linear = getattr(decoder.bottleneck, "conv", None)
    if not isinstance(linear, nn.Conv2d) or linear.bias is None or not len(decoder.up):
        return
    # With a bottleneck narrower than its input there would be more to compute, not less.
    if linear.in_channels > linear.out_channels:
        return
    block = cast("nn.Sequential", decoder.up[0].conv_a)
    conv = cast("nn.Conv2d", block.conv)
    running, skips = conv.weight[:, : linear.out_channels], conv.weight[:, linear.out_channels :]
    merged = torch.einsum("oikl,ic->ockl", running, linear.weight[:, :, 0, 0])
    constant = torch.einsum("oikl,i->okl", running, linear.bias)[:, None]
    weight = torch.cat([merged, constant, skips], dim=1)
    wide = nn.Conv2d(
        weight.shape[1], conv.out_channels, 3, padding=1, bias=conv.bias is not None, device="meta"
    )
    wide.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
    if conv.bias is not None:
        wide.bias = conv.bias
    block.conv = wide
    decoder.bottleneck = nn.Sequential(ConstantChannel())


def _norms_after_convolutions(model: DepthModel) -> list[tuple[str, str]]:
    """Names of (convolution, norm) pairs in which only the norm uses the output of the convolution.

    The network is run once on shapes alone to find them, because the names and the order of layers do not
    show it. A network that can't be run in this way keeps its norms.
    """
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    on_paper = {name: torch.empty_like(value, device="meta") for name, value in tensors.items()}
    for size in _TRIAL_SIZES:
        trace = _Trace(on_paper)
        try:
            with torch.no_grad(), trace:
                functional_call(model, on_paper, (torch.empty(1, 3, *size, device="meta"),))
        except (InputSizeError, NotImplementedError):
            continue
        return [pair for pair in trace.pairs() if isinstance(model.get_submodule(pair[1]), nn.BatchNorm2d)]
    return []


class _Trace(TorchFunctionMode):
    """Records which functions use the outputs of which convolutions."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._names = {id(value): name for name, value in tensors.items()}
        self._made: dict[int, str] = {}
        self._seen_by: dict[str, list[str | None]] = defaultdict(list)
        self._calls: dict[str, int] = defaultdict(int)
        self._alive: list[Tensor] = []  # The id of a tensor that is gone may be given to another one.

    def __torch_function__(
        self, func: Callable[..., Any], _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        tensors = list(_tensors_in((*args, *(kwargs or {}).values())))
        if isinstance(out, Tensor | tuple | list) and any(True for _ in _tensors_in((out,))):
            norm = self._owner(args[1], "running_mean") if func is F.batch_norm and len(args) > 1 else None
            if norm is not None:
                self._calls[norm] += 1
            for tensor in tensors:
                if id(tensor) in self._made:
                    self._seen_by[self._made[id(tensor)]].append(norm)
        if func is F.conv2d and len(args) > 1:
            conv = self._owner(args[1], "weight")
            if conv is not None:
                self._calls[conv] += 1
                self._made[id(out)] = conv
                self._alive.append(out)
        return out

    def pairs(self) -> list[tuple[str, str]]:
        """Names of (convolution, norm) that were called once each, the norm as the only user."""
        return [
            (conv, users[0])
            for conv, users in self._seen_by.items()
            if len(users) == 1 and users[0] is not None and self._calls[conv] == self._calls[users[0]] == 1
        ]

    def _owner(self, tensor: object, field: str) -> str | None:
        """The name of the module that has the tensor as its `field`, or an empty text."""
        name = self._names.get(id(tensor), "")
        return name.removesuffix(f".{field}") if name.endswith(f".{field}") else None


def _tensors_in(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors_in(value)
