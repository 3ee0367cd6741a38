"""A rejection says in plain words what is wrong with a file, and nothing about the library that read it."""

import io
import struct

import pytest

from resizer.decode.frames import decode, rejecting
from resizer.decode.header import Limits, open_image
from resizer.errors import OutOfTime, Reason, Rejected
from resizer.formats.base import title
from tests.support.pictures import heic, noise, photo_like, saved
from tests.support.plans import of_widths


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (OSError("image file is truncated (3 bytes not processed)"), Reason.TRUNCATED),
        (OSError("Truncated File Read"), Reason.TRUNCATED),
        (ValueError("not enough image data"), Reason.TRUNCATED),
        (OSError("broken data stream when reading image file"), Reason.CORRUPT),
        (SyntaxError("cannot handle 4-layer images"), Reason.CORRUPT),
        (IndexError("list index out of range"), Reason.CORRUPT),
        (struct.error("unpack requires a buffer of 4 bytes"), Reason.CORRUPT),
    ],
)
def test_a_cut_file_is_recognised_by_the_librarys_message(problem: Exception, reason: Reason) -> None:
    """Every library's message for a cut file gives `truncated`, and the message itself is not shown."""
    with pytest.raises(Rejected) as rejection, rejecting("JPEG"):
        raise problem
    assert rejection.value.reason is reason
    assert str(problem) not in rejection.value.detail


def test_our_own_errors_are_not_rejections() -> None:
    """Our own errors are raised unchanged, and a MemoryError becomes `needs_memory`."""
    with pytest.raises(OutOfTime), rejecting("JPEG"):
        raise OutOfTime
    with pytest.raises(AssertionError), rejecting("JPEG"):
        raise AssertionError
    with pytest.raises(Rejected) as rejection, rejecting("JPEG"):
        raise MemoryError
    assert rejection.value.reason is Reason.NEEDS_MEMORY


def test_formats_have_the_names_that_people_use() -> None:
    """Messages say HEIC, JPEG 2000 and WebP instead of Pillow's names."""
    assert [title(name) for name in ("HEIF", "JPEG2000", "WEBP", "PNG")] == ["HEIC", "JPEG 2000", "WebP", "PNG"]


WEBP, HEIC = saved(noise(60, 40), "WEBP", lossless=True), heic(photo_like(64, 64))


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (WEBP[:40] + bytes(len(WEBP) - 40), "The WebP cannot be decoded: its data is damaged."),
        (HEIC.replace(b"ispe", b"abcd"), "The HEIC cannot be decoded: its data is damaged."),
        (
            saved(photo_like(16, 16)).replace(b"\0\x10\0\x10\3", b"\0\x10\0\x10\7"),
            "The JPEG cannot be decoded: its data is damaged.",
        ),
    ],
    ids=["WebP", "HEIC", "JPEG"],
)
def test_a_damaged_file_has_a_plain_message(data: bytes, detail: str) -> None:
    """The rejection names the format and says that its data is damaged."""
    limits = Limits(max_pixels=10**6, planned=of_widths(1000), file_size=len(data))
    with pytest.raises(Rejected) as rejection:
        list(decode(*open_image(io.BytesIO(data), limits), (100, 100)))
    assert rejection.value.detail == detail
