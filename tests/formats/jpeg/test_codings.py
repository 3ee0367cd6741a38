"""JPEGs of every coding are decoded. Those that Pillow cannot write were made with cjpeg."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import Reason, Rejected
from resizer.model import Header
from tests.conftest import Download
from tests.support.forged import scan_flood, segment
from tests.support.fuzz_target import read
from tests.support.pictures import photo_like, psnr, saved
from tests.support.plans import of_widths
from tests.support.streams import stream_of

SEEDS = Path(__file__).parents[2] / "fuzz" / "seeds"
PICTURE = photo_like(48, 36)  # cjpeg made the files from it
BLOCK = 65_536  # bytes that Pillow passes to libjpeg at a time


def decoded(data: bytes, widest: int = 1000) -> tuple[Header, Image.Image]:
    """Decode a download that releases the bytes already read, as the pipeline does."""
    stream = stream_of(Download(data), len(data))
    image, header = open_image(stream, Limits(max_pixels=10**8, planned=of_widths(widest), file_size=len(data)))  # type: ignore[arg-type] # a stream is read like a file
    stream.release_behind()
    (frame,) = decode(image, header, (widest, 1))
    return header, frame.pixels


def looks_like(pixels: Image.Image) -> bool:
    """Compare brightness in full, and colours at a quarter of the size: such small files keep few colours."""
    small = [each.reduce(4) for each in (pixels, PICTURE)]
    return psnr(pixels.convert("L"), PICTURE.convert("L")) > 32 and psnr(*small) > 27


def across_blocks(data: bytes) -> bytes:
    """The same JPEG, padded so that its pixels cross the end of a block."""
    start, end = data.index(b"\xff\xda"), len(data)
    filling = BLOCK - (start + end) // 2
    return data[:2] + segment(0xE5, bytes(filling - 1000 - 4)) + segment(0xE5, bytes(1000 - 4)) + data[2:]


@pytest.mark.parametrize(
    "name",
    ["arithmetic", "arithmetic-progressive", "4-4-0", "4-1-1", "4-1-0", "three-scans", "rgb"],
)
@pytest.mark.parametrize("prepare", [bytes, across_blocks])
def test_every_coding_is_decoded(name: str, prepare: type[bytes]) -> None:
    """Arithmetic coding, every subsampling and one scan for each channel give the same picture."""
    _, pixels = decoded(prepare((SEEDS / f"{name}.jpg").read_bytes()))
    assert looks_like(pixels)


def test_codings_that_browsers_do_not_show_are_unsupported() -> None:
    """12 bits, lossless, hierarchical, JPEG-LS, two components and a height of 0 are unsupported."""
    data = saved(PICTURE)
    at = data.index(b"\xff\xc0")

    def is_refused(marker: int, bits: int = 8, height: int = PICTURE.height, components: int = 3) -> bool:
        head = data[: at + 1] + bytes([marker]) + data[at + 2 : at + 4]
        changed = head + struct.pack(">BH", bits, height) + data[at + 7 : at + 9]
        with pytest.raises(Rejected, match="No browser shows such a JPEG") as rejection:
            decoded(changed + bytes([components]) + data[at + 10 :])
        return rejection.value.reason is Reason.UNSUPPORTED_FORMAT

    assert is_refused(0xC1, bits=12)
    assert is_refused(0xC2, bits=12)
    assert is_refused(0xC0, components=2)
    assert is_refused(0xC0, height=0)
    for marker in (0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF, 0xDE, 0xF7):
        assert is_refused(marker)


@pytest.mark.parametrize(("scans", "end"), [(90, "64 x 64"), (101, "corrupt"), (5000, "corrupt")])
def test_too_many_scans_are_corrupt(scans: int, end: str) -> None:
    """A JPEG may have a few more scans than any encoder writes, but not many more."""
    assert read(scan_flood(64, 64, scans)) == end


def test_segments_after_a_stray_end_marker_are_counted() -> None:
    """Segments after an end marker before the picture count too, because Pillow reads them."""
    data = saved(PICTURE)
    assert read(data[:2] + b"\xff\xd9" + segment(0xE5, b"") * 20_000 + data[2:]) == "corrupt"


def test_a_frame_header_between_scans_is_corrupt() -> None:
    """A frame header between scans is damage; only those before the first scan make a file unsupported."""
    data = saved(PICTURE, progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    assert read(data[:second] + segment(0xC3, bytes(20)) + data[second:]) == "corrupt"


def test_bytes_that_look_like_scans_are_not_counted() -> None:
    """Segments before the picture, and anything after it, may hold any bytes."""
    fake_scans = b"\xff\xda\x00\x08\x02" * 5000
    data = saved(PICTURE)
    header = io.BytesIO(data[:2] + segment(0xE5, fake_scans) + data[2:] + fake_scans)
    _, pixels = decoded(header.getvalue())
    assert looks_like(pixels)
