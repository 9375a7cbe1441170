"""Verifying labels: every file is read back, and the teacher is asked again about a few."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tiekd.codecs.photo import image_size
from tiekd.codecs.png import read_note
from tiekd.data.check import Fault
from tiekd.data.frames import Frame, FrameSource
from tiekd.errors import DataError
from tiekd.estimators.base import Estimator
from tiekd.estimators.labels.folder import LabelFolder
from tiekd.estimators.labels.sidecar import FULL_SCALE
from tiekd.estimators.labels.write import picture_note, teach


def verify_labels(
    teacher: Estimator | None, source: FrameSource, frames: Sequence[Frame], out: Path, *, samples: int = 4
) -> float:
    """Read every label back, and teach `samples` of them again; the largest difference found, in metres.

    Raises DataError for labels that are missing, broken, of another size or without depth, for pictures whose
    content is not what was labelled, and when the teacher now answers something else (more than a hundredth
    of its depth).
    """
    labels = LabelFolder(out)
    for frame in frames:
        note = read_note(labels.path(frame)) if labels.path(frame).is_file() else ""
        if note and note != picture_note(source.image_path(frame)):
            raise DataError(
                f"{source.image_path(frame)} has changed since it was labelled.",
                hint=f"Bring the old picture back, or delete {labels.path(frame)} and label again.",
            )
        labels.stored(frame, labels.info.shown_size(*image_size(source.image_path(frame))))
    if teacher is None:
        return 0.0
    chosen = frames[:: max(1, len(frames) // samples)][:samples]
    return max((_difference(teacher, source, frame, labels) for frame in chosen), default=0.0)


def fault_of_label(out: Path, source: FrameSource, frame: Frame) -> Fault | None:
    """What is wrong with a frame's label in the folder `out`, as far as that shows without its teacher.

    Raises DataError when `out` is no folder of labels.
    """
    if not LabelFolder(out).path(frame).is_file():
        return Fault(
            "missing", frame.label_name, f"{out} has no label for {frame.image}: run `tiekd label` again"
        )
    try:
        verify_labels(None, source, [frame], out)
    except DataError as error:
        return Fault("label", frame.label_name, str(error))
    return None


def _difference(teacher: Estimator, source: FrameSource, frame: Frame, labels: LabelFolder) -> float:
    """The largest difference in metres between a label and what the teacher says now."""
    info = labels.info
    again = info.to_metres(info.to_stored(teach(teacher, source, frame, info)))
    stored = labels.stored(frame, info.shown_size(*image_size(source.image_path(frame))))
    difference = np.abs(again - stored)
    if (difference > 0.01 * again + 2 * info.max_depth_m / FULL_SCALE).any():
        raise DataError(
            f"{labels.path(frame)} differs from what {teacher.about.name} says now, "
            f"by up to {difference.max():.3f} m.",
            hint="It was made by other weights or settings; delete the folder and label again.",
        )
    return float(difference.max())
