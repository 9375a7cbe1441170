"""The students: an encoder, a U-shaped decoder, and a head that gives depth directly or as a DPM.

The decoder is DenseDepth's (Alhashim & Wonka 2018, §3.1), the DPM head TIE-KD's (Choi et al. 2024). The
published presets (docs/method.md §14.2) predict at the full resolution of the image. With other options the
same structure becomes small.
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
    """Build a student on `encoder`: with a DPM head if the card states a number of bins, else by regression.

    Raises ConfigError when the options do not fit the encoder, and the errors of `create_encoder`.
    """
    pyramid = create_encoder(encoder, weights=weights)
    decoder = build_decoder(pyramid, options)
    head: DPMHead | RegressionHead
    if card.n_bins is None:
        head = RegressionHead(decoder.out_channels, card.depth_range)
    else:
        head = DPMHead(decoder.out_channels, DepthBins(card.n_bins, card.depth_range))
    return DepthModel(card=card, encoder=pyramid, decoder=decoder, head=head, image_pool=options.image_pool)
