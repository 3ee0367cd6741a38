"""A JPEG is decoded, and its orientation read, whatever its application segments hold."""

import io
import struct

import pytest
from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import Reason, Rejected
from tests.support.pictures import opened, photo_like, saved
from tests.support.plans import of_widths

RESOURCE = b"8BIM" + struct.pack(">HxxI", 0x03E9, 300) + bytes(300)
SEGMENTS = {
    "JFIF": (0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0"),
    "Exif": (0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x0e\1\2\0\4\0\0\0abc\0\0\0\0\0"),
    "FlashPix": (0xE2, b"FPXR\0\0\0"),
    "profile": (0xE2, b"ICC_PROFILE\0\1\1abcd"),
    "MPF": (0xE2, b"MPF\0II*\0\x08\0\0\0\1\0\1\xb0\4\0\1\0\0\0\2\0\0\0\0\0\0\0"),
    "Photoshop": (0xED, b"Photoshop 3.0\0" + RESOURCE + RESOURCE),
    "Adobe": (0xEE, b"Adobe\0\x64\0\0\0\0\1"),
}
PICTURE = photo_like(64, 48)


def with_segment(marker: int, content: bytes) -> bytes:
    """A JPEG that EXIF turns upside down, with one more segment before its EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 3
    plain = saved(PICTURE, exif=exif.tobytes())
    return plain[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + plain[2:]


@pytest.mark.parametrize("name", SEGMENTS)
def test_segments_may_end_anywhere(name: str) -> None:
    """A segment that is cut after any byte loses only its own information."""
    marker, content = SEGMENTS[name]
    expected = opened(with_segment(0xEF, b"")).tobytes()
    for length in range(min(len(content), 60)):
        data = with_segment(marker, content[:length])
        image, header = open_image(
            io.BytesIO(data), Limits(max_pixels=10**6, planned=of_widths(1000), file_size=len(data))
        )
        assert header.orientation == 3 or name == "Exif"  # a cut Exif continues in the next segment
        assert next(decode(image, header, (1000, 1))).pixels.tobytes() == expected


def test_a_file_that_ends_within_a_segment_is_truncated() -> None:
    """Damage in a segment is ignored, but the end of the file is not."""
    data = with_segment(0xED, SEGMENTS["Photoshop"][1])[:300]
    with pytest.raises(Rejected) as rejection:
        open_image(io.BytesIO(data), Limits(max_pixels=10**6, planned=of_widths(1000), file_size=len(data)))
    assert rejection.value.reason is Reason.TRUNCATED


def test_too_much_exif_is_corrupt() -> None:
    """EXIF beyond the limit is refused, because Pillow joins its segments one by one."""
    data = saved(PICTURE)
    data = data[:2] + (b"\xff\xe1\xff\xff" + b"Exif\0\0".ljust(65_533, b"\0")) * 17 + data[2:]
    with pytest.raises(Rejected, match="EXIF") as rejection:
        open_image(io.BytesIO(data), Limits(max_pixels=10**6, planned=of_widths(1000), file_size=len(data)))
    assert rejection.value.reason is Reason.CORRUPT
