"""Puts the modules of a page into one script, so that a browser asks once and not once for each of them.

Each module becomes a function that is called at once, after those that it imports, and returns what it
exports. Its lines stay as they are, and a source map tells the browser's tools in which file they stand. The
script does the same as the modules where no circle of imports joins them, none awaits at its top, and there
are only these forms:

    import { a, b as c } from "./other.js";
    export const …    export class …    export function …    export async function …    export {};
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) ([\w$]+))", re.MULTILINE)
_NOTHING = re.compile(r"^export \{\};$", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_OTHER_FORM = re.compile(r"^(?:import|export|await)\b.*|\bimport\s*[(.].*", re.MULTILINE)
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class CannotJoinError(ValueError):
    """The modules can't be joined; they still work one by one."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A script that does what a module and all those below it do, and its source map."""

    script: str
    source_map: str


def join(modules: Mapping[str, str], entry: str, *, map_name: str) -> Joined:
    """Join the module `entry` and those that it needs. `modules`: path -> text, in one folder and below it.

    map_name: where the source map will be, in that folder. Raises CannotJoinError.
    """
    found: dict[str, None] = {}
    _visit(modules, entry, (), found)
    order = list(found)
    number = {name: at for at, name in enumerate(order)}
    blocks = [_block(name, modules[name], number) for name in order]
    script = "".join(f"{block}\n" for block in blocks) + f"//# sourceMappingURL={map_name}\n"
    counts = [modules[name].rstrip("\n").count("\n") + 1 for name in order]
    source_map = {"version": 3, "sources": order, "names": [], "mappings": ";".join(_mappings(counts))}
    return Joined(script, json.dumps(source_map))


def _visit(modules: Mapping[str, str], name: str, above: tuple[str, ...], order: dict[str, None]) -> None:
    """Add a module to `order` after those that it imports."""
    if name in above:
        raise CannotJoinError(f"A circle of imports: {' → '.join((*above, name))}.")
    if name not in modules:
        raise CannotJoinError(f"{above[-1] if above else 'The page'} imports {name}, which does not exist.")
    if name in order:
        return
    for _, path in _IMPORT.findall(modules[name]):
        _visit(modules, _target(name, path), (*above, name), order)
    order[name] = None


def _target(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _block(name: str, text: str, number: Mapping[str, int]) -> str:
    """A module as a function that is called at once. One line stands before its own, and one after them."""

    def taken(found: re.Match[str]) -> str:
        return f"const {{{found[1].replace(' as ', ': ')}}} = $m{number[_target(name, found[2])]};"

    body = _NOTHING.sub("", _IMPORT.sub(taken, text.rstrip("\n")))
    exports = ", ".join(_EXPORT.findall(body))
    body = _EXPORT.sub("", body)
    if other := _OTHER_FORM.search(_COMMENT.sub("", body)):
        raise CannotJoinError(f"{name} has a form that joining does not know: {other[0]}")
    return f"const $m{number[name]} = (() => {{ // {name}\n{body}\nreturn {{ {exports} }}; }})();"


def _mappings(counts: Sequence[int]) -> Iterator[str]:
    """What a source map says of each line: nothing of the lines between modules, else the file's line."""
    last = 0
    for place, count in enumerate(counts):
        yield ""
        yield _numbers(0, min(place, 1), -last, 0)
        yield from [_NEXT_LINE] * (count - 1)
        yield ""
        last = count - 1


def _numbers(*values: int) -> str:
    """Numbers as source maps write them: the sign is the lowest bit; five bits a digit, the lowest first."""
    text = ""
    for value in values:
        rest = abs(value) << 1 | (value < 0)
        while rest >= 32:
            text += _DIGITS[rest & 31 | 32]
            rest >>= 5
        text += _DIGITS[rest]
    return text


_NEXT_LINE = _numbers(0, 0, 1, 0)
