"""What a PNG tells behind its pixels: EXIF, XMP and texts may stand there, and colour profiles may not."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngImageFile

MOST_CHUNKS: Final = 16  # that are looked at
LONGEST: Final = 65_536  # bytes of one
XMP: Final = b"XML:com.adobe.xmp"
KEYWORDS: Final = ("Author", "Copyright")  # of who made the picture, and who holds its rights (11.3.3.2)


def read_end(image: PngImageFile) -> None:
    """Add EXIF, XMP and who made the picture to `image.info`, named as where they stand before the pixels.

    What stood before stays, and compressed texts are passed over. Nothing is raised where the file ends or is damaged
    (PNG specification, 5.6).
    """
    rest: int = image._PngImageFile__idat  # type: ignore[attr-defined] # noqa: SLF001 # of the pixels' own chunk
    if rest > LONGEST or not image.png or not image.fp:
        return
    with suppress(struct.error, SyntaxError, OSError):  # the file ends here, or what follows is no chunk
        for _ in range(MOST_CHUNKS):
            image.fp.read(rest + 4)  # with its check sum
            kind, _, rest = image.png.read()
            if kind == b"IEND" or rest > LONGEST:
                return
            if kind in {b"eXIf", b"tEXt", b"iTXt"}:
                body = image.fp.read(rest)
                if len(body) < rest:
                    return
                _add(image.info, kind, body)
                rest = 0


def _add(info: dict[Any, Any], kind: bytes, body: bytes) -> None:
    """Add what one chunk says (PNG specification, 11.3.3 and, of XMP, ISO 16684-3)."""
    if kind == b"eXIf":
        info.setdefault("exif", b"Exif\0\0" + body)
        return
    keyword, _, text = body.partition(b"\0")
    if kind == b"iTXt":
        if not text.startswith(b"\0"):  # compressed
            return
        text = text[2:].split(b"\0", 2)[-1]  # behind its language, and the keyword in that
    if keyword == XMP:
        info.setdefault("xmp", text)
    elif (name := keyword.decode("latin-1")) in KEYWORDS:
        info.setdefault(name, text.decode("utf-8" if kind == b"iTXt" else "latin-1", "replace"))
