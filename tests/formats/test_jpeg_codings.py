"""Every coding that a JPEG may have gives the picture: those that Pillow cannot write were made with cjpeg."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from resizer.errors import Reason
from resizer.model import Header, SourceMetadata
from resizer.s3.stream import SourceStream
from tests.conftest import Download, rejects
from tests.fuzz.target import read
from tests.support.forged import scan_flood, segment
from tests.support.pictures import photo_like, psnr, saved

if TYPE_CHECKING:
    from PIL import Image

SEEDS = Path(__file__).parents[1] / "fuzz" / "seeds"
PICTURE = photo_like(48, 36)  # of which cjpeg made the files
BLOCK = 65_536  # what Pillow hands to libjpeg at a time


def decoded(data: bytes, widest: int = 1000) -> tuple[Header, Image.Image]:
    """By way of a download that lets go of what was read, as in the pipeline."""
    stream = SourceStream(Download(data), SourceMetadata("etag", len(data)), "s3://photos/cat.jpg", len(data))
    image, header = open_image(stream, Limits(max_pixels=10**8, widths=(widest,), file_size=len(data)))  # type: ignore[arg-type] # read as a file is
    stream.release_behind()
    (frame,) = decode(image, header, (widest, 1))
    return header, frame.pixels


def looks_like(pixels: Image.Image) -> bool:
    """By its light, and by its colours where they are smooth: of those such a small file keeps few."""
    small = [each.reduce(4) for each in (pixels, PICTURE)]
    return psnr(pixels.convert("L"), PICTURE.convert("L")) > 32 and psnr(*small) > 27


def cut_in_two(data: bytes) -> bytes:
    """The same JPEG with so much before it that its pixels lie across the end of a block."""
    start, end = data.index(b"\xff\xda"), len(data)
    filling = BLOCK - (start + end) // 2
    return data[:2] + segment(0xE5, bytes(filling - 1000 - 4)) + segment(0xE5, bytes(1000 - 4)) + data[2:]


@pytest.mark.parametrize(
    "name",
    ["arithmetic", "arithmetic-progressive", "4-4-0", "4-1-1", "4-1-0", "three-scans", "rgb"],
)
@pytest.mark.parametrize("prepare", [bytes, cut_in_two])
def test_every_coding_gives_the_picture(name: str, prepare: type[bytes]) -> None:
    """Arithmetic coding, every subsampling and one scan for each channel come out as the picture that they are of."""
    _, pixels = decoded(prepare((SEEDS / f"{name}.jpg").read_bytes()))
    assert looks_like(pixels)


def lossless(image: Image.Image) -> bytes:
    """A lossless JPEG of a gray picture (T.81, annex H): each sample as its difference from the one to its left."""
    samples = [list(image.tobytes()[n : n + image.width]) for n in range(0, image.width * image.height, image.width)]
    above, bits = 128, []
    for row in samples:
        for before, sample in zip([above, *row], row, strict=False):
            difference = sample - before
            length = abs(difference).bit_length()
            value = difference if difference > 0 else difference + (1 << length) - 1
            bits.append(f"{length:04b}" + (f"{value:0{length}b}" if length else ""))
        above = row[0]
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    body = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\0")
    frame = segment(0xC3, struct.pack(">BHHB3B", 8, image.height, image.width, 1, 1, 0x11, 0))
    table = segment(0xC4, b"\0" + bytes([0, 0, 0, 9] + [0] * 12) + bytes(range(9)))
    return b"\xff\xd8" + frame + table + segment(0xDA, b"\1\1\0\1\0\0") + body + b"\xff\xd9"


@pytest.mark.parametrize("widest", [10, 1000])
def test_a_lossless_jpeg_is_read_to_the_bit(widest: int) -> None:
    """A lossless JPEG is read as it is, however small the renditions: its decoder knows no smaller scale."""
    gray = photo_like(160, 120).convert("L")
    header, pixels = decoded(lossless(gray), widest)
    assert not header.scalable
    assert pixels.tobytes() == gray.tobytes()


def test_what_libjpeg_does_not_read_is_told() -> None:
    """Twelve bits a channel are refused in words, not taken for damage behind a crash."""
    data = saved(PICTURE)
    at = data.index(b"\xff\xc0") + 4
    with rejects(Reason.CORRUPT):
        decoded(data[:at] + b"\x0c" + data[at + 1 :])


@pytest.mark.parametrize(("scans", "end"), [(90, "64 x 64"), (101, "corrupt"), (5000, "corrupt")])
def test_scans_are_counted(scans: int, end: str) -> None:
    """A JPEG may have more scans than any encoder makes, and not many more."""
    assert read(scan_flood(64, 64, scans)) == end


def test_data_that_looks_like_scans_is_none() -> None:
    """What stands before or behind the picture may hold any bytes."""
    looks = b"\xff\xda\x00\x08\x02" * 5000
    data = saved(PICTURE)
    header = io.BytesIO(data[:2] + segment(0xE5, looks) + data[2:] + looks)
    _, pixels = decoded(header.getvalue())
    assert looks_like(pixels)
