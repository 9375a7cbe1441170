"""One door to numba, so that a missing package is a clear error and the decorators stay typed."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from tiekd.errors import UnavailableError

try:
    import numba
except ImportError as error:  # pragma: no cover - depends on the installation
    raise UnavailableError(
        "The synthetic world needs the package numba.", hint="Install it with: pip install 'tiekd[synth]'"
    ) from error

_Function = TypeVar("_Function", bound=Callable[..., Any])


def source_digest(folder: Path) -> str:
    """Short digest of the Python sources in a folder, names and contents."""
    digest = sha256()
    for path in sorted(folder.glob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


_SOURCES = source_digest(Path(__file__).parent)


def jit(function: _Function) -> _Function:
    """Compile `function` on first call and cache the machine code beside its source, or in the user's cache.

    Where neither may be written, the code is compiled anew in every process.
    """
    # Numba keeps cached code for as long as the function's own file stays the same, although other files'
    # functions and constants are compiled into it. It names the cache's files after the qualified name.
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
