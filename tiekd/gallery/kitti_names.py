"""KITTI's names. Its trees put drive, camera and kind in other places for photos, truth and results.

2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069        a photo
2011_09_26_drive_0002_sync/proj_depth/groundtruth/image_02/0000000069  its depth
2011_09_26_drive_0002_sync_groundtruth_depth_0000000069_image_02       the same in the selection for tests
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

_DRIVE = re.compile(r"(\d{4}_\d\d_\d\d)_drive_(\d{4})(?!\d)")
_CAMERA = re.compile(r"(?<![a-z])image_0(\d)(?!\d)")
_NUMBER = re.compile(r"(?<!\d)(\d{10})(?!\d)")
_LOOKED_AT = 4


class _Shot(NamedTuple):
    """One picture of the cars: drive, number, and camera, "" where the name does not say it."""

    drive: str
    number: str
    camera: str


@lru_cache(maxsize=1 << 18)
def _shot(name: str) -> _Shot | None:
    drive, numbers, cameras = _DRIVE.search(name), _NUMBER.findall(name), _CAMERA.findall(name)
    if not drive or not numbers:
        return None
    return _Shot(f"{drive[1]} {drive[2]}", numbers[-1], cameras[-1] if cameras else "")


def by_drive(names: Collection[str], frames: Collection[str]) -> dict[str, str]:
    """The names that mean the same picture of KITTI as a frame. None if two names mean one."""
    if not all(any(map(_shot, islice(group, _LOOKED_AT))) for group in (names, frames)):
        return {}
    known = {shot: frame for frame in frames if (shot := _shot(frame))}
    cameras = {shot.camera for shot in known} | {shot.camera for name in names if (shot := _shot(name))}
    if len(cameras - {""}) == 1:  # Then a name that does not say the camera means this one.
        known = {shot._replace(camera=""): frame for shot, frame in known.items()}
    found = {}
    for name in names:
        shot = _shot(name)
        if shot and len(cameras - {""}) == 1:
            shot = shot._replace(camera="")
        if shot in known:
            found[name] = known[shot]
    return found if len(set(found.values())) == len(found) else {}
