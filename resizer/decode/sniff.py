"""Detects an object's format by its first bytes: an allow-list decides which decoder sees the rest."""

from __future__ import annotations

import re
from typing import Final

from resizer.errors import Reason, Rejected

SIGNATURE_BYTES: Final = 1024  # enough to reach an SVG's first element
ANY: Final = ord("?")  # matches any byte

# The formats that are served, by Pillow's names. From each format's own specification.
SERVED: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"RIFF????WEBP", "WEBP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),  # BigTIFF
    (b"MM\x00+", "TIFF"),
    (b"BM????\x00\x00\x00\x00", "BMP"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)
CURSOR: Final = b"\x00\x00\x02\x00"  # a CUR file; a TGA may begin like this, too, but zeros follow
# The brands of ISO base media files. From ISO/IEC 14496-12, 23000-22 and 23008-12.
AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})
# Known formats that this service does not read; anything else is `not_an_image`.
REFUSED: Final = (
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"8BPS", "PSD"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"RIFF????AVI ", "AVI video"),
    # Cameras' raw files that are not TIFFs: Panasonic, Olympus, Fujifilm, Canon, Minolta and Sigma.
    *((mark, "A camera's raw file") for mark in (b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FUJIFILMCCD-RAW")),
    *((mark, "A camera's raw file") for mark in (b"II\x1a\0\0\0HEAPCCDR", b"\0MRM", b"FOVb")),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"),
    (b"\x00\x00\x01\xba", "MPEG video"),
    (b"\x00\x00\x01\xb3", "MPEG video"),
    (b"FLV\x01", "Flash video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media video"),
    (b"OggS", "Ogg video"),
    (b"????ftyp", "video or another ISO media file"),
    *((b"????" + box, "QuickTime video") for box in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
)
SVG: Final = re.compile(rb"\s*(<\?xml|<!--|<!doctype\s+svg|<(\w+:)?svg)", re.IGNORECASE)
TRANSPORT_PACKET: Final = 188  # bytes; each begins with 0x47 (ISO/IEC 13818-1)
ACCEPTED: Final = "JPEG, PNG, WebP, GIF, TIFF, BMP, ICO, JPEG 2000, AVIF and, with its extra installed, HEIC"


def sniff(start: bytes) -> str:
    """The format of an object that begins with these bytes (`SIGNATURE_BYTES`, or the whole object if shorter).

    Raises `Rejected`: `unsupported_format` for a known format that we do not read, `not_an_image` for anything else.
    """
    for signature, format_ in SERVED:
        if _matches(signature, start):
            return format_
    if start.startswith(CURSOR) and any(start[4:6]):
        return "ICO"
    brands = _brands(start)
    if brands & AVIF_BRANDS:
        return "AVIF"
    if brands & HEIC_BRANDS:
        return "HEIF"
    if name := _refused(start):
        raise Rejected(Reason.UNSUPPORTED_FORMAT, f"{name} is not resized; upload {ACCEPTED}.")
    what = f"starts with {start[:16]!r}, which no image does" if start else "is empty"
    raise Rejected(Reason.NOT_AN_IMAGE, f"The object {what}.")


def _matches(signature: bytes, start: bytes) -> bool:
    pairs = zip(signature, start, strict=False)
    return len(start) >= len(signature) and all(want in (got, ANY) for want, got in pairs)


def _refused(start: bytes) -> str | None:
    """The name of a known format that we do not read, or None."""
    for signature, name in REFUSED:
        if _matches(signature, start):
            return name
    packets = start[::TRANSPORT_PACKET]
    if len(packets) > 2 and set(packets) == {0x47}:
        return "MPEG video"
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")  # UTF-8 or UTF-16, with or without BOM
    return "SVG" if SVG.match(text) and re.search(rb"<(\w+:)?svg\b", text, re.IGNORECASE) else None


def _brands(start: bytes) -> set[bytes]:
    if start[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(start[:4], "big"), len(start))
    return {start[8:12], *(start[at : at + 4] for at in range(16, end - 3, 4))}
