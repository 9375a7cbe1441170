"""AdaBins (Bhat et al. 2021): a small transformer over the decoder's map predicts each image's depth bins.

There are two forms of its tokens:

* "published": the first patch tokens are also the queries, and the table of position codes is cut to the
  number of patches. This limits the image size (docs/method.md §14.3).
* "any_size": the queries are learned and the position codes are interpolated, so every image size works.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from tiekd.bins import edges_from_widths, expectation_of_logits
from tiekd.card import ModelCard
from tiekd.errors import ConfigError, InputSizeError
from tiekd.models.base import DepthModel
from tiekd.models.decoder import DecoderOptions, build_decoder
from tiekd.models.encoders import create_encoder
from tiekd.models.heads import HeadOutput, start_falling
from tiekd.types import DepthRange

MIN_WIDTH = 0.1
"""Added to every bin width before they are normalised, so that no bin collapses (docs/method.md §3.2)."""
_MAX_TOKENS = 500
"""Length of the published table of position codes."""


class AdaBinsOptions(DecoderOptions):
    """Options of the decoder and sizes of the transformer. `embed_dim` is also the number of query maps."""

    norm: Literal["none", "batch"] = "batch"
    output_stride: Literal[1, 2, 4, 8] = 2
    tokens: Literal["published", "any_size"] = "any_size"
    embed_dim: int = Field(default=96, ge=8)
    patch_size: int = Field(default=8, ge=1)
    n_layers: int = Field(default=4, ge=1)
    n_heads: int = Field(default=4, ge=1)
    ff_dim: int = Field(default=384, ge=8)
    token_grid: tuple[int, int] = (11, 38)
    """Rows and columns of the learned position codes, which are interpolated to the grid of patches."""

    @model_validator(mode="after")
    def _check_heads(self) -> AdaBinsOptions:
        if self.embed_dim % self.n_heads:
            raise ValueError(f"embed_dim={self.embed_dim} must be a multiple of n_heads={self.n_heads}")
        return self


class PublishedTokens(nn.Module):
    """Patch tokens with position codes cut to the number of tokens. The first tokens are the queries."""

    def __init__(self, n_queries: int, embed_dim: int) -> None:
        super().__init__()
        self.n_queries = n_queries
        self.positions = nn.Parameter(torch.rand(_MAX_TOKENS, embed_dim))

    def forward(self, patches: Tensor) -> Tensor:
        """Tokens `[B, h w, embed_dim]` from patches `[B, embed_dim, h, w]`.

        Raises InputSizeError when there are fewer patches than queries or more than position codes.
        """
        tokens = patches.flatten(2).transpose(1, 2)
        if not self.n_queries <= tokens.shape[1] <= _MAX_TOKENS:
            raise InputSizeError(
                f"The image gives {tokens.shape[1]} patches, but this network takes {self.n_queries} to "
                f"{_MAX_TOKENS} of them.",
                hint="KITTI's 352x1216 pixels give 418, NYU's 480x640 give 300; scale the image accordingly.",
            )
        return tokens + self.positions[: tokens.shape[1]]


class AnySizeTokens(nn.Module):
    """Learned queries followed by patch tokens, with position codes interpolated to the grid of patches."""

    def __init__(self, n_queries: int, embed_dim: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, n_queries, embed_dim) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, embed_dim, *grid) * 0.02)

    def forward(self, patches: Tensor) -> Tensor:
        """Tokens `[B, n_queries + h w, embed_dim]` from patches `[B, embed_dim, h, w]`."""
        size = (patches.shape[-2], patches.shape[-1])
        placed = patches + F.interpolate(self.positions, size=size, mode="bilinear", align_corners=True)
        return torch.cat(
            [self.queries.expand(patches.shape[0], -1, -1), placed.flatten(2).transpose(1, 2)], dim=1
        )


class AdaptiveBinsHead(nn.Module):
    """Bin widths per image and a distribution over these bins at every pixel.

    This is the paper's "mini-ViT" and its head, eq. 1 to 3 (docs/method.md §3.2, §3.3).
    """

    def __init__(
        self, in_channels: int, *, n_bins: int, depth_range: DepthRange, options: AdaBinsOptions
    ) -> None:
        super().__init__()
        width = options.embed_dim
        self.depth_range = depth_range
        self.patch_size = options.patch_size
        self.pad_patches = options.tokens == "any_size"
        self.conv_in = nn.Conv2d(in_channels, width, 3, padding=1)
        self.conv_map = nn.Conv2d(width, width, 3, padding=1)
        self.embed = nn.Conv2d(width, width, options.patch_size, stride=options.patch_size)
        # One token for the bin widths, and one query per channel of the map.
        self.tokens: PublishedTokens | AnySizeTokens
        if options.tokens == "published":
            self.tokens = PublishedTokens(width + 1, width)
        else:
            self.tokens = AnySizeTokens(width + 1, width, options.token_grid)
        layer = nn.TransformerEncoderLayer(width, options.n_heads, options.ff_dim, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, options.n_layers, enable_nested_tensor=False)
        self.regressor = nn.Sequential(
            nn.Linear(width, 256), nn.LeakyReLU(), nn.Linear(256, 256), nn.LeakyReLU(), nn.Linear(256, n_bins)
        )
        self.conv_out = nn.Conv2d(width, n_bins, 1)

    def start_at(self, depth_m: float) -> None:
        """Initialise the head to an expected depth of about `depth_m` metres, with wider bins farther away.

        With a random start, half of the widths are zero after the ReLU, which gives them no gradient.
        """
        widths = torch.linspace(0.2, 1.8, self.conv_out.out_channels)
        last = cast("nn.Linear", self.regressor[-1])
        with torch.no_grad():
            last.weight.mul_(0.1)
            last.bias.copy_(widths)
        edges = edges_from_widths(widths[None], self.depth_range)
        start_falling(self.conv_out, edges[0], depth_m)

    def forward(self, feature: Tensor) -> HeadOutput:
        """Depth `[B, 1, h, w]`, logits `[B, n_bins, h, w]`, edges `[B, n_bins + 1]` of a map `[B, C, h, w]`.

        Depth and edges are in metres.
        """
        seen, kernels, edges = self.look(feature)
        attention = torch.einsum("bkc,bchw->bkhw", kernels, seen)
        logits = self.conv_out(attention)
        return HeadOutput(expectation_of_logits(logits, edges), logits, edges)

    def look(self, feature: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map `[B, C, h, w]` that the queries attend to, queries `[B, C, C]`, edges `[B, n_bins + 1]`.

        `fold_for_inference` needs these three apart from the final convolution.
        """
        feature = self.conv_in(feature)
        tokens = self.transformer(self.tokens(self.embed(self._whole_patches(feature))))
        # The first token gives the bin widths, the next ones the queries.
        widths = F.relu(self.regressor(tokens[:, 0])).float() + MIN_WIDTH
        edges = edges_from_widths(widths, self.depth_range)
        return self.conv_map(feature), tokens[:, 1 : 1 + feature.shape[1]], edges

    def _whole_patches(self, feature: Tensor) -> Tensor:
        # The published network drops rows and columns that do not fill a patch; "any_size" pads them.
        bottom, right = -feature.shape[-2] % self.patch_size, -feature.shape[-1] % self.patch_size
        if not self.pad_patches or not (bottom or right):
            return feature
        return F.pad(feature, (0, right, 0, bottom), mode="replicate")


def build_adabins(
    card: ModelCard, options: AdaBinsOptions, *, encoder: str, weights: str | Path | None = None
) -> DepthModel:
    """Build a teacher with adaptive bins on `encoder`. The card states the number of bins.

    Raises ConfigError when the card has no number of bins or the options do not fit the encoder, and the
    errors of `create_encoder`.
    """
    if card.n_bins is None:
        raise ConfigError(f"{card.architecture} needs n_bins.", hint="The published teacher uses 256.")
    pyramid = create_encoder(encoder, weights=weights)
    decoder = build_decoder(pyramid, options)
    head = AdaptiveBinsHead(
        decoder.out_channels, n_bins=card.n_bins, depth_range=card.depth_range, options=options
    )
    return DepthModel(card=card, encoder=pyramid, decoder=decoder, head=head, image_pool=options.image_pool)
