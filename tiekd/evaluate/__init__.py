"""Evaluation: a protocol as data, and a table of metrics made by it.

Two results compare only if they were made by one protocol on the same frames with the same ground truth; all
three are in the fingerprint.
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
