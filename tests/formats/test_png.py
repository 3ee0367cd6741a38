"""A PNG is decoded despite damage to chunks that its pixels do not need, and refused if its pixels are damaged."""

import io
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest

from resizer.decode.frames import decode
from resizer.decode.header import after_pixels, open_image
from resizer.errors import Reason, Rejected
from resizer.formats.png import COPIES, PngSource
from resizer.model import CodePoints
from tests.formats.reading import Read
from tests.formats.reading import read as read_by
from tests.support.decoding import LIMITS
from tests.support.forged import MB, chunk, exif_bomb, small_png
from tests.support.pictures import photo_like, saved

SIZE = struct.pack(">IIBBBBB", 8, 4, 8, 2, 0, 0, 0)
ROWS = (b"\0" + bytes(range(24))) * 4
PIXELS = chunk(b"IDAT", zlib.compress(ROWS))
END = chunk(b"IEND")
GREY = struct.pack(">I", 100_000)


def read(data: bytes) -> Read:
    return read_by(PngSource(), data)


def png(*chunks: bytes, size: bytes = SIZE) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + b"".join(chunks)


def plain(*before: bytes) -> bytes:
    return png(*before, PIXELS, END)


def damaged(whole: bytes) -> bytes:
    """A chunk with a wrong checksum."""
    return whole[:-1] + bytes([whole[-1] ^ 0xFF])


ANCILLARY = {
    "gAMA": chunk(b"gAMA", GREY),
    "cHRM": chunk(b"cHRM", bytes(32)),
    "sRGB": chunk(b"sRGB", b"\0"),
    "iCCP": chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(500))),
    "cICP": chunk(b"cICP", b"\x0c\x0d\0\1"),
    "pHYs": chunk(b"pHYs", bytes(9)),
    "tRNS": chunk(b"tRNS", b"\0\0\0\1\0\2"),
    "eXIf": chunk(b"eXIf", b"II*\0" + bytes(20)),
    "tEXt": chunk(b"tEXt", b"Author\0Ada"),
    "zTXt": chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"Ada")),
    "iTXt": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"),
    "acTL": chunk(b"acTL", struct.pack(">II", 2, 0)),
}


@pytest.mark.parametrize("name", ANCILLARY)
def test_a_damaged_ancillary_chunk_is_ignored(name: str) -> None:
    """A chunk with a wrong checksum that the pixels do not need is ignored, and a warning names it."""
    found = read(plain(damaged(ANCILLARY[name])))
    assert found.warnings == [f"The PNG's {name} is ignored: its checksum is wrong."]
    assert found.image.info == {}
    assert (found.header.code_points, found.header.has_transparency, found.header.frames) == (None, False, 1)
    assert found.frames[0].pixels.tobytes() == bytes(range(24)) * 4


DAMAGED = "it is damaged, empty or too long"
INVALID = {
    "sRGB of nothing": (chunk(b"sRGB"), "sRGB", "it is 0 bytes long instead of 1"),
    "gAMA of 2 bytes": (chunk(b"gAMA", b"\0\0"), "gAMA", "it is 2 bytes long instead of 4"),
    "gAMA of 5 bytes": (chunk(b"gAMA", GREY + b"\0"), "gAMA", "it is 5 bytes long instead of 4"),
    "cHRM of 4 bytes": (chunk(b"cHRM", bytes(4)), "cHRM", "it is 4 bytes long instead of 32"),
    "cICP of 3 bytes": (chunk(b"cICP", bytes(3)), "cICP", "it is 3 bytes long instead of 4"),
    "pHYs of 2 bytes": (chunk(b"pHYs", bytes(2)), "pHYs", "it is 2 bytes long instead of 9"),
    "acTL of 4 bytes": (chunk(b"acTL", bytes(4)), "acTL", "it is 4 bytes long instead of 8"),
    "tRNS of 2 bytes": (chunk(b"tRNS", bytes(2)), "tRNS", "it is too short, or comes before the palette"),
    "iCCP of junk": (chunk(b"iCCP", b"n\0\0junk"), "iCCP", DAMAGED),
    "iCCP of nothing": (chunk(b"iCCP"), "iCCP", DAMAGED),
    "iCCP of 9 MB": (chunk(b"iCCP", b"n\0\0" + zlib.compress(bytes(9 * MB))), "iCCP", DAMAGED),
    "Author of 9 MB": (chunk(b"zTXt", b"Author\0\0" + zlib.compress(bytes(9 * MB))), "zTXt", DAMAGED),
    "Author of junk": (chunk(b"zTXt", b"Author\0\0junk"), "zTXt", DAMAGED),
    "XMP of 5 MB": (
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"x" * (5 * MB)),
        "iTXt",
        f"it is {5 * MB + 22} bytes long",
    ),
    "EXIF of 2 MB": (chunk(b"eXIf", exif_bomb(2 * MB)[6:]), "eXIf", f"it is {2 * MB} bytes long"),
}


