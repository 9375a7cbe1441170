"""The students: an encoder, a U-shaped decoder, and depth by regression or by a distribution over bins.

The decoder is DenseDepth's (Alhashim & Wonka 2018, §3.1), the distribution TIE-KD's (Choi et al. 2024). The
published presets (docs/method.md §14.2) run at the image's full resolution; the options make the same
structure small.
"""

from __future__ import annotations

from pathlib import Path

from tiekd.bins import DepthBins
from tiekd.card import ModelCard
from tiekd.models.base import DepthModel
from tiekd.models.decoder import DecoderOptions, build_decoder
from tiekd.models.encoders import create_encoder
from tiekd.models.heads import DPMHead, RegressionHead


def build_densedepth(
    card: ModelCard, options: DecoderOptions, *, encoder: str, weights: str | Path | None = None
) -> DepthModel:
    """A student on `encoder`: a DPM head when the card names a number of bins, else regression.

    Raises ConfigError when the options don't fit the encoder, and what `create_encoder` raises.
    """
    pyramid = create_encoder(encoder, weights=weights)
    decoder = build_decoder(pyramid, options)
    head: DPMHead | RegressionHead
    if card.n_bins is None:
        head = RegressionHead(decoder.out_channels, card.depth_range)
    else:
        head = DPMHead(decoder.out_channels, DepthBins(card.n_bins, card.depth_range))
    return DepthModel(card=card, encoder=pyramid, decoder=decoder, head=head, image_pool=options.image_pool)
