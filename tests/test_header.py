"""A header decides what is decoded at all: by the bytes, exactly, and before any pixel."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from resizer.errors import Reason, Rejected
from resizer.frames import MOST_FRAMES
from resizer.header import open_image
from resizer.limits import Limits
from tests.conftest import rejects
from tests.forged import GIF_FRAME, gif
from tests.pictures import noise, photo_like, saved

if TYPE_CHECKING:
    from resizer.model import Header

LIMIT = 100_000_000
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"]
NO_IMAGES = {
    "nothing": b"",
    "text": b"Hello, world.\n",
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "json": b'{"error": "not found"}',
    "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "program": b"\x7fELF\x02\x01\x01" + bytes(9),
    "sound in a RIFF": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "zeros": bytes(100),
    "one byte of a JPEG": b"\xff",
    "half a PNG signature": b"\x89PNG",
    "a RIFF without a name": b"RIFF\x24\x00\x00\x00",
    "an image behind a space": b" " + saved(Image.new("RGB", (9, 9)), "PNG"),
}
NOT_SERVED = {
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "EPS": saved(photo_like(32, 32), "EPS"),
    "PSD": b"8BPS\x00\x01" + bytes(20),
    "JPEG XL": b"\xff\x0a\xfa\x1f\x01",
    "video": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
}


def header_of(data: bytes, max_pixels: int = LIMIT) -> Header:
    return open_image(io.BytesIO(data), Limits(max_pixels, memory=None, widest=1000, file_size=len(data)))[1]


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header is well-formed, and which has not one pixel."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", b"no pixels"), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG whose frame header says another size than it has."""
    data = saved(photo_like(16, 16))
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def animated(format_: str, frames: int, size: tuple[int, int] = (100, 50)) -> bytes:
    first, *rest = [noise(*size, seed=number) for number in range(frames)]
    return saved(first, format_, save_all=True, append_images=rest)


def with_orientation(value: bytes, format_: str, kind: int = 3, count: int = 1) -> bytes:
    """A picture whose EXIF block has one tag, the orientation, of any kind; 3 stands for a 16-bit number."""
    tag = struct.pack("<HHI", 0x0112, kind, count) + value.ljust(4, b"\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + tag + bytes(4)
    return saved(photo_like(60, 40), format_, exif=exif)


@pytest.mark.parametrize("format_", [*FORMATS, "AVIF", "JPEG2000"])
def test_formats_are_known_by_their_bytes(format_: str) -> None:
    """Each format that is served is recognised without any name, with its size and mode."""
    known = header_of(saved(photo_like(60, 40), format_))
    mode = "P" if format_ == "GIF" else "RGB"
    assert (known.format, known.mode, known.width, known.height) == (format_, mode, 60, 40)
    assert (known.frames, known.orientation, known.has_transparency) == (1, 1, False)


@pytest.mark.parametrize("data", NO_IMAGES.values(), ids=NO_IMAGES)
def test_what_is_no_image_is_refused_as_such(data: bytes) -> None:
    """Whatever does not start as an image of a served format starts is `not_an_image`."""
    with rejects(Reason.NOT_AN_IMAGE):
        header_of(data)


@pytest.mark.parametrize("data", NOT_SERVED.values(), ids=NOT_SERVED)
def test_what_is_known_and_not_served_is_told_so(data: bytes) -> None:
    """Files that people take for images, and that are not served, are `unsupported_format`."""
    with rejects(Reason.UNSUPPORTED_FORMAT):
        header_of(data)


@pytest.mark.parametrize("format_", ["PPM", "PCX", "SGI", "TGA", "DDS"])
def test_pillows_other_decoders_are_out_of_reach(format_: str) -> None:
    """A file of a format that is not served never reaches the decoder that Pillow has for it."""
    with rejects(Reason.NOT_AN_IMAGE):
        header_of(saved(photo_like(32, 32), format_))


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kept", [16, 20, 25])
def test_a_header_that_ends_too_early_is_truncated(format_: str, kept: int) -> None:
    """A file that ends within its header is `truncated`, whatever its format."""
    with rejects(Reason.TRUNCATED):
        header_of(saved(photo_like(60, 40), format_)[:kept])


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(60, 40).replace(b"\x08\x02", b"\x08\x09"),
        b"\xff\xd8\xff\xc0" + b"nonsense" * 9000,
        b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"\x08\x00" * 80,
        b"II*\x00\x08\x00\x00\x00\x00\x00" + b"nonsense" * 20,
        b"BM" + bytes(200),
    ],
)
def test_a_header_that_makes_no_sense_is_corrupt(data: bytes) -> None:
    """A file that only starts as an image does is `corrupt`."""
    with rejects(Reason.CORRUPT):
        header_of(data)


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(0, 0),
        jpeg_claiming(0, 0),
        b"RIFF\x30\x00\x00\x00WEBPVP8 " + bytes(40),
        b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1\x00\x00\x00\x14ispe" + bytes(60),
    ],
    ids=["PNG", "JPEG", "WebP", "AVIF"],
)
def test_an_image_without_a_pixel_is_rejected(data: bytes) -> None:
    """A header that claims a width and height of none is the image's fault."""
    with rejects(Reason.CORRUPT, Reason.TRUNCATED):
        header_of(data)


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(60_000, 60_000),
        png_claiming(15_000, 10_000),
        jpeg_claiming(60_000, 60_000),
        jpeg_claiming(15_000, 10_000),
    ],
    ids=["vast PNG", "PNG half over", "vast JPEG", "JPEG half over"],
)
def test_too_many_pixels_are_refused_without_decoding(data: bytes) -> None:
    """An image over the limit, by much or by little, is refused by its header, before a pixel is looked at."""
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(data)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_limit_is_exact(format_: str) -> None:
    """An image of exactly as many pixels as are allowed passes, one of one more does not."""
    data = saved(photo_like(60, 40), format_)
    assert header_of(data, 2400).pixels == 2400
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(data, 2399)


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_the_pixels_of_all_frames_count(format_: str) -> None:
    """An animation is as large as all its frames together."""
    data = animated(format_, frames=3)
    known = header_of(data, 15_000)
    assert (known.width, known.height, known.frames) == (100, 50, 3)
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(data, 14_999)


