"""What tests of labels share: a teacher whose depth is known, and the sidecar of its labels."""

import numpy as np
from estimator_kit import Known

from tiekd.estimators.labels import LabelInfo

INFO = LabelInfo(teacher="ramp", teacher_sha256="0" * 64, max_depth_m=80.0, crop="none", shrink=1)


class RampTeacher(Known):
    """Depth grows with the row."""

    def __init__(self, scale=1.0):
        super().__init__(self.ramp, name="ramp")
        self.scale = scale

    def ramp(self, picture):
        height, width = picture.size
        rows = np.linspace(1, 60, height, dtype=np.float32)[:, None]
        return self.scale * np.repeat(rows, width, axis=1)
