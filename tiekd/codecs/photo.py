"""Decodes pictures to upright RGB. It treats every picture as untrusted: type and size are checked first."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tiekd.codecs.orientation import swaps_sides, upright_by
from tiekd.codecs.png_read import MAX_PIXELS, decode_plain
from tiekd.codecs.untrusted import check_scans, checked
from tiekd.errors import DataError, ImageError
from tiekd.files import open_regular, read_regular

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that are decoded. All others (SVG, PDF, HEIC, …) are refused by their content, not their name."""
_HINT = f"Send a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture."


@dataclass(frozen=True, slots=True)
class Photo:
    """Upright RGB `[H, W, 3]`, and the turn that the EXIF orientation asked for (None: none)."""

    pixels: NDArray[np.uint8]
    turn: Image.Transpose | None = None

    @property
    def stored_size(self) -> tuple[int, int]:
        """(height, width) of the pixels in the file."""
        height, width = self.pixels.shape[:2]
        return (width, height) if swaps_sides(self.turn) else (height, width)

    def turned(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth `[H, W]` of the pixels in the file, turned as the picture was."""
        return depth if self.turn is None else np.array(Image.fromarray(depth).transpose(self.turn))

    def __str__(self) -> str:
        height, width = self.pixels.shape[:2]
        stored = self.stored_size
        turned = f" (stored as {stored[1]}x{stored[0]} and turned by its EXIF orientation)"
        return f"{width}x{height}{'' if self.turn is None else turned}"


def read_photo(path: Path, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Upright RGB `[H, W, 3]` of a picture file. Raises DataError if it cannot be read, and ImageError."""
    return read_turned(path, max_pixels=max_pixels).pixels


def read_turned(path: Path, *, max_pixels: int = MAX_PIXELS) -> Photo:
    """Read a picture file. Raises DataError if it cannot be read or is no file, and ImageError."""
    try:
        data = read_regular(path)
    except OSError as error:
        raise DataError(
            f"Can't read {path}: {error.strerror}.", hint="Check the path and its permissions."
        ) from error
    plain = decode_plain(data, max_pixels=max_pixels)
    if plain is not None and plain.ndim == 3:
        return Photo(plain)
    return open_photo(data, max_pixels=max_pixels, where=str(path)).decode_turned()


def decode_photo(data: bytes, *, max_pixels: int = MAX_PIXELS, where: str = "The file") -> NDArray[np.uint8]:
    """Decode a picture to upright RGB `[H, W, 3]`, see `open_photo`. Raises ImageError."""
    return open_photo(data, max_pixels=max_pixels, where=where).decode()


def open_photo(data: bytes, *, max_pixels: int = MAX_PIXELS, where: str = "The file") -> PhotoFile:
    """Read the header of a picture and check what decoding it may cost. Raises ImageError."""
    opened, exif = checked(data, where=where)
    try:
        image: Image.Image = Image.open(BytesIO(opened), formats=FORMATS)
    except UnidentifiedImageError as error:
        said = f"{where} is not a picture of a supported type."
        raise ImageError(said, reason="type", hint=_HINT) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(where, max_pixels) from error
    except Exception as error:
        raise _undecodable(where, error) from error
    if image.width * image.height > max_pixels:
        raise _too_large(where, max_pixels, image.size)
    check_scans(opened, image.width * image.height, where=where)
    if exif is not None:
        image.info["exif"] = exif
    return PhotoFile(image, where)


class PhotoFile:
    """A picture whose header has been read and checked. It holds the file's bytes, and no pixels."""

    def __init__(self, image: Image.Image, where: str) -> None:
        self._image, self._where = image, where

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the upright picture in pixels, as far as the header says which way is up."""
        return _upright_size(self._image)

    def decode(self) -> NDArray[np.uint8]:
        """Upright RGB `[H, W, 3]`, see `decode_turned`. Raises ImageError."""
        return self.decode_turned().pixels

    def decode_turned(self) -> Photo:
        """The upright picture. Of an animation, the first frame is used. It can be called once.

        Transparent parts become white. 16-bit pictures keep their upper 8 bits. The EXIF orientation is
        applied. Raises ImageError.
        """
        with self._image as image:
            try:
                image.load()
                turn = upright_by(image)
                return Photo(np.array(_to_rgb(image if turn is None else image.transpose(turn))), turn)
            # Pillow raises exceptions of many types for damaged files.
            except Exception as error:
                raise _undecodable(self._where, error) from error


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) of the upright picture in a file, from its header. Raises DataError."""
    try:
        with open_regular(path) as file, Image.open(file) as image:
            if image.format == "PNG" and "exif" not in image.info:
                image.load()  # Its EXIF may stand behind its pixels.
            return _upright_size(image)
    except FileNotFoundError as error:
        raise DataError(
            f"{path} does not exist.", hint="Check the split and the root of the data set."
        ) from error
    except (OSError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path} is not a readable picture: {error}", hint="Fetch or write the file again."
        ) from error


def stored_as(source: Path | BinaryIO) -> tuple[Literal["grey16", "grey8", "color"], tuple[int, int]]:
    """Kind of the stored pixels and stored (height, width) of a picture file, from its header.

    Raises OSError, and any other error that Pillow raises for damaged files.
    """
    with Image.open(source) as image:
        size = (image.height, image.width)
        if image.mode.startswith("I"):
            return "grey16", size
        return "grey8" if image.mode in {"L", "1", "LA"} else "color", size


def encode_jpeg(image: NDArray[np.uint8], *, quality: int, small: bool = False) -> bytes:
    """A JPEG of RGB `[H, W, 3]`. `small` takes more time and makes a smaller file of the same pixels."""
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, optimize=small, subsampling="4:2:0")
    return buffer.getvalue()


def through_jpeg(image: NDArray[np.uint8], *, quality: int) -> NDArray[np.uint8]:
    """RGB `[H, W, 3]` after it was stored as a JPEG of this quality and read again."""
    with Image.open(BytesIO(encode_jpeg(image, quality=quality))) as picture:
        return np.array(picture)


def from_pillow(image: Image.Image) -> NDArray[np.uint8]:
    """RGB `[H, W, 3]` of an image that was opened with Pillow, without turning it upright."""
    return np.array(image.convert("RGB"))


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (width, height) if swaps_sides(upright_by(image)) else (height, width)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion clips at 255 instead of scaling.
        grey = (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        backdrop = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(backdrop, layered).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _too_large(where: str, max_pixels: int, size: tuple[int, int] | None = None) -> ImageError:
    stated = f"{size[0]}x{size[1]} pixels" if size else "far too many pixels"
    return ImageError(
        f"{where} has {stated}, the limit is {max_pixels / 1e6:.0f} megapixels.",
        reason="size",
        hint="Scale it down first.",
    )


def _undecodable(where: str, error: Exception) -> ImageError:
    return ImageError(
        f"{where} can't be decoded: {str(error) or type(error).__name__}.",
        reason="decode",
        hint="The file is truncated or damaged; save it again.",
    )
