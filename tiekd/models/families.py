"""The families of networks: one entry for each structure that an encoder can be put into.

The registry builds from here; recipes, cards and labels ask here which families there are, which have bins
and what people call them. To add a family, write its module and add an entry; see CONTRIBUTING.md.
Nothing here needs torch: an entry only names its code, and the registry imports it to build a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Presets = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class NetworkFamily:
    """Networks of one structure; `<family>_<encoder>` is the name of an architecture.

    label: what people call it. method: what the card says of a network that is built by its architecture's
    name. options, build: `module:name` of the pydantic model of its options and of the function
    `build(card, options, *, encoder, weights)`. n_bins: the usual number of depth bins; None for a family
    that answers without bins. presets: the published encoders and their options, with fields of the card such
    as `n_bins` among them. encoders: published encoders whose name inside this family is another one.
    """

    label: str
    method: str
    options: str
    build: str
    presets: Presets = field(default_factory=dict)
    n_bins: int | None = None
    encoders: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_bins(self) -> bool:
        """Whether its networks answer with a distribution over depth bins."""
        return self.n_bins is not None


_STUDENTS: Presets = {
    "mobilenetv2": {"bottleneck_channels": 2048, "decoder_channels": (512, 256, 128)},
    "resnet18": {"bottleneck_channels": 512, "decoder_channels": (256, 256, 128, 128)},
    "resnet50": {"bottleneck_channels": 2048, "decoder_channels": (1024, 512, 256, 128)},
}
_ADABINS: Presets = {
    "efficientnet_b5": {
        "bottleneck_channels": 2048,
        "decoder_channels": (1024, 512, 256, 128),
        "norm": "batch",
        "output_stride": 2,
        "tokens": "published",
        "embed_dim": 128,
        "patch_size": 16,
        "n_layers": 4,
        "n_heads": 4,
        "ff_dim": 1024,
    }
}
NETWORKS: dict[str, NetworkFamily] = {
    "densedepth_dpm": NetworkFamily(
        label="DenseDepth with a DPM",
        method="tiekd",
        options="tiekd.models.decoder:DecoderOptions",
        build="tiekd.models.densedepth:build_densedepth",
        presets={encoder: {**preset, "n_bins": 257} for encoder, preset in _STUDENTS.items()},
        n_bins=128,
    ),
    "densedepth": NetworkFamily(
        label="DenseDepth",
        method="baseline",
        options="tiekd.models.decoder:DecoderOptions",
        build="tiekd.models.densedepth:build_densedepth",
        presets=_STUDENTS,
    ),
    "adabins": NetworkFamily(
        label="AdaBins",
        method="teacher",
        options="tiekd.models.adabins:AdaBinsOptions",
        build="tiekd.models.adabins:build_adabins",
        presets=_ADABINS,
        n_bins=256,
        encoders={"efficientnet_b5": "efficientnet_b5_ap"},
    ),
    "bts": NetworkFamily(
        label="BTS",
        method="teacher",
        options="tiekd.models.bts:BtsOptions",
        build="tiekd.models.bts:build_bts",
        presets={"resnet50": {"align_corners": False}},
    ),
    "depthformer": NetworkFamily(
        label="DepthFormer",
        method="teacher",
        options="tiekd.models.depthformer:DepthFormerOptions",
        build="tiekd.models.depthformer:build_depthformer",
        presets={"swin_large": {}},
    ),
}
"""Name -> family. The published sizes are those of docs/method.md §14."""


def split_architecture(architecture: str) -> tuple[str, str] | None:
    """Family and encoder of an architecture's name, or None when the name begins with no family.

    Of `densedepth` and `densedepth_dpm`, the longer one is meant.
    """
    fitting = [family for family in NETWORKS if architecture.startswith(f"{family}_")]
    if not fitting:
        return None
    family = max(fitting, key=len)
    return family, architecture.removeprefix(f"{family}_")


def has_bins(architecture: str) -> bool:
    """Whether networks of this name answer with a distribution over depth bins."""
    parts = split_architecture(architecture)
    return parts is not None and NETWORKS[parts[0]].has_bins


def usual_bins(architecture: str) -> int | None:
    """The number of depth bins of a network of this name if nothing else is stated; None without bins."""
    parts = split_architecture(architecture)
    if parts is None or not NETWORKS[parts[0]].has_bins:
        return None
    preset: int | None = NETWORKS[parts[0]].presets.get(parts[1], {}).get("n_bins")
    return preset or NETWORKS[parts[0]].n_bins
