"""Files and folders of other programs' networks, known by their first bytes: an error can name them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

SAFETENSORS = ".safetensors"
TORCH_SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".pkl", ".tar")
ONNX_SUFFIX = ".onnx"
AN_ONNX_FILE = "an ONNX file"
_EXPORT = "Export it to ONNX, and say onnx:FILE."
_EXPORTED = {
    "a Keras file": (".h5", ".hdf5", ".keras"),
    "a TensorFlow graph": (".pb",),
    "a TensorFlow Lite file": (".tflite",),
    "a Core ML file": (".mlmodel", ".mlpackage"),
    "a TensorRT engine": (".engine", ".plan"),
    "a GGUF file": (".gguf",),
}
_BY_SUFFIX = {suffix: what for what, suffixes in _EXPORTED.items() for suffix in suffixes}
WEIGHT_SUFFIXES = (SAFETENSORS, ONNX_SUFFIX, *TORCH_SUFFIXES, *_BY_SUFFIX)
"""Names that end so are files of weights, whether they are there or not."""
_LONGEST_START = 16


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a place is, as a noun with its article, and what its user can do."""

    what: str
    advice: str


def foreign_network(path: Path) -> Foreign | None:
    """What is at `path` if that is another program's file or a folder; None for what may be ours."""
    try:
        return _folder(path) if path.is_dir() else _file(path)
    except OSError:
        return None  # Whoever reads it says why it can't be read.


def _file(path: Path) -> Foreign | None:
    with path.open("rb") as file:
        start = file.read(_LONGEST_START)
    return None if start[8:9] == b"{" else _no_file(start) or _file_of_network(path, start)


def _no_file(start: bytes) -> Foreign | None:
    """What came instead of a file."""
    if start.startswith(b"version https://"):
        return Foreign("a pointer of Git LFS", "Fetch the file itself: git lfs pull.")
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return Foreign("a web page", "Fetch the file itself: a page came instead of it.")
    return None


def _file_of_network(path: Path, start: bytes) -> Foreign | None:
    suffix = path.suffix.lower()
    if suffix == ONNX_SUFFIX:
        return Foreign(AN_ONNX_FILE, f"Say onnx:{path}.")
    if suffix in _BY_SUFFIX:
        return Foreign(_BY_SUFFIX[suffix], _EXPORT)
    if start.startswith(b"\x80") or suffix in TORCH_SUFFIXES or _is_torch_archive(path):
        return Foreign("a torch checkpoint", _advice_for_torch(path))
    return None


def _is_torch_archive(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("data.pkl") for name in archive.namelist())


def _advice_for_torch(path: Path) -> str:
    if (path.parent / "config.json").is_file():
        return f"It lies in a folder of Hugging Face's layout: say hf:{path.parent}."
    return (
        "If it is one of the authors' files, convert it with `tiekd convert`. A model of Hugging Face's "
        "layout is named by its folder: hf:DIR. Any other network can be exported to ONNX: onnx:FILE."
    )


def _folder(path: Path) -> Foreign:
    if (path / "config.json").is_file():
        return Foreign("a folder of Hugging Face's layout", f"Say hf:{path}.")
    if (path / "labels.json").is_file():
        return Foreign("a folder of labels", "Name a file of weights or a row of `tiekd models`.")
    inside = sorted(one for one in path.iterdir() if one.suffix.lower() in WEIGHT_SUFFIXES)
    if inside:
        names = ", ".join(one.name for one in inside[:4]) + (", …" if len(inside) > 4 else "")
        return Foreign(f"a folder that holds {names}", f"Name one file, such as {_best_of(inside)}.")
    return Foreign("a folder without weights", "Name a file of weights or a row of `tiekd models`.")


def _best_of(files: list[Path]) -> Path:
    """The file of a run that its user wants most likely."""
    return next((one for one in files if one.name == f"best{SAFETENSORS}"), files[0])
