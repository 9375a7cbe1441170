"""Where teacher depth comes from: a network of ours, a Hugging Face model, an ONNX file, a folder of labels.

A teacher answers with metric depth for the frame's own camera, for the pixels it is shown. `open_teacher`
opens any of them by one string; docs/teachers.md tells what the string may say.
"""

from tiekd.estimators.base import PictureTeacher, Teacher, Teaching
from tiekd.estimators.network import NetworkTeacher
from tiekd.estimators.open import open_teacher
from tiekd.estimators.stored import DeclaredFolderTeacher, FolderTeacher

__all__ = [
    "DeclaredFolderTeacher", "FolderTeacher", "NetworkTeacher", "PictureTeacher", "Teacher", "Teaching",
    "open_teacher",
]  # fmt: skip