@pytest.mark.parametrize("what", INVALID)
def test_invalid_ancillary_chunks_are_ignored(what: str) -> None:
    """A chunk that is too short, too long or meaningless is ignored, with a warning that says why."""
    data, name, why = INVALID[what]
    found = read(plain(data))
    assert found.warnings == [f"The PNG's {name} is ignored: {why}."]
    assert found.image.info == {}
    assert not found.header.has_transparency
    assert found.frames[0].pixels.tobytes() == bytes(range(24)) * 4


def test_each_kind_of_chunk_gives_one_warning() -> None:
    """Nine thousand damaged texts give one warning, and a damaged unknown chunk gives none."""
    assert len(read(plain(damaged(ANCILLARY["tEXt"]) * 9_000)).warnings) == 1
    assert read(plain(damaged(chunk(b"teSt", b"what")))).warnings == []


class Watched(io.BytesIO):
    """A file that remembers its largest read."""

    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.largest = max(self.largest, len(data))
        return data


def test_long_metadata_is_read_in_pieces() -> None:
    """A chunk of any length is read in pieces of at most 64 KiB."""
    stream = Watched(plain(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + bytes(50 * MB)), chunk(b"prVt", bytes(MB))))
    _, header = open_image(stream, LIMITS)
    assert stream.largest <= 65_536
    assert header.width == 8


def test_metadata_before_the_pixels_is_read() -> None:
    """Every chunk that we use is read; the first of two of a kind counts."""
    texts = chunk(b"tEXt", "Author\0Zoë".encode("latin-1")) + chunk(b"zTXt", b"Copyright\0\0" + zlib.compress(b"Ada"))
    xmp = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0\0" + zlib.compress(b"<x/>"))
    found = read(plain(*(ANCILLARY[name] for name in ("gAMA", "cHRM", "sRGB", "iCCP", "cICP", "eXIf")), texts, xmp))
    assert found.image.info == {
        "gamma": 1.0,
        "chromaticity": (0.0,) * 8,
        "srgb": 0,
        "icc_profile": bytes(500),
        "exif": b"Exif\0\0II*\0" + bytes(20),
        "Author": "Zoë",
        "Copyright": "Ada",
        "xmp": b"<x/>",
    }
    assert found.header.code_points == CodePoints(12, 13)
    assert found.warnings == []
    assert read(plain(chunk(b"gAMA", GREY), chunk(b"gAMA", bytes(4)))).image.info["gamma"] == 1.0


@pytest.mark.parametrize(
    ("body", "points"),
    [
        (b"\x09\x10\0\1", CodePoints(9, 16)),
        (b"\x01\x0d\0\0", None),  # narrow range
        (b"\x01\x0d\x06\1", CodePoints(1, 13, matrix=6)),
    ],
)
def test_code_points_are_read(body: bytes, points: CodePoints | None) -> None:
    """The four bytes of cICP are primaries, transfer, matrix and range."""
    assert read(plain(chunk(b"cICP", body))).header.code_points == points


def size(width: int = 8, height: int = 4, depth: int = 8, colour: int = 2, methods: bytes = b"\0\0\0") -> bytes:
    return struct.pack(">IIBB", width, height, depth, colour) + methods


