"""Builds files and parts of files byte by byte, as no encoder would write them."""

import struct
import zlib
from typing import Final

from PIL import ExifTags, Image

from tests.support.pictures import heic, photo_like, saved

MB: Final = 1_048_576
PICTURE: Final = photo_like(64, 48)
JPEG: Final = saved(PICTURE, "JPEG")
WEBP: Final = saved(PICTURE, "WEBP")
GIF_FRAME: Final = b",\0\0\0\0\1\0\1\0\0\2\2L\1\0"  # one pixel


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, before: bytes = b"", pixels: bytes = b"", after: bytes = b"") -> bytes:
    """A gray PNG with chunks before and after its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    end = chunk(b"IDAT", zlib.compress(pixels, 1)) + after + chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + header + before + end


def deep_png(width: int, height: int) -> bytes:
    """A black PNG of 16 bits a sample, with black as its transparent colour."""
    size = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(6 * width)) * height, 1)
    chunks = chunk(b"IHDR", size), chunk(b"tRNS", bytes(6)), chunk(b"IDAT", rows), chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


SMALL_PNG_PIXELS: Final = (b"\0" + bytes(64)) * 48


def small_png(before: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG of 64 x 48 black pixels with chunks before and after them."""
    return png(64, 48, before, SMALL_PNG_PIXELS, after)


def lying_apng(frames: int, *, real: int) -> bytes:
    """An animated PNG that announces `frames` frames and has `real` ones."""
    control = struct.pack(">IIIIIHHBB", 0, 64, 48, 0, 0, 1, 10, 0, 0)
    later = b"".join(
        chunk(b"fcTL", struct.pack(">I", 2 * n + 1) + control[4:])
        + chunk(b"fdAT", struct.pack(">I", 2 * n + 2) + zlib.compress(SMALL_PNG_PIXELS))
        for n in range(real - 1)
    )
    return small_png(chunk(b"acTL", struct.pack(">II", frames, 0)) + chunk(b"fcTL", control), later)


def segment(marker: int, body: bytes) -> bytes:
    """One segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(before: bytes) -> bytes:
    """A JPEG with segments before its picture."""
    return JPEG[:2] + before + JPEG[2:]


def scan_flood(width: int, height: int, scans: int) -> bytes:
    """A progressive gray JPEG with many scans, each over all blocks and nearly empty."""
    data = saved(Image.new("L", (64, 64)), "JPEG", progressive=True)
    at = data.index(b"\xff\xc2") + 5
    first = data.index(b"\xff\xda")
    frame = data[:at] + struct.pack(">HH", height, width) + data[at + 4 : first]
    blocks = -(-width // 8) * -(-height // 8)
    # One code of one bit: a run of 2^14 blocks, plus the number in the next 14 bits, without a coefficient.
    table = segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\xe0")
    run = "0" + "1" * 14
    bits = run * (blocks // 32767 + 1)
    bits += "1" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    one = segment(0xDA, b"\x01\x01\x00\x01\x3f\x00") + body
    direct = segment(0xC4, b"\x00" + bytes([1] + [0] * 15) + b"\x00")
    dc_bits = "0" * blocks
    dc_bits += "1" * (-len(dc_bits) % 8)
    dc = segment(0xDA, b"\x01\x01\x00\x00\x00\x00") + bytes(len(dc_bits) // 8)
    return frame + direct + table + dc + one * scans + b"\xff\xd9"


def directory(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """A little-endian TIFF directory of (tag, type, count, value)."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def tiff(width: int, height: int, *more: tuple[int, int, int, int], after: bytes = b"", following: int = 0) -> bytes:
    """An uncompressed gray TIFF with extra tags, and data after its only directory."""
    size = width * height & 0xFFFFFFFF
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, size)]  # fmt: skip
    tags = {entry[0]: entry for entry in [*entries, *more]}
    return b"II*\0\x08\0\0\0" + directory([tags[tag] for tag in sorted(tags)], following) + after


