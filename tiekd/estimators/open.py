"""Opening any estimator by one string."""

from __future__ import annotations

from pathlib import Path

from tiekd.errors import ConfigError
from tiekd.estimators.base import Estimator
from tiekd.estimators.names import parse_name
from tiekd.estimators.network import open_network
from tiekd.runtime.engines.table import AUTO, find_entry


def open_estimator(
    name: str | Path, *, engine: str = AUTO, device: str = AUTO, far_m: float | None = None
) -> Estimator:
    """An estimator by its name.

    The name is a zoo row, a file of weights, a folder that `tiekd label` wrote; `hf:FOLDER_OR_ID`,
    `onnx:FILE` or `labels:FOLDER`, each with what must be declared. engine: what computes a network of ours.
    far_m: clamp the answers of other programs' networks to this range before the mean of the flip test; ours
    are clamped to their own. Raises what the kinds raise, ConfigError for an engine that does not apply,
    UnknownNameError, and UnavailableError for a package that is not installed.
    """
    find_entry(engine)  # A wrong name is found before anything is opened.
    parsed = parse_name(str(name))
    stored = parsed.kind == "labels" or (not parsed.kind and _holds_labels(Path(parsed.place)))
    if engine != AUTO and (parsed.kind or stored):
        raise ConfigError(
            f"{name} is not a network of tiekd, so it can't run on the engine {engine}.",
            hint="Leave --engine out.",
        )
    if stored:
        from tiekd.estimators.stored import open_stored

        return open_stored(parsed)
    if parsed.kind == "hf":
        from tiekd.estimators.huggingface import HuggingFaceOptions, open_huggingface

        return open_huggingface(parsed.place, parsed.parsed(HuggingFaceOptions), device=device, far_m=far_m)
    if parsed.kind == "onnx":
        from tiekd.estimators.onnx import OnnxOptions, open_onnx

        return open_onnx(Path(parsed.place), parsed.parsed(OnnxOptions), device=device, far_m=far_m)
    return open_network(parsed.place, engine=engine, device=device)


def _holds_labels(place: Path) -> bool:
    if not place.is_dir():
        return False
    from tiekd.estimators.labels import SIDECAR

    return (place / SIDECAR).is_file()