INDICES = chunk(b"IDAT", zlib.compress((b"\0" + bytes(range(8))) * 4))
COLOURS = chunk(b"PLTE", bytes(range(30)))
REFUSED: dict[str, tuple[bytes, Reason, str]] = {
    "IHDR with a wrong checksum": (
        b"\x89PNG\r\n\x1a\n" + damaged(chunk(b"IHDR", SIZE)) + PIXELS + END,
        Reason.CORRUPT,
        "IHDR is damaged: its checksum is wrong",
    ),
    "PLTE with a wrong checksum": (
        png(damaged(COLOURS), INDICES, END, size=size(colour=3)),
        Reason.CORRUPT,
        "PLTE is damaged",
    ),
    "IDAT with a wrong checksum": (png(damaged(PIXELS), END), Reason.CORRUPT, "IDAT is damaged: its checksum is wrong"),
    "IEND with a wrong checksum": (png(PIXELS, damaged(END)), Reason.CORRUPT, "IEND is damaged"),
    "CgBI": (
        b"\x89PNG\r\n\x1a\n" + chunk(b"CgBI", bytes(4)) + plain()[8:],
        Reason.UNSUPPORTED_FORMAT,
        "Apple's own format",
    ),
    "no palette": (png(INDICES, END, size=size(colour=3)), Reason.CORRUPT, "no palette"),
    "an empty palette": (png(chunk(b"PLTE"), INDICES, END, size=size(colour=3)), Reason.CORRUPT, "no palette"),
    "two palettes": (png(COLOURS, COLOURS, INDICES, END, size=size(colour=3)), Reason.CORRUPT, "has PLTE where"),
    "a palette of 300": (png(chunk(b"PLTE", bytes(900)), INDICES, END, size=size(colour=3)), Reason.CORRUPT, "PLTE"),
    "an unknown critical chunk": (plain(chunk(b"ABCD")), Reason.CORRUPT, "ABCD where its pixels"),
    "no pixels": (png(END), Reason.CORRUPT, "has IEND where its pixels"),
    "a second size": (plain(chunk(b"IHDR", SIZE)), Reason.CORRUPT, "IHDR where its pixels"),
    "text first": (b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt") + plain()[8:], Reason.CORRUPT, "does not begin with its size"),
    "a size of 14 bytes": (png(PIXELS, END, size=SIZE + b"\0"), Reason.CORRUPT, "it is 14 bytes long"),
    "colour type 1": (png(PIXELS, END, size=size(colour=1)), Reason.CORRUPT, "cannot be decoded"),
    "3 bits": (png(PIXELS, END, size=size(depth=3)), Reason.CORRUPT, "cannot be decoded"),
    "no bits": (png(ANCILLARY["tRNS"], PIXELS, END, size=size(depth=0)), Reason.CORRUPT, "cannot be decoded"),
    "no width": (png(PIXELS, END, size=size(width=0)), Reason.CORRUPT, "cannot be decoded"),
    "another compression": (png(PIXELS, END, size=size(methods=b"\1\0\0")), Reason.CORRUPT, "header is invalid"),
    "another interlacing": (png(PIXELS, END, size=size(methods=b"\0\0\2")), Reason.CORRUPT, "header is invalid"),
    "other filters": (png(PIXELS, END, size=size(methods=b"\0\1\0")), Reason.CORRUPT, "cannot be decoded"),
    "pixels that are not deflated": (png(chunk(b"IDAT", b"\x78\x9c\xff\xff\xff"), END), Reason.CORRUPT, "be inflated"),
    "10,000 chunks": (plain(chunk(b"prVt") * 10_000), Reason.CORRUPT, "too many chunks"),
    "an end within a chunk": (png(chunk(b"tEXt", bytes(50)))[:-20], Reason.TRUNCATED, "ends before its last pixel"),
    "an end before the pixels": (png(chunk(b"tEXt", bytes(50))), Reason.TRUNCATED, "ends before its last pixel"),
    "an end within the size": (png()[:20], Reason.TRUNCATED, "ends before its last pixel"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_damage_to_critical_chunks_is_refused(what: str) -> None:
    """A missing, misplaced or damaged chunk that the pixels need is refused, and the detail says what is wrong."""
    data, reason, why = REFUSED[what]
    assert re.search(re.escape(why), refusal(data, reason))


def refusal(data: bytes, reason: Reason) -> str:
    """The detail of a PNG's rejection, which must have this reason."""

    def decode_all() -> None:
        image, header = open_image(io.BytesIO(data), LIMITS)
        list(decode(image, header, (1000, 1000)))
        after_pixels(image, header, LIMITS)

    with pytest.raises(Rejected) as rejection:
        decode_all()
    assert rejection.value.reason is reason
    return rejection.value.detail


MISSING = {
    "no row": png(chunk(b"IDAT"), END),
    "half of the rows": png(chunk(b"IDAT", zlib.compress(ROWS[:50])), END),
    "a text among the pixels": png(chunk(b"IDAT", zlib.compress(ROWS)[:9]), chunk(b"tEXt"), PIXELS, END),
    "the end of the file": saved(photo_like(60, 40), "PNG")[:-500],
}


@pytest.mark.parametrize("what", MISSING)
def test_missing_rows_are_truncated(what: str) -> None:
    """A PNG without its last rows is truncated, with or without an IEND."""
    assert "before its last pixel" in refusal(MISSING[what], Reason.TRUNCATED)


WHOLE = {
    "no end": png(PIXELS),
    "no end, and half of a checksum": png(PIXELS[:-2]),
    "no checksum of zlib's": png(chunk(b"IDAT", zlib.compress(ROWS)[:-4]), END),
    "a wrong checksum of zlib's": png(chunk(b"IDAT", zlib.compress(ROWS)[:-4] + b"abcd"), END),
    "more rows": png(chunk(b"IDAT", zlib.compress(ROWS * 3)), END),
    "junk among the pixels": png(chunk(b"IDAT", zlib.compress(ROWS) + b"junk" * 9), END),
    "junk after the pixels": png(PIXELS, b"junk" * 9),
    "empty IDATs": png(chunk(b"IDAT") * 20_000, PIXELS, chunk(b"IDAT") * 20_000, END),
    "IDATs of a byte": png(*(chunk(b"IDAT", bytes([byte])) for byte in zlib.compress(ROWS)), END),
    "an invalid chunk name": plain(chunk(b"a\0cd")),
    "an unused palette": plain(chunk(b"PLTE", bytes(30))),
}


@pytest.mark.parametrize("what", WHOLE)
def test_a_png_with_all_its_rows_is_decoded(what: str) -> None:
    """A PNG with all its rows is decoded without a warning, whatever else is odd."""
    found = read(WHOLE[what])
    assert found.frames[0].pixels.tobytes() == bytes(range(24)) * 4
    assert found.warnings == []


def test_palettes_are_read_as_browsers_do() -> None:
    """Indices beyond the palette give its last colour; a tRNS that is too long is cut, one before PLTE is ignored."""
    transparent = chunk(b"tRNS", bytes([0, 64, 255, 255, 9]))
    short = read(png(chunk(b"PLTE", bytes(range(12))), transparent, INDICES, END, size=size(colour=3)))
    pixels = np.asarray(short.frames[0].pixels.convert("RGBA"))[0, :, :]
    assert pixels[:, 0].tolist() == [0, 3, 6, 9, 9, 9, 9, 9]
    assert pixels[:4, 3].tolist() == [0, 64, 255, 255]
    early = read(png(transparent, COLOURS, INDICES, END, size=size(colour=3)))
    assert early.warnings == ["The PNG's tRNS is ignored: it is too short, or comes before the palette."]
    assert not early.header.has_transparency


@pytest.mark.parametrize(
    ("depth", "colour", "key", "transparent"),
    [
        (8, 0, b"\0\x07", True),
        (8, 0, b"\1\x07", True),  # only the lower byte counts
        (4, 0, b"\0\x07", True),
        (4, 0, b"\0\x17", False),  # more than 4 bits
        (16, 0, b"\x07\x07", True),
        (16, 0, b"\x07\x08", False),
        (8, 2, b"\0\x07" * 3, True),
        (16, 2, b"\x07\x07" * 3, True),
        (16, 2, b"\x07\x07" * 2 + b"\x07\x06", False),
        (16, 2, b"\x06\x07" + b"\x07\x07" * 2, False),
    ],
)
def test_a_transparent_colour_is_compared_in_all_its_bits(
    depth: int, colour: int, key: bytes, *, transparent: bool
) -> None:
    """Only the exact colour is transparent, not one that is nearly the same."""
    sample = {4: b"\x77", 8: b"\x07", 16: b"\x07\x07"}[depth]
    row = b"\0" + sample * (8 if depth > 4 else 4) * (3 if colour else 1)
    data = png(chunk(b"tRNS", key), chunk(b"IDAT", zlib.compress(row * 4)), END, size=size(depth=depth, colour=colour))
    alpha = read(data).frames[0].pixels.convert("RGBA").getchannel("A")
    assert alpha.getextrema() == ((0, 0) if transparent else (255, 255))


AFTER_PIXELS: dict[str, tuple[bytes, dict[str, Any], list[str]]] = {
    "EXIF": (ANCILLARY["eXIf"], {"exif": b"Exif\0\0II*\0" + bytes(20)}, []),
    "a damaged EXIF": (
        damaged(ANCILLARY["eXIf"]) + ANCILLARY["tEXt"],
        {"Author": "Ada"},
        ["The PNG's eXIf is ignored: its checksum is wrong."],
    ),
    "a damaged unknown chunk": (damaged(chunk(b"teSt")) + ANCILLARY["tEXt"], {"Author": "Ada"}, []),
    "a long text": (chunk(b"tEXt", bytes(70_000)) + ANCILLARY["tEXt"], {}, []),
    "many chunks": (chunk(b"teSt") * 16 + ANCILLARY["tEXt"], {}, []),
    "half of a text": (ANCILLARY["tEXt"][:-6], {}, []),
}


@pytest.mark.parametrize("what", AFTER_PIXELS)
def test_metadata_after_the_pixels_is_read(what: str) -> None:
    """EXIF and texts may come after the pixels."""
    after, info, warnings = AFTER_PIXELS[what]
    found = read(png(PIXELS, after) if what.startswith("half") else png(PIXELS, after, END))
    assert (found.image.info, found.warnings) == (info, warnings)


def test_buffered_bytes_are_counted() -> None:
    """The header counts Pillow's copies of metadata, and the whole file if its rows are decoded twice."""
    profile = chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(MB)))
    plain_png = read(small_png())
    assert read(small_png(profile)).header.buffered_bytes - plain_png.header.buffered_bytes == COPIES * MB
    rows = chunk(b"IDAT", zlib.compress((b"\0" + bytes(48)) * 4))
    deep = png(chunk(b"tRNS", bytes(6)), rows, END, size=size(depth=16))
    assert read(deep).header.buffered_bytes > len(deep)
