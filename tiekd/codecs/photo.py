"""Decodes pictures to upright RGB. It treats every picture as untrusted: type and size are checked first."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tiekd.codecs.orientation import notes_follow_pixels, swaps_sides, upright_by
from tiekd.codecs.png_read import MAX_PIXELS, decode_plain
from tiekd.codecs.resample import scale_photo
from tiekd.codecs.untrusted import Checked, check_scans, checked
from tiekd.errors import DataError, ImageError
from tiekd.files import open_regular, read_regular

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that are decoded. All others (SVG, PDF, HEIC, …) are refused by their content, not their name."""
Decoded = TypeVar("Decoded")
_SPARE = 2
"""A JPEG is decoded at this many times the size that is asked for, or more."""
_LEAST_SHRINK = 2
"""The least by which a decoder can shrink a JPEG."""
_HINT = f"Send a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture."


class Photo:
    """An upright picture, of which no more is decoded than is asked for.

    size: (height, width). turn: what the EXIF orientation asked for (None: nothing).
    """

    def __init__(
        self,
        size: tuple[int, int],
        turn: Image.Transpose | None = None,
        *,
        pixels: NDArray[np.uint8] | None = None,
        file: PhotoFile | None = None,
    ) -> None:
        self.size, self.turn = size, turn
        self._pixels, self._file = pixels, file
        self._shrunk: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, picture: NDArray[np.uint8] | Photo, turn: Image.Transpose | None = None) -> Photo:
        """Pixels RGB `[H, W, 3]` as a photo. What is one stays as it is."""
        if isinstance(picture, Photo):
            return picture
        return cls((picture.shape[0], picture.shape[1]), turn, pixels=picture)

    @property
    def stored_size(self) -> tuple[int, int]:
        """(height, width) of the pixels in the file."""
        height, width = self.size
        return (width, height) if swaps_sides(self.turn) else (height, width)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """All pixels, RGB `[H, W, 3]`. Raises ImageError for a damaged file."""
        if self._pixels is None:
            assert self._file is not None
            self._pixels = self._file.decode()
        return self._pixels

    def at(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """The pixels for someone who will scale them to `size` (height, width).

        These are all pixels; but a large JPEG, see `PhotoFile.shrinks_to`, comes at this size already. Then
        nobody pays for pixels that are not seen. Raises ImageError for a damaged file.
        """
        if self._file is None or not self._file.shrinks_to(size):
            return self.pixels
        if self._shrunk is None or self._shrunk.shape[:2] != size:
            self._shrunk = self._file.decode_at(size)
        return self._shrunk

    def scaled(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """RGB `[H, W, 3]` at `size` (height, width). Raises ImageError for a damaged file."""
        return scale_photo(self.at(size), size)

    def turned(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth `[H, W]` of the pixels in the file, turned as the picture was."""
        return depth if self.turn is None else np.array(Image.fromarray(depth).transpose(self.turn))

    def __str__(self) -> str:
        height, width = self.size
        stored = self.stored_size
        turned = f" (stored as {stored[1]}x{stored[0]} and turned by its EXIF orientation)"
        return f"{width}x{height}{'' if self.turn is None else turned}"


def read_photo(path: Path, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Upright RGB `[H, W, 3]` of a picture file. Raises DataError if it cannot be read, and ImageError."""
    return load_photo(path, max_pixels=max_pixels).pixels


def load_photo(path: Path, *, max_pixels: int = MAX_PIXELS) -> Photo:
    """Read a picture file; a JPEG is decoded later.

    Raises DataError if it cannot be read or is no file, and ImageError.
    """
    try:
        data = read_regular(path)
    except OSError as error:
        raise DataError(
            f"Can't read {path}: {error.strerror}.", hint="Check the path and its permissions."
        ) from error
    plain = decode_plain(data, max_pixels=max_pixels)
    if plain is not None and plain.ndim == 3:
        return Photo.of(plain)
    return open_photo(data, max_pixels=max_pixels, where=str(path)).load()


def decode_photo(data: bytes, *, max_pixels: int = MAX_PIXELS, where: str = "The file") -> NDArray[np.uint8]:
    """Decode a picture to upright RGB `[H, W, 3]`, see `open_photo`. Raises ImageError."""
    return open_photo(data, max_pixels=max_pixels, where=where).decode()


def open_photo(data: bytes, *, max_pixels: int = MAX_PIXELS, where: str = "The file") -> PhotoFile:
    """Read the header of a picture and check what decoding it may cost. Raises ImageError."""
    found = checked(data, where=where)
    try:
        image = _opened(found)
    except UnidentifiedImageError as error:
        said = f"{where} is not a picture of a supported type."
        raise ImageError(said, reason="type", hint=_HINT) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(where, max_pixels) from error
    except Exception as error:
        raise _undecodable(where, error) from error
    if image.width * image.height > max_pixels:
        raise _too_large(where, max_pixels, image.size)
    check_scans(found.data, image.width * image.height, where=where)
    return PhotoFile(found, image, where)


class PhotoFile:
    """A picture whose header has been read and checked. It holds the file's bytes, and no pixels.

    size: (height, width) of the upright picture, as far as the header says which way is up.
    """

    def __init__(self, found: Checked, image: Image.Image, where: str) -> None:
        self._found, self._where = found, where
        self._image: Image.Image | None = image
        self._turn = upright_by(image)
        self.size = _upright_size(image)

    def load(self) -> Photo:
        """The picture. Where the header says all about it, it is decoded later. Raises ImageError."""
        if self._found.shrinks:
            return Photo(self.size, self._turn, file=self)
        return self.decode_turned()

    def decode(self) -> NDArray[np.uint8]:
        """Upright RGB `[H, W, 3]`, see `decode_turned`. Raises ImageError."""
        return self.decode_turned().pixels

    def decode_turned(self) -> Photo:
        """The upright picture with all its pixels. Of an animation, the first frame is used.

        Transparent parts become white. 16-bit pictures keep their upper 8 bits. The EXIF orientation is
        applied. Raises ImageError.
        """

        def whole(image: Image.Image) -> Photo:
            image.load()
            turn = upright_by(image)
            return Photo.of(np.array(_to_rgb(image if turn is None else image.transpose(turn))), turn)

        return self._decoded(whole)

    def shrinks_to(self, size: tuple[int, int]) -> bool:
        """Whether `decode_at` can be used: for a JPEG that is at least four times the `size` on both sides.

        A JPEG decoder can leave out fine detail, and gives a half, a quarter or an eighth of the pixels. What
        it gives shall be twice the size that is asked for, so that the usual average over pixels still makes
        the last step.
        """
        return self._found.shrinks and all(
            whole // (asked * _SPARE) >= _LEAST_SHRINK for whole, asked in zip(self.size, size, strict=True)
        )

    def decode_at(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Upright RGB `[H, W, 3]` at `size` (height, width), where `shrinks_to` allows it. Raises ImageError.

        It takes about half the time of decoding all pixels, and a quarter of the memory or less.
        """
        height, width = size[::-1] if swaps_sides(self._turn) else size

        def shrunk(image: Image.Image) -> NDArray[np.uint8]:
            drafted = image.draft(None, (width * _SPARE, height * _SPARE))
            # The decoder rounds odd sizes up, so the last row and column may reach beyond the picture.
            box = drafted[1] if drafted else None
            small = scale_photo(np.asarray(_to_rgb(image)), (height, width), box=box)
            return small if self._turn is None else np.array(Image.fromarray(small).transpose(self._turn))

        return self._decoded(shrunk)

    def _decoded(self, finish: Callable[[Image.Image], Decoded]) -> Decoded:
        """What `finish` makes of the picture, opened anew after the first time."""
        image, self._image = self._image, None
        try:
            with image or _opened(self._found) as opened:
                return finish(opened)
        # Pillow raises exceptions of many types for damaged files.
        except Exception as error:
            raise _undecodable(self._where, error) from error


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) of the upright picture in a file, from its header. Raises DataError."""
    try:
        with open_regular(path) as file, Image.open(file) as image:
            if image.format == "PNG" and notes_follow_pixels(file):
                image.load()  # Pillow reads what follows the pixels after them.
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


def _opened(found: Checked) -> Image.Image:
    """The picture as Pillow opens it, with its EXIF. It raises errors of many types."""
    image = Image.open(BytesIO(found.data), formats=FORMATS)
    if found.exif is not None:
        image.info["exif"] = found.exif
    return image


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