def test_very_many_small_frames_are_too_many() -> None:
    """Frames have a limit of their own, for each costs work however small it is; pixels are counted as they are."""
    assert header_of(gif(GIF_FRAME * MOST_FRAMES), LIMIT).frames == MOST_FRAMES
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(gif(GIF_FRAME * (MOST_FRAMES + 1)), LIMIT)


def test_what_would_not_fit_into_memory_is_refused_without_decoding() -> None:
    """An image that takes more memory than is left is refused by its header, however few bytes it has."""
    data = png_claiming(5000, 4000)
    with rejects(Reason.NEEDS_MEMORY):
        open_image(io.BytesIO(data), Limits(LIMIT, memory=50_000_000, widest=1000, file_size=len(data)))
    assert header_of(data).pixels == 20_000_000


@pytest.mark.parametrize(("reclaimed", "fits"), [(200_000_000, True), (60_000_000, False)])
def test_what_is_kept_without_need_is_given_back_before_an_image_is_refused(reclaimed: int, *, fits: bool) -> None:
    """Memory of earlier pictures costs no picture its place, and what does not fit even then is refused."""
    data, asked = png_claiming(5000, 4000), list[int]()

    def reclaim() -> int:
        asked.append(reclaimed)
        return reclaimed

    limits = Limits(LIMIT, memory=50_000_000, widest=1000, file_size=len(data), reclaim=reclaim)
    with nullcontext() if fits else rejects(Reason.NEEDS_MEMORY):
        open_image(io.BytesIO(data), limits)
    assert asked
    asked.clear()
    open_image(io.BytesIO(png_claiming(50, 40)), limits)
    assert not asked  # what fits anyway does not cost others their memory


def test_the_pages_of_a_tiff_do_not_count() -> None:
    """Of a TIFF with several pages the first is the image."""
    assert header_of(animated("TIFF", frames=3)).frames == 1


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
        (b"\x06", 7, 1),
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
def test_a_tiffs_orientation_is_left_to_its_decoder(value: int) -> None:
    """TIFF images come upright from their decoder, so that nothing is left to turn."""
    known = header_of(saved(photo_like(60, 40), "TIFF", tiffinfo={0x0112: value}))
    assert known.orientation == 1
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


@pytest.mark.parametrize(("frames", "known"), [(1, (1, 0)), (2, (2, 1))])
def test_a_picture_for_viewers_without_animation_is_known(frames: int, known: tuple[int, int]) -> None:
    """A separate default image is not counted; it is what is shown where there is no more than one frame beside it."""
    options = {
        "save_all": True,
        "append_images": [noise(60, 40, seed) for seed in range(frames)],
        "default_image": True,
    }
    header = header_of(saved(photo_like(60, 40), "PNG", **options))
    assert (header.frames, header.first_frame) == known


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
