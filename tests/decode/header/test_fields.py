"""What a header says is known before decoding: how a picture lies, what shines through, how often it plays."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from resizer.errors import Reason, Rejected
from tests.conftest import rejects
from tests.support.headers import header_of
from tests.support.pictures import noise, photo_like, saved


def with_orientation(value: bytes, format_: str, kind: int = 3, count: int = 1) -> bytes:
    """A picture whose EXIF block has one tag, the orientation, of any kind; 3 stands for a 16-bit number."""
    tag = struct.pack("<HHI", 0x0112, kind, count) + value.ljust(4, b"\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + tag + bytes(4)
    return saved(photo_like(60, 40), format_, exif=exif)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("value", range(1, 9))
def test_each_orientation_is_read(format_: str, value: int) -> None:
    """All eight orientations of EXIF are read, and the four lying ones swap the upright size."""
    known = header_of(with_orientation(bytes([value]), format_))
    assert known.orientation == value
    assert known.upright_size == ((40, 60) if value >= 5 else (60, 40))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("value", "kind", "count"),
    [
        (b"\x00", 3, 1),
        (b"\x09", 3, 1),
        (b"\xff\xff", 3, 1),
        (b"\xff\xff\xff\xff", 9, 1),
        (b"6", 2, 2),
        (b"\x06", 3, 0),
        (b"\x06", 99, 1),
        (b"\xff\xff\xff\x7f", 3, 1000),
    ],
)
@pytest.mark.filterwarnings("ignore")  # what Pillow finds odd in such tags is not the promise
def test_an_orientation_that_makes_no_sense_is_none(format_: str, value: bytes, kind: int, count: int) -> None:
    """An orientation that EXIF does not know, or that is no number, leaves the image as it lies."""
    assert header_of(with_orientation(value, format_, kind, count)).orientation == 1


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage!",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\x08\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x05\0",
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
    ],
)
@pytest.mark.filterwarnings("ignore")  # what Pillow finds odd in such blocks is not the promise
def test_damaged_exif_costs_the_orientation_and_not_the_image(format_: str, exif: bytes) -> None:
    """An image whose EXIF block cannot be read is an image all the same."""
    assert header_of(saved(photo_like(60, 40), format_, exif=exif)).orientation == 1


@pytest.mark.parametrize("value", range(1, 9))
def test_a_tiffs_orientation_is_its_tag(value: int) -> None:
    """A TIFF is decoded as it is stored, and its tag says how it must be turned."""
    known = header_of(saved(photo_like(60, 40), "TIFF", tiffinfo={0x0112: value}))
    assert known.orientation == value
    assert known.upright_size == ((40, 60) if value >= 5 else (60, 40))


@pytest.mark.parametrize(
    ("mode", "format_", "options", "transparent"),
    [
        ("RGB", "PNG", {}, False),
        ("RGBA", "PNG", {}, True),
        ("LA", "PNG", {}, True),
        ("L", "PNG", {"transparency": 0}, True),
        ("P", "PNG", {}, False),
        ("P", "PNG", {"transparency": b"\x00\x80"}, True),
        ("P", "GIF", {}, False),
        ("P", "GIF", {"transparency": 0, "optimize": False}, True),
        ("RGB", "WEBP", {}, False),
        ("RGBA", "WEBP", {}, True),
        ("RGBA", "TIFF", {}, True),
        ("CMYK", "JPEG", {}, False),
    ],
)
def test_transparency_is_known_beforehand(mode: str, format_: str, options: dict[str, Any], transparent: bool) -> None:  # noqa: FBT001 # a table's column
    """Whether an image may be seen through is known from its header, in every way that formats say it."""
    picture = photo_like(60, 40).convert("RGBA") if mode == "RGBA" else photo_like(60, 40).convert("L").convert(mode)
    if mode == "RGBA":
        picture.putalpha(128)
    assert header_of(saved(picture, format_, **options)).has_transparency is transparent


@pytest.mark.parametrize("rest", [b",", b",\0\0\0", b"!", b"!\xf9\x04", b"!\xf9\x02\x01\x00\x00"])
def test_a_gif_that_breaks_off_after_its_first_frame_ends_in_an_answer(rest: bytes) -> None:
    """A GIF whose later frames are missing is read by its first or rejected, never an error that comes back."""
    data = saved(photo_like(60, 40), "GIF")[:-1] + rest
    try:
        known = header_of(data)
    except Rejected:
        return
    assert known.upright_size == (60, 40)


@pytest.mark.parametrize(
    ("format_", "said", "plays"),
    [
        ("GIF", None, 1),
        ("GIF", 0, 0),
        ("GIF", 1, 2),
        ("GIF", 65_535, 65_536),
        ("PNG", 0, 0),
        ("PNG", 3, 3),
        ("WEBP", 3, 3),
    ],
)
def test_it_is_known_how_often_an_animation_plays(format_: str, said: int | None, plays: int) -> None:
    """A GIF counts how often it plays again and plays once where it says nothing; the others count every time."""
    options = {} if said is None else {"loop": said}
    data = saved(photo_like(60, 40), format_, save_all=True, append_images=[noise(60, 40)], **options)
    assert header_of(data).loop == plays


@pytest.mark.parametrize("frames", [1, 2])
def test_a_picture_for_viewers_without_animation_is_no_frame(frames: int) -> None:
    """A separate default image is not counted."""
    options = {
        "save_all": True,
        "append_images": [noise(60, 40, seed) for seed in range(frames)],
        "default_image": True,
    }
    assert header_of(saved(photo_like(60, 40), "PNG", **options)).frames == frames


def tiff_of(bits: tuple[int, ...], sample_format: int, photometric: int, *, cut: int = 0) -> bytes:
    """A TIFF of one pixel with these samples; how many bits they have, and where they are, is told behind the tags."""
    count = len(bits)
    numbers = struct.pack(f"<{count}H", *bits)
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, count, 142 if count > 2 else int.from_bytes(numbers, "little"))]
    tags += [(259, 3, 1, 1), (262, 3, 1, photometric), (273, 4, 2, 152), (277, 3, 1, count), (278, 3, 1, 1)]
    tags += [(279, 4, 1, sum(bits) // 8), (339, 3, 1, sample_format)]
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    whole = (head.ljust(142, b"\0") + numbers).ljust(152, b"\0") + struct.pack("<II", 160, 160) + bytes(sum(bits) // 8)
    return whole[: len(whole) - cut]


@pytest.mark.parametrize(
    ("bits", "sample_format", "photometric"),
    [((32, 32, 32), 3, 2), ((64,), 3, 1), ((16, 16), 1, 1), ((8, 8, 8, 8, 8), 1, 5)],
)
def test_samples_that_are_not_read_are_no_damage(bits: tuple[int, ...], sample_format: int, photometric: int) -> None:
    """A sound TIFF in floats and colours, or of a depth that is not read, is `unsupported_format`."""
    with rejects(Reason.UNSUPPORTED_FORMAT):
        header_of(tiff_of(bits, sample_format, photometric))


def test_a_tiff_that_ends_within_its_tags_is_no_unsupported_one() -> None:
    """Where the numbers behind the tags are missing, the file is at fault and not its kind of samples."""
    header_of(tiff_of((8, 8, 8), 1, 2))
    with rejects(Reason.TRUNCATED, Reason.CORRUPT):
        header_of(tiff_of((8, 8, 8), 1, 2, cut=9))
