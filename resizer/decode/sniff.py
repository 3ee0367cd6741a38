"""Detects an object's format by its first bytes: an allow-list decides which decoder sees the rest."""

import re
from typing import Final

from resizer.errors import Reason, Rejected

SIGNATURE_BYTES: Final = 1024  # enough to reach an SVG's first element

# Signatures of the formats that we read, with Pillow's names. From each format's own specification.
SUPPORTED: Final = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"RIFF.{4}WEBP", "WEBP"),
    (rb"GIF8[79]a", "GIF"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF"),  # + for BigTIFF
    (rb"BM.{4}\0{4}|BM.{12}[\x0c-\x7c]\0{3}", "BMP"),  # some programs fill the reserved bytes
    (rb"\0\0\x01\0|\0\0\x02\0(?!\0\0)..", "ICO"),  # the second is CUR; a TGA may start like it, but has zeros next
    (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", "JPEG2000"),
)
# The brands of ISO base media files. From ISO/IEC 14496-12, 23000-22 and 23008-12.
AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})
# Known formats that this service does not read; anything else is `not_an_image`.
UNSUPPORTED: Final = (
    (rb"%PDF", "PDF"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "PostScript"),
    (rb"8BPS", "PSD"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL"),
    # Raw formats that are not TIFFs: Panasonic, Olympus, Fujifilm, Canon, Minolta and Sigma.
    (rb"IIU\0|IIR[OS]|MMOR|FUJIFILMCCD-RAW|II\x1a\0\0\0HEAPCCDR|\0MRM|FOVb", "A camera's raw file"),
    # AVI, Matroska, MPEG, transport streams in packets of 188 bytes, Flash, Windows Media, Ogg, ISO media, QuickTime.
    (rb"RIFF.{4}AVI |\x1aE\xdf\xa3|\0\0\x01[\xba\xb3]|(G.{187}){2}G", "A video"),
    (rb"FLV\x01|\x30\x26\xb2\x75\x8e\x66\xcf\x11|OggS", "A video"),
    (rb".{4}(ftyp|moov|mdat|wide|free|skip|pnot)", "A video"),
)
# There may be a BOM in front.
SVG: Final = rb"(?i)[\xef\xbb\xbf\xff\xfe]*(?=\s*(<\?xml|<!--|<!doctype\s+svg|<(\w+:)?svg)).*<(\w+:)?svg\b"
UPLOAD_FORMATS: Final = "JPEG, PNG, WebP, GIF, TIFF, BMP, ICO, JPEG 2000, AVIF and, with its extra installed, HEIC"


def sniff(start: bytes) -> str:
    """The format of an object that begins with these bytes (`SIGNATURE_BYTES`, or the whole object if shorter).

    Raises `Rejected`: `unsupported_format` for a known format that we do not read, `not_an_image` for anything else.
    """
    brands = _brands(start)
    if brands & AVIF_BRANDS:
        return "AVIF"
    if brands & HEIC_BRANDS:
        return "HEIF"
    for signature, format_ in SUPPORTED:
        if re.match(signature, start, re.DOTALL):
            return format_
    refused = [name for signature, name in UNSUPPORTED if re.match(signature, start, re.DOTALL)]
    if re.match(SVG, start.replace(b"\0", b""), re.DOTALL):  # without the zeros of UTF-16
        refused.append("SVG")
    if refused:
        raise Rejected(Reason.UNSUPPORTED_FORMAT, f"{refused[0]} is not resized; upload {UPLOAD_FORMATS}.")
    what = f"starts with {start[:16]!r}, which no image does" if start else "is empty"
    raise Rejected(Reason.NOT_AN_IMAGE, f"The object {what}.")


def _brands(start: bytes) -> set[bytes]:
    if start[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(start[:4], "big"), len(start))
    return {start[8:12], *(start[at : at + 4] for at in range(16, end - 3, 4))}
