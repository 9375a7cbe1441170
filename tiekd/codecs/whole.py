"""Whether the file of a picture is whole: a quick look at both of its ends, or every checksum of a PNG."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from tiekd.codecs.png import END, SIGNATURE, read_note
from tiekd.errors import DamagedError, DataError
from tiekd.files import read_regular

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


def has_ends(path: Path) -> bool:
    """Whether a PNG or JPEG file has its beginning and its end. A truncated download or copy has no end."""
    try:
        if path.suffix == ".png":
            return read_note(path) is not None
        with path.open("rb") as file:
            begins = file.read(2)
            file.seek(-2, 2)
            return begins == _JPEG_START and file.read(2) == _JPEG_END
    except OSError:
        return False


def check_chunks(path: Path) -> None:
    """Raise DamagedError for a PNG without its end or with a wrong checksum; other files pass.

    Decoders do not notice this: they stop reading as soon as they have all pixels.
    """
    try:
        content = read_regular(path)
        if not content.startswith(SIGNATURE):
            return
        with Image.open(BytesIO(content)) as picture:
            picture.verify()
        if END not in content:
            raise OSError("its end is missing")
    except (OSError, SyntaxError) as error:  # Pillow reports a damaged chunk as a SyntaxError.
        raise DamagedError(
            f"{path} is cut short or damaged: {error}.", hint="Fetch or write the file again."
        ) from error


def is_sound_png(path: Path) -> bool:
    """Whether `path` is a PNG that ends as it should and whose chunks all pass their checksums."""
    try:
        if read_note(path) is None:
            return False
        check_chunks(path)
    except (OSError, DataError):
        return False
    return True
