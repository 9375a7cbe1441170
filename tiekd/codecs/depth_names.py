"""What the names of arrays, outputs and files tell: depth, or something that programs write beside it."""

from __future__ import annotations

import re

_BEFORE, _AFTER = (
    "pred|predicted|prediction|metric|est|estimated|out|output|raw",
    "pred|predicted|prediction|map|metric|m|met(er|re)s?|out|output|raw",
)
_DEPTH = re.compile(rf"({_BEFORE})*(depths?|z)({_AFTER})*")
_PREDICTION = re.compile(r"pred(iction)?s?")
_OTHER_STEMS = re.compile(r"conf|mask|valid|uncert|varian|normal|dispar|invers|logit|prob|segm|semant")
_OTHER_WORDS = frozenset(
    {"disp", "inv", "idepth", "invdepth", "std", "sigma", "var", "label", "labels", "error", "weight"}
    | {"weights", "score", "scores"}
)
_INVERSE = re.compile(r"dispar|invers|\b(disp|inv|idepth|invdepth)\b")
_AT_THE_END = re.compile(
    r"([_\-. ](pred|prediction|predicted|depth|depths|raw|metric|met(er|re)s?|out|output|result|u16|uint16"
    r"|16bit)(16)?)+$",
    re.IGNORECASE,
)


def without_depth_words(name: str) -> str:
    """The name of a file without ending, and without words of depth at its end, such as `_pred`."""
    return _AT_THE_END.sub("", name) or name


def likeness(name: str) -> int | None:
    """How surely a name means depth: 0 for `depth`, 1 for a longer one (`predicted_depth`), 2 for `pred`.

    None for every other name. Signs, capital letters, folders and numbers at the end make no difference.
    """
    letters = re.sub(r"[^a-z]", "", _own(name).casefold())
    if says_other(name):
        return None
    if letters == "depth":
        return 0
    if _DEPTH.fullmatch(letters):
        return 1
    return 2 if _PREDICTION.fullmatch(letters) else None


def says_other(name: str) -> bool:
    """Whether a name says that something is not depth: confidence, a mask, disparity, inverse depth."""
    words = _words(name)
    return bool(_OTHER_WORDS.intersection(words)) or any(map(_OTHER_STEMS.search, words))


def says_inverse(name: str) -> bool:
    """Whether a name says that something is the inverse of depth."""
    return bool(_INVERSE.search(" ".join(_words(name))))


def _own(name: str) -> str:
    """A name without the scopes before it and the number after it, which exporters add: `/head/depth:0`."""
    return re.sub(r"[:.]\d+$", "", name.rsplit("/", 1)[-1])


def _words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _own(name))
    return re.findall(r"[a-z]+", apart.casefold())
