"""Tells which files of different methods are of one frame: `f0.png`, `f0_pred.png`, `day/f0_depth.npy`.

Every program names its files in its own way around the name of the frame. Here names are only compared with
each other; nothing is known of any program but a few words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from tiekd.codecs.depth_names import without_depth_words
from tiekd.gallery.kitti_names import by_drive

_SEPARATORS = "_-. /"
_LOOKED_AT = 32


class Affix(NamedTuple):
    """What stands before and after the frame in the names of one group."""

    before: str = ""
    after: str = ""

    def core(self, name: str) -> str | None:
        """The name without the affix; None for a name without it."""
        core = name.removeprefix(self.before).removesuffix(self.after)
        return core if core and len(core) + len(self.before) + len(self.after) == len(name) else None


def frames_of(groups: Sequence[Collection[str]]) -> list[dict[str, str]]:
    """For each group of names the frame that each name stands for.

    The names of one group, as they are or without the ending that they share, become the frames: those with
    which most of the other groups agree after an affix is taken off. Groups that agree already, and names
    that agree with nothing, stay as they are. Earlier groups win a tie.
    """
    bare = [_without_shared_ending(names) for names in groups]
    best: tuple[float, list[dict[str, str]]] = (-1.0, [])
    n_groups = sum(1 for names in groups if names)
    for frames in _proposals([*groups, *bare]):
        total, left, mapped = 0.0, n_groups, []
        for names in groups:
            if total + left <= best[0]:  # No group agrees more than wholly: this proposal can't win any more.
                break
            mapped.append(own := _mapped(names, frames))
            if names:
                total, left = total + sum(map(frames.__contains__, own.values())) / len(own), left - 1
        if total > best[0] and len(mapped) == len(groups):
            best = (total, mapped)
        if total == n_groups:
            break
    return best[1] or [{} for _ in groups]


def _proposals(groups: Sequence[Collection[str]]) -> list[set[str]]:
    """Names that may be the frames, those that most groups propose first.

    Groups that share most of their names propose them together: otherwise each of many methods that lacks
    another frame would be a proposal that is compared with all methods.
    """
    made: list[tuple[int, set[str]]] = []
    for names in filter(None, groups):
        for place, (count, frames) in enumerate(made):
            if 2 * len(frames.intersection(names)) > max(len(frames), len(names)):
                made[place] = (count + 1, frames.union(names))
                break
        else:
            made.append((1, set(names)))
    return [frames for _, frames in sorted(made, key=lambda one: -one[0])]


def _mapped(names: Collection[str], frames: Collection[str]) -> dict[str, str]:
    """Each name's frame, after the affix is taken off that gives the most names of `frames`, if any does."""
    as_they_are = set(names)
    best, most = Affix(), len(as_they_are.intersection(frames))
    if most == len(as_they_are):
        return {name: name for name in names}
    for affix in _affixes(names, frames):
        if affix == best:  # Nothing to take off: that is where this began.
            continue
        cores = [core for name in names if (core := affix.core(name))]
        matched = sum(core in frames for core in cores)
        if matched > most and 2 * len(cores) > len(names) and _is_sure(affix, len(cores)):
            best, most = affix, matched
    for spelt in (_by_path(names, frames), _by_parts(names, frames), by_drive(names, frames)):
        if len(spelt) > most and not as_they_are.intersection(spelt.values()):
            return {name: spelt.get(name, name) for name in names}
    return {name: core if (core := best.core(name)) and core not in as_they_are else name for name in names}


def _by_path(names: Collection[str], frames: Collection[str]) -> dict[str, str]:
    """The names that are the path of a frame with `_` in place of `/`, or the other way round."""
    flat = {frame.replace("/", "_"): frame for frame in frames}
    found = {name: flat[key] for name in names if (key := name.replace("/", "_")) in flat}
    return found if len(set(found.values())) == len(found) else {}


def _by_parts(names: Collection[str], frames: Collection[str]) -> dict[str, str]:
    """The names that lie in the folders of a frame and in further ones: `seq/cam/f0` for `seq/f0` or `f0`.

    None where a name may stand for several frames, or two names for one.
    """
    by_last: dict[str, list[tuple[str, list[str]]]] = {}
    for frame in frames:
        parts = frame.split("/")
        by_last.setdefault(parts[-1], []).append((frame, parts))
    found = {}
    for name in names:
        own = name.split("/")
        fitting = [frame for frame, parts in by_last.get(own[-1], ()) if _is_within(parts, own)]
        if len(fitting) == 1:
            found[name] = fitting[0]
    return found if len(set(found.values())) == len(found) else {}


def _is_within(parts: Sequence[str], own: Sequence[str]) -> bool:
    """Whether all parts are among a name's own, in this order."""
    rest = iter(own)
    return all(part in rest for part in parts)


def _affixes(names: Collection[str], frames: Collection[str]) -> list[Affix]:
    """What stands around the name of a frame in some of the names, the shortest first."""
    counted = Counter(
        Affix(name[:start], name[end:])
        for name in sorted(names)[:_LOOKED_AT]
        for start, end in _cuts(name)
        if name[start:end] in frames
    )
    return sorted(counted, key=lambda affix: (len(affix.before) + len(affix.after), affix))


def _cuts(name: str) -> Iterator[tuple[int, int]]:
    """Every part of a name that begins and ends where people see a border: `_`, or a change to digits."""
    starts = [i for i in range(len(name)) if i == 0 or _is_border(name[i - 1], name[i], first=True)]
    ends = [
        j for j in range(1, len(name) + 1) if j == len(name) or _is_border(name[j - 1], name[j], first=False)
    ]
    return ((start, end) for start in starts for end in ends if start < end)


def _is_border(left: str, right: str, *, first: bool) -> bool:
    if first:
        return left in _SEPARATORS or (left.isalpha() and right.isdigit())
    return right in _SEPARATORS or (left.isdigit() and right.isalpha())


def _is_sure(affix: Affix, count: int) -> bool:
    """An affix of one file alone may be a number of the frame: it must be a word."""
    return count > 1 or all(not part or any(letter.isalpha() for letter in part) for part in affix)


def _without_shared_ending(names: Collection[str]) -> list[str]:
    if len(names) == 1:
        return [without_depth_words(name) for name in names]
    backwards = sorted(name[::-1] for name in names)
    pairs = zip(backwards[0], backwards[-1], strict=False) if names else ()
    shared = "".join(letter for letter, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))[::-1]
    word = re.search(r"[_\-. ]\D.*$", shared, re.DOTALL)
    return [name.removesuffix(word.group()) or name for name in names] if word else list(names)
