"""What an image's header says, and what is refused by it before anything is decoded."""

from __future__ import annotations

import io
import warnings
from typing import IO, TYPE_CHECKING, Final

from PIL import ExifTags, Image, UnidentifiedImageError

from resizer.errors import Reason, Rejected
from resizer.model import Header

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# The first bytes of every format that is served, and the one decoder that may then see the rest. Nothing else is
# handed to Pillow. `?` stands for any byte. Sources: each format's specification, section "signature".
SIGNATURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"RIFF????WEBP", "WEBP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"BM", "BMP"),
)
SIGNATURE_BYTES: Final = 16
# Formats that Pillow reads whole when it opens them, so that nothing needs to be kept for it.
READ_WHOLE: Final = frozenset({"WEBP"})
# Formats whose further frames are an animation; in the others they are pages, of which the first is the image.
ANIMATED: Final = frozenset({"GIF", "PNG", "WEBP"})


def open_image(stream: IO[bytes], max_pixels: int) -> tuple[ImageFile, Header]:
    """Read an image's header, and no pixel yet.

    Raises `Rejected`: `not_an_image`, `truncated` or `corrupt` for what is no readable image, `too_many_pixels`
    where width x height x frames exceeds `max_pixels`.
    """
    start = stream.read(SIGNATURE_BYTES)
    format_ = _format(start)
    try:
        image = _open(stream, format_, max_pixels)
        header = _header(image, format_)
    except Image.DecompressionBombError as problem:
        raise Rejected(Reason.TOO_MANY_PIXELS, f"{problem} RESIZER_MAX_PIXELS allows {max_pixels}.") from problem
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as problem:
        raise _unreadable(stream, start, format_) from problem
    if header.pixels > max_pixels:
        size = f"{header.width} x {header.height}" + (f" x {header.frames} frames" if header.frames > 1 else "")
        detail = f"{size} are {header.pixels} pixels; RESIZER_MAX_PIXELS allows {max_pixels}."
        raise Rejected(Reason.TOO_MANY_PIXELS, detail)
    return image, header


def _format(start: bytes) -> str:
    for signature, format_ in SIGNATURES:
        pairs = zip(signature, start, strict=False)
        if len(start) >= len(signature) and all(want in (got, ord("?")) for want, got in pairs):
            return format_
    detail = f"The object starts with {start!r}, which no image does." if start else "The object is empty."
    raise Rejected(Reason.NOT_AN_IMAGE, detail)


def _open(stream: IO[bytes], format_: str, max_pixels: int) -> ImageFile:
    Image.MAX_IMAGE_PIXELS = max_pixels  # some decoders allocate when they open; Pillow refuses twice this much
    if format_ in READ_WHOLE and hasattr(stream, "release_behind"):
        stream.release_behind()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters of it is decided from the header, exactly
        return Image.open(stream, formats=(format_,))


def _header(image: ImageFile, format_: str) -> Header:
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    return Header(
        format=format_,
        mode=image.mode,
        width=image.width,
        height=image.height,
        frames=getattr(image, "n_frames", 1) if format_ in ANIMATED else 1,
        # Pillow turns TIFF images upright itself while it decodes them.
        orientation=orientation if orientation in range(1, 9) and format_ != "TIFF" else 1,
        has_transparency=image.has_transparency_data,
    )


def _unreadable(stream: IO[bytes], start: bytes, format_: str) -> Rejected:
    """Tell a file that ends too early from one that is damaged: by where its parser stood when it gave up."""
    position, size = stream.tell(), stream.seek(0, io.SEEK_END)
    promised = int.from_bytes(start[4:8], "little") + 8 if format_ == "WEBP" else 0
    if promised > size or (position >= size and format_ != "WEBP"):
        return Rejected(Reason.TRUNCATED, f"The {format_} ends within its header, after {size} bytes.")
    return Rejected(Reason.CORRUPT, f"The {format_}'s header cannot be read.")
