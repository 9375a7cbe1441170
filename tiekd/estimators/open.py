"""One string that names any teacher: `PLACE`, or `KIND:PLACE` with `,key=value` for what must be declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from tiekd.errors import ConfigError, UnknownNameError
from tiekd.estimators.base import Teacher, Teaching
from tiekd.estimators.labels import SIDECAR
from tiekd.estimators.network import NetworkTeacher
from tiekd.estimators.stored import DeclaredFolderTeacher, FolderTeacher, StoredScale
from tiekd.faults import faults_as

KINDS = ("hf", "onnx", "labels")
Options = TypeVar("Options", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class TeacherName:
    """`kind:place,key=value,…` taken apart; `kind` is empty for a zoo row and for a plain path."""

    kind: str
    place: str
    options: dict[str, str]

    def parsed(self, model: type[Options]) -> Options:
        """The options as `model` knows them. Raises ConfigError that names every fault."""
        hint = f"Its options are {', '.join(model.model_fields)}."
        with faults_as(ConfigError, f"The teacher {self.kind}:{self.place}", model=model, hint=hint):
            return model.model_validate(self.options)


def parse_name(text: str) -> TeacherName:
    """Take a teacher's name apart. Raises UnknownNameError for a kind that there is not, and ConfigError."""
    if Path(text).exists():
        return TeacherName("", text, {})
    kind, colon, rest = text.partition(":")
    if not colon or not re.fullmatch(r"\w+", kind):
        return TeacherName("", text, {})
    if kind not in KINDS:
        raise UnknownNameError("kind of teacher", kind, KINDS)
    # A comma may be part of a path; what follows the last part without "=" are the options.
    parts = rest.split(",")
    n_place = max((i for i, part in enumerate(parts) if "=" not in part), default=0) + 1
    place = ",".join(parts[:n_place])
    if not place:
        raise ConfigError(f"{text!r} names no teacher.", hint=f"Write {kind}:PLACE.")
    options = dict(part.strip().split("=", 1) for part in parts[n_place:])
    return TeacherName(kind, place, options)


def open_teacher(
    name: str,
    *,
    flip_tta: bool = False,
    use_focal: bool = False,
    device: str = "auto",
    far_m: float | None = None,
) -> Teacher:
    """A teacher by its name.

    A zoo row, a file of weights, a folder that `tiekd label` wrote; `hf:FOLDER_OR_ID`, `onnx:FILE` or
    `labels:FOLDER`, each with what must be declared. far_m: clamp to another range than the teacher's own
    before the flip test's mean; our networks always take their own. Raises what the kinds raise,
    UnavailableError for a package that is not installed.
    """
    parsed = parse_name(name)
    teaching = Teaching(flip_tta, use_focal, device, far_m)
    if parsed.kind == "hf":
        from tiekd.estimators.huggingface import HuggingFaceOptions, open_huggingface

        return open_huggingface(parsed.place, parsed.parsed(HuggingFaceOptions), teaching)
    if parsed.kind == "onnx":
        from tiekd.estimators.onnx import OnnxOptions, open_onnx

        return open_onnx(Path(parsed.place), parsed.parsed(OnnxOptions), teaching)
    place = Path(parsed.place)
    if parsed.kind == "labels" and parsed.options:
        return DeclaredFolderTeacher(place, parsed.parsed(StoredScale), use_focal=use_focal)
    if parsed.kind == "labels" or (place / SIDECAR).is_file():
        return FolderTeacher(place, use_focal=use_focal)
    return NetworkTeacher(name, flip_tta=flip_tta, use_focal=use_focal, device=device)
