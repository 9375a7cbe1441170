"""Teacher labels on disk: 16-bit PNG, one per frame, and a sidecar that says how to read them.

The stored integer is depth / max_depth_m * 65535 (docs/method.md §10.3). The file is named after the path of
the frame's image. `labels.json` states the scale, the teacher and the checksum of its weights, the crop and
the size, so nothing is guessed when the labels are read. Each file carries the checksum of its picture.
"""

from tiekd.estimators.labels.folder import LabelFolder
from tiekd.estimators.labels.shard import Shard
from tiekd.estimators.labels.sidecar import FULL_SCALE, LEAST_PIXELS, SIDECAR, LabelInfo, read_info
from tiekd.estimators.labels.verify import fault_of_label, verify_labels
from tiekd.estimators.labels.write import Estimate, Written, teach, write_labels

__all__ = [
    "FULL_SCALE", "LEAST_PIXELS", "SIDECAR", "Estimate", "LabelFolder", "LabelInfo", "Shard", "Written",
    "fault_of_label", "read_info", "teach", "verify_labels", "write_labels",
]  # fmt: skip