def exif_bomb(size: int) -> bytes:
    """An EXIF block of `size` bytes. Each of its tags claims all of them."""
    tags = [(0x8000 + n, 7, size - 100, 8) for n in range(min((size - 100) // 12, 30_000))]
    return b"Exif\0\0" + (b"II*\0\x08\0\0\0" + directory(tags)).ljust(size, b"\0")


def exif_loop() -> bytes:
    """An EXIF block whose directories point at themselves and at each other."""
    links = [(ExifTags.IFD.Exif, 4, 1, 8), (ExifTags.IFD.GPSInfo, 4, 1, 8), (ExifTags.IFD.Interop, 4, 1, 8)]
    return b"Exif\0\0II*\0\x08\0\0\0" + directory([(0x014A, 4, 1, 8), *links], following=8)


def mpo_index(pictures: int) -> bytes:
    """The segment of an MPO that lists its pictures, and claims this many of them."""
    tags = [(0xB000, 7, 4, 0x30303130), (0xB001, 4, 1, pictures), (0xB002, 7, 16 * 4000, 62)]
    return segment(0xE2, (b"MPF\0II*\0\x08\0\0\0" + directory(tags)).ljust(65_000, b"\0"))


def riff(kind: bytes, body: bytes) -> bytes:
    """One chunk of a WebP."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp(*chunks: bytes, size: int | None = None) -> bytes:
    """A WebP of chunks. `size` replaces the length in its header."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def extended(width: int, height: int, flags: int = 2) -> bytes:
    """A WebP's VP8X chunk, with the size of its canvas."""
    return riff(
        b"VP8X", struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )


def webp_frames(count: int) -> bytes:
    """A WebP with this many frames of one pixel."""
    pixel = saved(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    frame = riff(b"ANMF", bytes(12) + (10).to_bytes(3, "little") + b"\0" + pixel)
    return webp(extended(1, 1), riff(b"ANIM", bytes(6)), frame * count)


def ico(inside: bytes, entries: int = 1) -> bytes:
    """An icon whose entries claim 16 x 16 pixels for the picture inside."""
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inside), 6 + 16 * entries)
    return struct.pack("<HHH", 0, 1, entries) + entry * entries + inside


def bmp(width: int, height: int, compression: int, body: bytes) -> bytes:
    """A BMP of 8 bits a pixel."""
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, compression, len(body), 0, 0, 256, 0)
    return b"BM" + struct.pack("<III", 54 + 1024 + len(body), 0, 54 + 1024) + info + bytes(1024) + body


def bmp_inside(width: int, height: int) -> bytes:
    """The header of a bitmap in an icon."""
    return struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, 32, 0, 0, 0, 0, 0, 0)


def jpeg2000(
    width: int, height: int, *, tile: int | None = None, blocks: int = 4, precincts: int | None = None
) -> bytes:
    """A JPEG 2000 codestream without pixels. Sides of code-blocks and precincts are powers of two."""
    data = saved(photo_like(32, 32), "JPEG2000", no_jp2=True)
    at = data.index(b"\xff\x51")
    across = tile or max(width, height)
    size = struct.pack(">IIIIIIII", width, height, 0, 0, across, across, 0, 0)
    data = data[: at + 6] + size + data[at + 38 :]
    at = data.index(b"\xff\x52")
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    levels = data[at + 9]
    style = bytearray(data[at : at + 2 + length])
    style[10] = style[11] = blocks - 2
    if precincts is not None:
        style[4] |= 1
        style = style[:14] + bytes([precincts * 17] * (levels + 1))
        style[2:4] = struct.pack(">H", len(style) - 2)
    return data[:at] + bytes(style) + data[at + 2 + length :]


def gif(*parts: bytes, size: tuple[int, int] = (1, 1)) -> bytes:
    """A GIF of two colours."""
    return b"GIF89a" + struct.pack("<HH", *size) + b"\x80\0\0\0\0\0\xff\xff\xff" + b"".join(parts) + b";"


def gif_frame(x: int, y: int, width: int, height: int, disposal: int = 0) -> bytes:
    """A frame of a GIF that claims a place on the canvas, with the data of one pixel."""
    control = b"!\xf9\4" + bytes([disposal << 2]) + b"\0\0\0\0"
    return control + b"," + struct.pack("<HHHH", x, y, width, height) + b"\0\2\2L\1\0"


def claiming(width: int, height: int, data: bytes) -> bytes:
    """An AVIF or HEIC whose `ispe` property claims this size."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def avif(width: int, height: int) -> bytes:
    """A small AVIF that claims this size."""
    return claiming(width, height, saved(PICTURE, "AVIF", speed=10))


def shared_exif(pictures: int, size: int) -> bytes:
    """A HEIC of many pictures that share one EXIF block, which its reader copies for each of them.

    The references (ISO/IEC 14496-12, 8.11.12) are the last box of `meta`, so only the items' offsets change.
    """
    data = bytearray(heic(*[Image.new("RGB", (16, 16))] * pictures, exif=exif_bomb(size)))
    references = data.index(b"cdsc")
    more = struct.pack(f">{pictures - 1}H", *range(3, pictures + 2))  # the EXIF is item 2, after the first picture
    data[references + 10 : references + 10] = more
    for at in (references - 4, references - 16, data.index(b"meta") - 4):
        data[at : at + 4] = struct.pack(">I", struct.unpack_from(">I", data, at)[0] + len(more))
    data[references + 6 : references + 8] = struct.pack(">H", pictures)
    places = data.index(b"iloc") + 12
    for at in range(places + 4, places + 18 * (pictures + 1), 18):
        data[at : at + 4] = struct.pack(">I", struct.unpack_from(">I", data, at)[0] + len(more))
    return bytes(data)


def blocks(body: bytes) -> bytes:
    """Bytes as sub-blocks of a GIF."""
    return (
        b"".join(bytes([len(piece)]) + piece for n in range(0, len(body), 255) if (piece := body[n : n + 255])) + b"\0"
    )
