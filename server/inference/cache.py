"""Recent predictions, so that clicks in one photo do not run its network again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from tiekd.types import DepthMap


@dataclass(frozen=True, slots=True)
class Key:
    """What a prediction is found by: the picture's digest, the model, and the stated focal length."""

    digest: bytes
    model: str
    fx_px: float | None


class PredictionCache:
    """The latest predictions within a budget of bytes; the least recently used goes first. For any thread."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._lock = Lock()
        self._held: OrderedDict[Key, DepthMap] = OrderedDict()

    def get(self, key: Key) -> DepthMap | None:
        """The prediction, or None when it is not held (any more)."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: Key, depth_map: DepthMap) -> None:
        """Hold a prediction, unless it alone is larger than the budget."""
        size = size_bytes(depth_map)
        if size > self._max_bytes:
            return
        with self._lock:
            replaced = self._held.pop(key, None)
            self._held_bytes += size - (size_bytes(replaced) if replaced else 0)
            self._held[key] = depth_map
            while self._held_bytes > self._max_bytes:
                self._held_bytes -= size_bytes(self._held.popitem(last=False)[1])


def size_bytes(depth_map: DepthMap) -> int:
    """Bytes of a prediction's two large arrays."""
    return depth_map.depth_m.nbytes + (0 if depth_map.dpm is None else depth_map.dpm.nbytes)
