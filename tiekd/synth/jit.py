"""The only use of numba, so that a missing package gives a clear error and the decorators are typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from tiekd.errors import UnavailableError
from tiekd.files import digest_of

try:
    import numba
except ImportError as error:  # pragma: no cover - depends on the installation
    raise UnavailableError(
        "The synthetic world needs the package numba.", hint="Install it with: pip install 'tiekd[synth]'"
    ) from error

_Function = TypeVar("_Function", bound=Callable[..., Any])


def source_digest(folder: Path) -> str:
    """Short digest of the names and contents of the Python files in a folder."""
    parts: list[str | bytes] = []
    for path in sorted(folder.glob("*.py")):
        content = path.read_bytes()
        parts += [f"{path.name} {len(content)}\n", content]
    return digest_of(parts, digits=12)


_SOURCES = source_digest(Path(__file__).parent)


def jit(function: _Function) -> _Function:
    """Compile `function` on its first call; cache the machine code beside its source or in the user's cache.

    If neither folder can be written, every process compiles the code again.
    """
    # Numba keeps cached code as long as the function's own file does not change, although functions and
    # constants of other files are compiled into it. The digest of all files in the qualified name, after
    # which numba names its cache files, makes a change of any file count.
    name = function.__qualname__
    function.__qualname__ = f"{name}_{_SOURCES}"
    try:
        compiled = numba.njit(cache=True, fastmath=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder for its cache
        compiled = numba.njit(fastmath=True, error_model="numpy")(function)
    finally:
        function.__qualname__ = name
    return cast(_Function, compiled)


def inline(function: _Function) -> _Function:
    """Compile a small function that only other compiled functions call."""
    return cast(_Function, numba.njit(fastmath=True, error_model="numpy")(function))
