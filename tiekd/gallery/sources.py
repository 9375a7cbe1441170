"""What each folder of a gallery was taken for: formats, names, unit, scale, and the values that it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs import png16
from tiekd.errors import DataError
from tiekd.gallery.decoders import Grey16Decoder, MagmaDecoder, read_numbers
from tiekd.gallery.model import Gallery
from tiekd.gallery.stored import Method
from tiekd.methods import GROUND_TRUTH

_LOOKED_AT = 3
_FARTHEST = 65535


def describe_sources(gallery: Gallery) -> list[dict[str, Any]]:
    """Every folder as JSON of the API, those on show first."""
    return [describe_source(gallery, name) for name in gallery.folders]


def describe_source(gallery: Gallery, name: str) -> dict[str, Any]:
    """A folder as JSON of the API. Raises NotFoundError."""
    method = gallery.folder(name)
    stored = method.stored
    described: dict[str, Any] = {
        "name": method.id,
        "label": method.label,
        "family": method.family,
        "kind": stored.kind,
        "forms": [{"form": form, "files": files} for form, files in stored.forms.items()],
        "reading": reading_of(method),
        "declared": str(method.declared),
        "truth": method.family == GROUND_TRUTH,
    }
    if isinstance(method.decoder, Grey16Decoder):
        described["scale"] = method.decoder.scale
    described |= {"renamed": list(stored.renamed)} if stored.renamed else {}
    described |= {"hidden": method.hidden} if method.hidden else {}
    note = gallery.listing.found.get(name, "")
    return described | ({"note": note} if note else {})


def reading_of(method: Method) -> str:
    """How the files of a folder become metres, in a few words."""
    decoder = method.decoder
    if isinstance(decoder, MagmaDecoder):
        span = decoder.depth_range
        return f"colours of magma_r from {span.min_m:g} to {span.max_m:g} m"
    if not isinstance(decoder, Grey16Decoder):
        return "colours only"
    scaled = _scaled(decoder, set(method.stored.forms))
    if method.declared.disparity:
        return f"metres = {method.declared.disparity:g} ÷ d; d = {scaled}"
    if decoder.inverse:
        return f"1 ÷ metres = {decoder.inverse.gain:g} × n + {decoder.inverse.offset:g}; n = {scaled}"
    return f"metres = {scaled}"


def _scaled(decoder: Grey16Decoder, forms: set[str]) -> str:
    """The stored number after its scale."""
    whole = f"number ÷ {decoder.scale:g}"
    floats = "number" if decoder.float_scale == 1 else f"number ÷ {decoder.float_scale:g}"
    if whole == floats or forms == {"16-bit PNG"}:
        return whole
    return floats if forms == {"PFM"} else f"{floats} (whole numbers ÷ {decoder.scale:g})"


def seen_values(gallery: Gallery, name: str) -> dict[str, Any]:
    """The values in a few frames of a folder, as JSON of the API. Raises NotFoundError.

    numbers: least and greatest as stored. metres: least, middle and greatest depth. none: share of the pixels
    without depth. beyond: share of the depth that is farther than can be kept.
    """
    method, files = gallery.folder(name), gallery.files_of(name)
    steps = {0, len(files) // 2, len(files) - 1} if files else set()
    numbers, depths, faults = [], [], []
    for frame_id in (files[step] for step in sorted(steps)):
        try:
            path, size = gallery.file(name, frame_id), gallery.frame(frame_id)
            shape = (size.height, size.width)
            if method.stored.kind == "depth":
                stored = read_numbers(path, shape).values
                numbers.append(stored[stored > 0])
            if method.decoder.unit == "m":
                depths.append(method.decoder.depth(path, shape).ravel())
        except DataError as error:
            faults.append(f"{error} {error.hint}".strip())
    seen: dict[str, Any] = {"name": name, "n_frames": len(files), "looked_at": len(steps)}
    seen |= {"fault": faults[0]} if faults else {}
    known = [part for part in numbers if part.size]
    if known:
        seen["numbers"] = [min(float(part.min()) for part in known), max(float(part.max()) for part in known)]
    return seen | (_metres(np.concatenate(depths)) if depths else {})


def _metres(depth: NDArray[np.uint16]) -> dict[str, Any]:
    known = depth[depth > 0]
    share = {"none": round(1 - known.size / max(1, depth.size), 4)}
    if not known.size:
        return share
    three = [float(known.min()), float(np.median(known)), float(known.max())]
    return share | {
        "metres": [round(value / png16.DEPTH_SCALE, 3) for value in three],
        "beyond": round(float((known == _FARTHEST).mean()), 4),
    }
