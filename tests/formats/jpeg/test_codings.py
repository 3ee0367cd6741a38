"""Every coding that a JPEG may have gives the picture: those that Pillow cannot write were made with cjpeg."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import Reason, Rejected
from tests.conftest import Download
from tests.support.forged import scan_flood, segment
from tests.support.fuzz_target import read
from tests.support.pictures import photo_like, psnr, saved
from tests.support.plans import of_widths
from tests.support.streams import stream_of

if TYPE_CHECKING:
    from PIL import Image

    from resizer.model import Header

SEEDS = Path(__file__).parents[2] / "fuzz" / "seeds"
PICTURE = photo_like(48, 36)  # of which cjpeg made the files
BLOCK = 65_536  # what Pillow hands to libjpeg at a time


def decoded(data: bytes, widest: int = 1000) -> tuple[Header, Image.Image]:
    """By way of a download that lets go of what was read, as in the pipeline."""
    stream = stream_of(Download(data), len(data))
    image, header = open_image(stream, Limits(max_pixels=10**8, planned=of_widths(widest), file_size=len(data)))  # type: ignore[arg-type] # read as a file is
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


def test_what_no_browser_shows_is_unsupported() -> None:
    """Twelve bits, lossless, hierarchical, JPEG-LS, two components and a height at the end are refused as such."""
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
def test_scans_are_counted(scans: int, end: str) -> None:
    """A JPEG may have more scans than any encoder makes, and not many more."""
    assert read(scan_flood(64, 64, scans)) == end


def test_many_parts_behind_a_stray_end_marker_are_too_many() -> None:
    """Pillow reads on behind an end marker before the picture, so the parts there count."""
    data = saved(PICTURE)
    assert read(data[:2] + b"\xff\xd9" + segment(0xE5, b"") * 20_000 + data[2:]) == "corrupt"


def test_a_stray_frame_between_scans_does_not_say_what_the_file_is() -> None:
    """Damage may look like any segment; only those before the first scan say how a file is coded."""
    data = saved(PICTURE, progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    assert read(data[:second] + segment(0xC3, bytes(20)) + data[second:]) == "corrupt"


def test_data_that_looks_like_scans_is_none() -> None:
    """What stands before or behind the picture may hold any bytes."""
    looks = b"\xff\xda\x00\x08\x02" * 5000
    data = saved(PICTURE)
    header = io.BytesIO(data[:2] + segment(0xE5, looks) + data[2:] + looks)
    _, pixels = decoded(header.getvalue())
    assert looks_like(pixels)
