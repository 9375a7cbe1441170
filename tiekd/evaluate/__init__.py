"""Evaluation: scores predictions by a protocol (docs/method.md §13).

Two results can be compared only if protocol, frames and ground truth are the same. The fingerprint of a
result covers all three.
"""

from tiekd.evaluate.bands import RangeTable
from tiekd.evaluate.protocol import PROTOCOLS, Protocol, get_protocol
from tiekd.evaluate.score import Evaluation, ScoredFrame, evaluate, fingerprint
from tiekd.evaluate.subject import Subject, subject_of_estimator, subject_of_weights

__all__ = [
    "PROTOCOLS",
    "Evaluation",
    "Protocol",
    "RangeTable",
    "ScoredFrame",
    "Subject",
    "evaluate",
    "fingerprint",
    "get_protocol",
    "subject_of_estimator",
    "subject_of_weights",
]
