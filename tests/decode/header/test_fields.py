"""A picture's orientation, its transparency and how often it plays are known before decoding."""

import struct
from typing import Any

import pytest

from resizer.errors import Reason, Rejected
from tests.conftest import rejects
from tests.support.headers import header_of
from tests.support.pictures import noise, photo_like, saved


def with_orientation(value: bytes, format_: str, kind: int = 3, count: int = 1) -> bytes:
    """A picture whose EXIF has only an orientation, of any type; type 3 is a 16-bit number."""
    tag = struct.pack("<HHI", 0x0112, kind, count) + value.ljust(4, b"\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + tag + bytes(4)
    return saved(photo_like(60, 40), format_, exif=exif)


def test_each_orientation_is_read() -> None:
    """All eight orientations are read, and the four that turn by 90 degrees swap the upright size."""
    for format_ in ["JPEG", "PNG", "WEBP"]:
        for value in range(1, 9):
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
@pytest.mark.filterwarnings("ignore")  # Pillow warns about such tags
def test_an_invalid_orientation_is_ignored(format_: str, value: bytes, kind: int, count: int) -> None:
    """With an orientation that EXIF does not define, or that is not a number, the image stays as stored."""
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
@pytest.mark.filterwarnings("ignore")  # Pillow warns about such blocks
def test_an_image_with_damaged_exif_is_upright(format_: str, exif: bytes) -> None:
    """An image with damaged EXIF is accepted and stays as stored."""
    assert header_of(saved(photo_like(60, 40), format_, exif=exif)).orientation == 1


@pytest.mark.parametrize("value", range(1, 9))
def test_a_tiffs_orientation_is_read_from_its_tag(value: int) -> None:
    """All eight orientations of a TIFF are read from its tag, and not yet applied."""
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
def test_transparency_is_read_from_the_header(
    mode: str, format_: str, options: dict[str, Any], *, transparent: bool
) -> None:
    """The header says whether an image has transparency, in every way that a format can store it."""
    picture = photo_like(60, 40).convert("RGBA") if mode == "RGBA" else photo_like(60, 40).convert("L").convert(mode)
    if mode == "RGBA":
        picture.putalpha(128)
    assert header_of(saved(picture, format_, **options)).has_transparency is transparent


@pytest.mark.parametrize("rest", [b",", b",\0\0\0", b"!", b"!\xf9\x04", b"!\xf9\x02\x01\x00\x00"])
def test_a_gif_cut_after_its_first_frame_is_a_still_or_rejected(rest: bytes) -> None:
    """A GIF whose later frames are missing is a still or rejected, never another error."""
    data = saved(photo_like(60, 40), "GIF")[:-1] + rest
    try:
        known = header_of(data)
    except Rejected:
        return
    assert known.upright_size == (60, 40)


@pytest.mark.parametrize(
    ("format_", "stored", "plays"),
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
def test_the_number_of_plays_is_read(format_: str, stored: int | None, plays: int) -> None:
    """A GIF stores how often it repeats, and plays once if it does not say; PNG and WebP store how often they play."""
    options = {} if stored is None else {"loop": stored}
    data = saved(photo_like(60, 40), format_, save_all=True, append_images=[noise(60, 40)], **options)
    assert header_of(data).loop == plays


def tiff_of(bits: tuple[int, ...], sample_format: int, photometric: int, *, cut: int = 0) -> bytes:
    """A TIFF of one pixel with these samples. Their bits and offsets are stored after the tags."""
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
def test_unsupported_samples_are_not_corrupt(bits: tuple[int, ...], sample_format: int, photometric: int) -> None:
    """A valid TIFF of float colours, or of a depth that we do not read, is `unsupported_format`."""
    with rejects(Reason.UNSUPPORTED_FORMAT):
        header_of(tiff_of(bits, sample_format, photometric))


def test_a_tiff_cut_within_its_tags_is_not_unsupported() -> None:
    """A TIFF that lacks the values of its tags is truncated or corrupt, not unsupported."""
    header_of(tiff_of((8, 8, 8), 1, 2))
    with rejects(Reason.TRUNCATED, Reason.CORRUPT):
        header_of(tiff_of((8, 8, 8), 1, 2, cut=9))
