"""Reads a PNG's chunks before its pixels. Damaged chunks are ignored if the pixels do not need them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from resizer.errors import Reason, Rejected
from resizer.formats.png_chunks import Chunks, LeftOut
from resizer.model import MAX_EXIF_BYTES, CodePoints

if TYPE_CHECKING:
    from collections.abc import Callable

MB: Final = 1_048_576
MAX_BODY: Final = 4 * MB  # of a profile or a text, stored and inflated; a few real ones exceed Pillow's 1 MB
PALETTE: Final = 768
GRAY, RGB, INDEXED, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6  # colour types (11.2.1)
DEPTHS: Final = {
    GRAY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    INDEXED: (1, 2, 4, 8),
    GRAY_ALPHA: (8, 16),
    RGB_ALPHA: (8, 16),
}
LENGTHS: Final = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"pHYs": 9, b"tIME": 7, b"acTL": 8}
# Chunks that warnings name; nobody would know the others.
KNOWN: Final = frozenset({*LENGTHS, b"iCCP", b"tRNS", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"bKGD", b"sBIT", b"hIST"})
XMP: Final = b"XML:com.adobe.xmp"
KEYWORDS: Final = ("Author", "Copyright")  # of texts with artist and copyright (11.3.3.2)


@dataclass(slots=True)
class PngHeader:
    """Everything before the pixels; `info` has the same keys as Pillow's.

    `control` is the body of the fcTL that makes the picture an animation's first frame; `announced` is the declared
    number of frames (0: no animation), `plays` how often they play (0: for ever). `inflated` names the compressed
    chunks that were read: only the first of each kind is, because there may be thousands.
    """

    size: tuple[int, int] = (0, 0)
    depth: int = 0
    colour: int = 0
    interlaced: int = 0
    palette: bytes | None = None
    transparent: bytes | None = None
    code_points: CodePoints | None = None
    announced: int = 0
    plays: int = 0
    control: bytes | None = None
    info: dict[Any, Any] = field(default_factory=dict)
    inflated: set[bytes] = field(default_factory=set)


def read_header(chunks: Chunks, warn: Callable[[str], None]) -> PngHeader:
    """Read all chunks up to the first one with pixels. Raises `Rejected`."""
    header = PngHeader()
    _read_size(chunks, header)
    damaged = dict[str, str]()
    while chunks.advance() != b"IDAT":
        if chunks.kind == b"PLTE":
            _read_palette(chunks, header)
        elif not chunks.kind:
            raise Rejected(Reason.TRUNCATED, "The PNG ends before its pixels; upload the whole file.")
        elif chunks.is_needed:
            raise Rejected(Reason.CORRUPT, f"The PNG has {chunks.name} where its pixels should be.")
        else:
            name = chunks.kind
            try:
                _read_other(chunks, header)
            except LeftOut as problem:
                if name in KNOWN:
                    damaged[name.decode()] = str(problem)
    for left_out, why in damaged.items():
        warn(f"The PNG's {left_out} is ignored: {why}.")
    if header.colour == INDEXED and not header.palette:
        raise Rejected(Reason.CORRUPT, "The PNG has no palette for its colours.")
    return header


def _read_size(chunks: Chunks, header: PngHeader) -> None:
    kind = chunks.advance()
    if kind == b"CgBI":
        detail = "The PNG is in Apple's own format for apps (CgBI), which no browser shows; upload a plain PNG."
        raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
    if kind != b"IHDR" or chunks.left != 13:
        reason = Reason.CORRUPT if kind else Reason.TRUNCATED
        raise Rejected(reason, "The PNG does not begin with its size (IHDR).")
    width, height, depth, colour, compression, filters, interlaced = struct.unpack(">IIBBBBB", chunks.needed(13))
    header.size, header.depth, header.colour, header.interlaced = (width, height), depth, colour, interlaced
    if not (width and height) or compression or filters or interlaced > 1 or depth not in DEPTHS.get(colour, ()):
        detail = f"The PNG's header is invalid: {width} x {height} pixels, colour type {colour}, {depth} bits."
        raise Rejected(Reason.CORRUPT, detail)


def _read_palette(chunks: Chunks, header: PngHeader) -> None:
    """Read the palette. As in Chromium, colours beyond its end are the same as its last one."""
    body = chunks.needed(PALETTE)
    if header.palette is not None or not len(body) // 3:
        raise Rejected(Reason.CORRUPT, "The PNG's palette is empty, or there are two.")
    colours = body[: len(body) // 3 * 3]
    header.palette = colours + colours[-3:] * ((PALETTE - len(colours)) // 3)


def _read_other(chunks: Chunks, header: PngHeader) -> None:
    """Read an optional chunk, if we use it. The first of a kind counts."""
    kind, length, info = chunks.kind, chunks.left, header.info
    body = chunks.body(MAX_EXIF_BYTES if kind == b"eXIf" else MAX_BODY)
    if length != LENGTHS.get(kind, length):
        raise LeftOut(f"it is {length} bytes long instead of {LENGTHS[kind]}")
    match kind:
        case b"tRNS":
            _keep_transparency(header, body)
        case b"gAMA":
            info.setdefault("gamma", int.from_bytes(body, "big") / 100_000)
        case b"cHRM":
            info.setdefault("chromaticity", tuple(value / 100_000 for value in struct.unpack(">8I", body)))
        case b"sRGB" if body[0] > 3:
            raise LeftOut(f"there is no rendering intent {body[0]}")
        case b"sRGB":
            info.setdefault("srgb", body[0])
        case b"cICP":
            primaries, transfer, matrix, full_range = body
            header.code_points = CodePoints(primaries, transfer, matrix, narrow=full_range == 0)
        case b"iCCP" if kind not in header.inflated:
            header.inflated.add(kind)
            info["icc_profile"] = inflated(body.partition(b"\0")[2])
        case b"acTL" if not header.announced:
            header.announced, header.plays = struct.unpack(">II", body)
        case b"fcTL" if header.announced:
            header.control = body if header.control is None else b""  # two are invalid
        case _:
            keep_metadata(header, info, kind, body)


def _keep_transparency(header: PngHeader, body: bytes) -> None:
    if header.colour == INDEXED and header.palette is None:
        raise LeftOut("it comes before the palette")
    needed = {GRAY: 2, RGB: 6, INDEXED: 1}.get(header.colour, 0)
    if needed and len(body) < needed:
        raise LeftOut(f"it is {len(body)} bytes long")
    if needed and header.transparent is None:
        header.transparent = body[:256] if header.colour == INDEXED else body[:needed]


def keep_metadata(header: PngHeader, info: dict[Any, Any], kind: bytes, body: bytes) -> None:
    """Add EXIF, XMP, artist and copyright to `info` (PNG specification, 11.3.3; for XMP, ISO 16684-3)."""
    if kind == b"eXIf":
        info.setdefault("exif", b"Exif\0\0" + body)
        return
    keyword, _, text = body.partition(b"\0")
    name = keyword.decode("latin-1")
    if kind not in {b"tEXt", b"zTXt", b"iTXt"} or (keyword != XMP and name not in KEYWORDS):
        return
    is_deflated = kind == b"zTXt" or (kind == b"iTXt" and text[:1] == b"\1")
    if kind == b"iTXt":
        text = b"\0" * is_deflated + text[2:].split(b"\0", 2)[-1]  # after its language, and the translated keyword
    if is_deflated:
        if keyword in header.inflated:
            return
        header.inflated.add(keyword)
        text = inflated(text)
    if keyword == XMP:
        info.setdefault("xmp", text)
    elif text:
        info.setdefault(name, text.decode("utf-8" if kind == b"iTXt" else "latin-1", "replace"))


def inflated(data: bytes) -> bytes:
    """Inflate data after a compression method byte. Raises `LeftOut` if it is damaged or longer than `MAX_BODY`."""
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(data[1:], MAX_BODY) if data[:1] == b"\0" else b""
    except zlib.error as problem:
        raise LeftOut("it cannot be inflated") from problem
    if not inflater.eof:
        raise LeftOut("it is too long when inflated" if inflater.unconsumed_tail else "it cannot be inflated")
    return body
