"""What tests of labels share: a teacher whose depth is known, and the sidecar of its labels."""

import numpy as np

from tiekd.estimators.labels import LabelInfo

INFO = LabelInfo(teacher="ramp", teacher_sha256="0" * 64, max_depth_m=80.0, crop="none", shrink=1)


class RampTeacher:
    """Depth grows with the row; counts how often it is asked."""

    name = "ramp"

    def __init__(self, scale=1.0):
        self.scale, self.asked = scale, 0

    def depth(self, frame, image):
        self.asked += 1
        rows = np.linspace(1, 60, image.shape[0], dtype=np.float32)[:, None]
        return self.scale * np.repeat(rows, image.shape[1], axis=1)
