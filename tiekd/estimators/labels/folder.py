"""Reading labels: the depth of a frame, and whether the frame is still the one that was labelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs import png16
from tiekd.codecs.photo import image_size
from tiekd.codecs.png import read_note
from tiekd.codecs.resample import enlarge_cells, scale_nearest
from tiekd.data.frames import Frame, FrameSource
from tiekd.errors import DataError
from tiekd.estimators.base import Window
from tiekd.estimators.labels.sidecar import FULL_SCALE, read_info
from tiekd.files import digest_of, state_of


class LabelFolder:
    """Reads the labels of one folder. Raises DataError when the sidecar or a label is missing or broken."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info = read_info(root)

    @property
    def step_m(self) -> float:
        """Metres of one stored step."""
        return self.info.max_depth_m / FULL_SCALE

    def path(self, frame: Frame) -> Path:
        """The file with a frame's label."""
        return self.root / frame.label_name

    def stored(self, frame: Frame, size: tuple[int, int]) -> NDArray[np.float32]:
        """Teacher depth in metres as it is stored, for a frame of which `size` (height, width) is shown.

        Raises DataError for a label of another size and for one with pixels without depth, which the losses
        would take for 0 m.
        """
        path = self.path(frame)
        depth = self.info.to_metres(png16.decode(path))
        expected = self.info.stored_size(size)
        if depth.shape != expected:
            raise DataError(
                f"{path} is {depth.shape[1]}x{depth.shape[0]}, its frame needs {expected[1]}x{expected[0]}.",
                hint="The labels belong to other frames; write them again with `tiekd label`.",
            )
        if not depth.all():
            raise DataError(
                f"{path} has no depth in {np.count_nonzero(depth == 0)} of {depth.size} pixels.",
                hint="Labels must be dense. Delete this one and run `tiekd label` again.",
            )
        return depth

    def read(self, frame: Frame, size: tuple[int, int]) -> NDArray[np.float32]:
        """Teacher depth in metres, stretched (bilinear) to the `size` (height, width) that is shown.

        Raises what `stored` raises.
        """
        depth, shrink = self.stored(frame, size), self.info.shrink
        if shrink == 1:
            return depth
        return enlarge_cells(depth, size, cell_px=shrink)

    def read_window(self, frame: Frame, window: Window) -> NDArray[np.float32]:
        """Teacher depth in metres of a part of a frame that was cut out unscaled. Raises what `read` raises.

        The label may cover that part or the whole frame, scaled as the sidecar says.
        """
        size, box = window
        if self.info.crop == "kb":
            return self.read(frame, (box.height, box.width))
        whole = self.read(frame, self.info.shown_size(*size))
        return scale_nearest(whole, size)[box.region]

    def digest(self) -> str:
        """Changes whenever the labels do: the sidecar and the state of every file, as 16 hex digits."""
        files = (state_of(path) for path in sorted(self.root.glob("*.png")))
        return digest_of(
            [
                self.info.model_dump_json(
                    exclude={"fx_px", "teacher_architecture", "clamp"}, exclude_none=True
                ),
                *files,
            ],
            digits=16,
        )

    def describe(self) -> dict[str, str]:
        """The teacher and a digest of how it labelled, to write beside numbers."""
        made = self.info.made(exclude_none=True)
        return {"teacher": self.info.teacher, "made": digest_of([made], digits=16)}

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """Raise DataError unless every frame has a label of the picture that is there now.

        Ours vouch for themselves; a label that says nothing about its picture is read whole.
        """
        missing = [frame for frame in frames if not self.path(frame).is_file()]
        if missing:
            raise DataError(
                f"{len(missing)} of {len(frames)} frames have no label in {self.root}, "
                f"the first is {missing[0].label_name}.",
                hint="Run `tiekd label` again: it writes what is missing.",
            )
        self.check_unchanged(source, frames)
        for frame in frames:
            if not read_note(self.path(frame)):
                self.stored(frame, self.info.shown_size(*image_size(source.image_path(frame))))

    def check_unchanged(self, source: FrameSource, frames: Iterable[Frame]) -> None:
        """Raise DataError when a picture is not the one that was labelled, as far as its size in bytes tells.

        Labels that other programs made say nothing about their pictures, and pass.
        """
        changed = []
        for frame in frames:
            note, picture = read_note(self.path(frame)), source.image_path(frame)
            if note and picture.is_file() and note != origin_note(note.split()[0], picture.stat().st_size):
                changed.append(frame)
        if changed:
            raise DataError(
                f"{len(changed)} pictures have changed since they were labelled, the first is "
                f"{source.image_path(changed[0])}.",
                hint=f"Bring the old ones back, or delete their labels ({self.path(changed[0])} …) and run "
                "`tiekd label` again.",
            )


def origin_note(sha256: str, n_bytes: int) -> str:
    """What a label says about the picture it was made from."""
    return f"{sha256} {n_bytes}"
