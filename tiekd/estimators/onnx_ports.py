"""Which input of an ONNX file takes the picture, and which output is its depth. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tiekd.codecs.depth_names import likeness, says_inverse, says_other
from tiekd.errors import CheckpointError, ConfigError

Layout = Literal["nchw", "nhwc"]
_TURN_IT = "If it is inverse depth, declare output=inverse,scale=S,shift=T; if it is depth, answer=NAME."
_PICTURE_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
_REAL_TYPES = ("tensor(float)", "tensor(float16)", "tensor(double)")
_WHOLE = re.compile(r"tensor\(u?int\d+\)")


@dataclass(frozen=True, slots=True)
class PictureInput:
    """The only input of a network. size: (height, width) that pictures are stretched to, None: their own."""

    name: str
    dtype: Any
    layout: Layout
    size: tuple[int, int] | None


def picture_input(
    session: Any, *, layout: Layout | None, size: tuple[int, int] | None, where: str
) -> PictureInput:
    """The input that takes the picture. layout, size: what the user declares.

    Raises CheckpointError unless the network takes one picture, and ConfigError for a declaration that does
    not fit its input.
    """
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _PICTURE_TYPES:
        raise CheckpointError(
            f"{where} takes {_stated(inputs)}, not one picture, [1, 3, H, W] or [1, H, W, 3].",
            hint="Export it with the picture as its only input.",
        )
    (stated,) = inputs
    shape = stated.shape
    chosen: Layout = layout or ("nhwc" if shape[3] == 3 and shape[1] != 3 else "nchw")
    batch, channels = shape[0], shape[1 if chosen == "nchw" else 3]
    if isinstance(batch, int) and batch != 1:
        raise CheckpointError(
            f"{where} takes batches of {batch}; pictures are given one at a time.",
            hint="Export it with a batch of 1, or with a free one.",
        )
    if isinstance(channels, int) and channels != 3:
        raise CheckpointError(
            f"{where} takes {_stated(inputs)}: as {chosen} that is {channels} channels, and a picture has 3.",
            hint="Export it for RGB pictures, or declare its layout: layout=nchw or layout=nhwc.",
        )
    sides = shape[2:] if chosen == "nchw" else shape[1:3]
    return PictureInput(stated.name, _PICTURE_TYPES[stated.type], chosen, _size(sides, size, where))


def depth_output(
    session: Any, *, answer: str | None, inverse: bool, scale_is_declared: bool, where: str
) -> str:
    """The name of the output that is depth: the one that is declared, the only one, or the one named so.

    inverse: the user declares that the network answers with inverse depth.

    Raises ConfigError when the user has to name one, or its scale, and CheckpointError for an output that
    holds no numbers.
    """
    outputs = session.get_outputs()
    names = [output.name for output in outputs]
    if answer and answer not in names:
        raise ConfigError(f"{where} has no output {answer!r}.", hint=f"It has {', '.join(names)}.")
    name = answer or _named_depth(names, inverse=inverse)
    if name is None:
        raise ConfigError(
            f"The names of the outputs of {where} do not say which one is depth: {_stated(outputs)}.",
            hint=_TURN_IT
            if len(names) == 1 and says_inverse(names[0])
            else "Name it after the file: answer=NAME.",
        )
    kind = outputs[names.index(name)].type
    if _WHOLE.fullmatch(kind) and not scale_is_declared:
        raise ConfigError(
            f"The output {name!r} of {where} holds whole numbers ({kind}), and nothing says their unit.",
            hint="Declare the metres of one step: scale=0.001 for millimetres.",
        )
    if kind not in _REAL_TYPES and not _WHOLE.fullmatch(kind):
        raise CheckpointError(
            f"The output {name!r} of {where} is a {kind}, which is no depth.",
            hint=f"Name the right output: answer=…. It has {_stated(outputs)}.",
        )
    return name


def _named_depth(names: Sequence[str], *, inverse: bool) -> str | None:
    """The output that is depth as far as names tell; a single one may be named as `inverse` depth."""
    if len(names) == 1:
        return None if says_other(names[0]) and not (inverse and says_inverse(names[0])) else names[0]
    ranks = {name: rank for name in names if (rank := likeness(name)) is not None}
    depth = [name for name, rank in ranks.items() if rank < 2] or list(ranks)
    return depth[0] if len(depth) == 1 else None


def _size(sides: Sequence[Any], declared: tuple[int, int] | None, where: str) -> tuple[int, int] | None:
    """(height, width) that pictures are stretched to, None: their own."""
    fixed = [side if isinstance(side, int) else None for side in sides]
    takes = "x".join("any" if side is None else str(side) for side in fixed)
    if declared is None:
        if None in fixed and fixed != [None, None]:
            raise ConfigError(
                f"{where} takes pictures of {takes} (height x width): only one side is fixed.",
                hint="Declare both: size=HEIGHTxWIDTH.",
            )
        return None if fixed[0] is None or fixed[1] is None else (fixed[0], fixed[1])
    if any(side not in (None, wanted) for side, wanted in zip(fixed, declared, strict=True)):
        hint = "Declare a size that it takes." if None in fixed else "Leave size= out."
        raise ConfigError(
            f"{where} takes pictures of {takes} only (height x width), not {declared[0]}x{declared[1]}.",
            hint=hint,
        )
    return declared


def _stated(ports: Sequence[Any]) -> str:
    """Name, type and shape of inputs or outputs, for messages."""
    return ", ".join(f"{port.name} ({port.type} {_shape(port.shape)})" for port in ports) or "nothing"


def _shape(shape: Sequence[Any] | None) -> str:
    return f"[{', '.join('?' if side is None else str(side) for side in shape)}]" if shape else "of any shape"
