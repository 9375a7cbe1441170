"""Swin transformer (Liu et al. 2021) for images of any size, as in the published DepthFormer.

timm's own Swin cannot be used: it shifts a map first and pads it afterwards. Wherever a map is not a multiple
of the window, this gives other numbers than the published order. Layer facts: docs/method.md §14.5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from timm.layers.drop import DropPath
from torch import Tensor, nn

from tiekd.errors import CheckpointError

WINDOW = 7
SHIFT = 3
# Added to a logit of the attention; its softmax is then practically zero. Published value.
_MASKED = -100.0
_DROP_PATH = 0.3
_NOT_OURS = re.compile(r"head\.|norm\.|.*(relative_position_index|attn_mask)$")


@dataclass(frozen=True, slots=True)
class SwinSize:
    """Width of the first stage, blocks per stage and attention heads of the first stage (Swin §3.3)."""

    width: int
    depths: tuple[int, int, int, int]
    n_heads: int


SIZES = {
    "swin_tiny": SwinSize(96, (2, 2, 6, 2), 3),
    "swin_small": SwinSize(96, (2, 2, 18, 2), 3),
    "swin_base": SwinSize(128, (2, 2, 18, 2), 4),
    "swin_large": SwinSize(192, (2, 2, 18, 2), 6),
}


class WindowAttention(nn.Module):
    """Self-attention inside windows of 7x7 tokens, with a learned bias per relative position (Swin eq. 4)."""

    relative_position_index: Tensor

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * WINDOW - 1) ** 2, n_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        cells = torch.cartesian_prod(torch.arange(WINDOW), torch.arange(WINDOW))
        apart = cells[:, None] - cells[None] + WINDOW - 1
        index = apart[..., 0] * (2 * WINDOW - 1) + apart[..., 1]
        self.register_buffer("relative_position_index", index, persistent=False)

    def forward(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """Map windows `[B, n_windows, 49, width]` to the same shape; `mask` is added to the logits.

        mask: `[n_windows, 49, 49]` or None.
        """
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)
        if mask is not None:
            bias = bias + mask[:, None]
        qkv = self.qkv(windows).unflatten(-1, (3, self.n_heads, -1))
        query, key, value = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        out: Tensor = self.proj(attended.transpose(2, 3).flatten(3))
        return out


class Mlp(nn.Module):
    """Two linear layers around a GELU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens `[..., width]` to the same shape."""
        out: Tensor = self.fc2(F.gelu(self.fc1(tokens)))
        return out


class SwinBlock(nn.Module):
    """Window attention (plain or shifted) and an MLP, each with its residual (Swin eq. 3)."""

    def __init__(self, width: int, n_heads: int, *, shift: int, drop_path: float) -> None:
        super().__init__()
        self.shift = shift
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, n_heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)
        self.drop_path = DropPath(drop_path)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Map tokens `[B, H, W, width]` to the same shape; shifted blocks use the `mask` of `shift_mask`.

        Kept for parity: maps are padded before the shift, and the padded tokens take part in the attention.
        """
        height, width = tokens.shape[1:3]
        padded = _pad(self.norm1(tokens), WINDOW)
        if self.shift:
            padded = torch.roll(padded, (-self.shift, -self.shift), dims=(1, 2))
        windows = self.attn(_partition(padded), mask if self.shift else None)
        attended = _join(windows, padded.shape[1], padded.shape[2])
        if self.shift:
            attended = torch.roll(attended, (self.shift, self.shift), dims=(1, 2))
        tokens = tokens + self.drop_path(attended[:, :height, :width])
        out: Tensor = tokens + self.drop_path(self.mlp(self.norm2(tokens)))
        return out


class PatchMerging(nn.Module):
    """Merges each group of 2x2 tokens into one token of twice the width (Swin §3.1).

    Kept for parity: the four tokens are concatenated channel by channel, in the order `4 c + 2 row + column`.
    `from_timm` converts other orders.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens `[B, ceil(H / 2), ceil(W / 2), 2 width]` from `[B, H, W, width]`."""
        even = _pad(tokens, 2)
        batch, height, width, channels = even.shape
        cells = even.reshape(batch, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 5, 2, 4)
        out: Tensor = self.reduction(self.norm(cells.flatten(3)))
        return out


class SwinStage(nn.Module):
    """Blocks at one resolution, then a merging of patches if another stage follows."""

    def __init__(self, width: int, n_heads: int, drop_paths: Sequence[float], *, merge: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            SwinBlock(width, n_heads, shift=SHIFT * (i % 2), drop_path=rate)
            for i, rate in enumerate(drop_paths)
        )
        self.downsample = PatchMerging(width) if merge else nn.Identity()

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens `[B, H, W, width]` of this stage, and the input of the next stage."""
        mask = shift_mask(tokens.shape[1], tokens.shape[2], device=tokens.device)
        for block in self.blocks:
            tokens = block(tokens, mask)
        return tokens, self.downsample(tokens)


class PatchEmbed(nn.Module):
    """Makes one token of each group of 4x4 pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, 4, stride=4)
        self.norm = nn.LayerNorm(width)

    def forward(self, image: Tensor) -> Tensor:
        """Tokens `[B, ceil(H / 4), ceil(W / 4), width]` from an image `[B, 3, H, W]`."""
        height, width = image.shape[-2:]
        padded = F.pad(image, (0, -width % 4, 0, -height % 4))
        tokens: Tensor = self.norm(self.proj(padded).permute(0, 2, 3, 1))
        return tokens


class SwinPyramid(nn.Module):
    """Four levels of features at strides 4, 8, 16 and 32, each with its own layer norm."""

    strides = (4, 8, 16, 32)

    def __init__(self, size: SwinSize) -> None:
        super().__init__()
        self.channels = tuple(size.width * 2**i for i in range(4))
        self.patch_embed = PatchEmbed(size.width)
        # Stochastic depth: deeper blocks are dropped more often, up to _DROP_PATH.
        n_blocks = sum(size.depths)
        rates = [_DROP_PATH * i / (n_blocks - 1) for i in range(n_blocks)]
        self.stages = nn.ModuleList()
        for i, (channels, depth) in enumerate(zip(self.channels, size.depths, strict=True)):
            start = sum(size.depths[:i])
            heads = size.n_heads * 2**i
            self.stages.append(SwinStage(channels, heads, rates[start : start + depth], merge=i < 3))
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for channels in self.channels)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features `[B, C_i, ceil(H / s_i), ceil(W / s_i)]` of an image `[B, 3, H, W]`, shallow first."""
        tokens = self.patch_embed(image)
        features = []
        for stage, norm in zip(self.stages, self.norms, strict=True):
            level, tokens = stage(tokens)
            features.append(norm(level).permute(0, 3, 1, 2).contiguous())
        return features


def shift_mask(height: int, width: int, *, device: torch.device | None = None) -> Tensor:
    """Mask `[n_windows, 49, 49]` between tokens that are neighbours only because of the cyclic shift.

    height, width: tokens of the map before padding. The mask covers the padded map (Swin §3.2, figure 4).
    """
    regions = []
    for size in (height, width):
        padded = size + -size % WINDOW
        # Along each axis the shift makes three regions; tokens of different regions must not attend.
        place = torch.arange(padded, device=device)
        regions.append((place >= padded - WINDOW).long() + (place >= padded - SHIFT).long())
    region = 3 * regions[0][:, None] + regions[1]
    windows = _partition(region[None, :, :, None])[0, :, :, 0]
    return (windows[:, :, None] != windows[:, None, :]) * _MASKED


def from_timm(found: Mapping[str, Tensor], pyramid: SwinPyramid, *, where: str) -> dict[str, Tensor]:
    """Convert ImageNet weights with the names of timm or of Swin's authors to a state dict of `pyramid`.

    Both concatenate merged patches in the order `(2 column + row) C + c`, so the weights of the mergings are
    permuted. A classifier has no norms of levels; these keep their current values. Raises CheckpointError
    for missing, unknown or misshapen weights.
    """
    # timm merges at the beginning of a stage, Swin's authors merge at the end of the stage before.
    begins = any(key.startswith("layers.3.downsample.") for key in found)
    given = {}
    for key, value in found.items():
        if _NOT_OURS.match(key):
            continue
        place = re.sub(r"^layers\.(\d)\.", lambda m: f"stages.{m[1]}.", key)
        merging = re.match(r"layers\.(\d)\.downsample\.(.*)", key)
        if merging:
            place = f"stages.{int(merging[1]) - begins}.downsample.{merging[2]}"
            order = torch.arange(value.shape[-1]).view(2, 2, -1).permute(2, 1, 0).flatten()
            value = value[..., order]  # noqa: PLW2901
        given[place] = value
    own = pyramid.state_dict()
    wanted = {key: value for key, value in own.items() if not key.startswith("norms.")}
    faults = [f"missing {key}" for key in wanted if key not in given]
    faults += [f"unknown {key}" for key in given if key not in wanted]
    faults += [key for key in wanted if key in given and given[key].shape != wanted[key].shape]
    if faults:
        raise CheckpointError(
            f"{where} doesn't fit this Swin transformer: {'; '.join(faults[:5])}",
            hint="Window 7 and 4x4 patches, for example swin_large_patch4_window7_224.",
        )
    return {**own, **given}


def _pad(tokens: Tensor, multiple: int) -> Tensor:
    """Pad tokens `[B, H, W, C]` with zeros at the bottom and right to multiples of `multiple`."""
    height, width = tokens.shape[1:3]
    return F.pad(tokens, (0, 0, 0, -width % multiple, 0, -height % multiple))


def _partition(tokens: Tensor) -> Tensor:
    """Windows `[B, n_windows, 49, C]` of a map `[B, H, W, C]`; H and W are multiples of 7."""
    batch, height, width, channels = tokens.shape
    cells = tokens.reshape(batch, height // WINDOW, WINDOW, width // WINDOW, WINDOW, channels)
    return cells.transpose(2, 3).reshape(batch, -1, WINDOW * WINDOW, channels)


def _join(windows: Tensor, height: int, width: int) -> Tensor:
    """Map `[B, height, width, C]` from windows `[B, n_windows, 49, C]`."""
    batch, channels = windows.shape[0], windows.shape[3]
    cells = windows.reshape(batch, height // WINDOW, width // WINDOW, WINDOW, WINDOW, channels)
    return cells.transpose(2, 3).reshape(batch, height, width, channels)
