"""A header decides what is decoded at all: by the bytes, exactly, and before any pixel."""

from __future__ import annotations

import io
from contextlib import nullcontext

import pytest
from PIL import Image

from resizer.decode.header import Limits, open_image
from resizer.errors import Reason
from resizer.formats.base import MAX_FRAMES
from tests.conftest import rejects
from tests.support.forged import GIF_FRAME, gif
from tests.support.headers import LIMIT, animated, header_of, jpeg_claiming, png_claiming
from tests.support.pictures import photo_like, saved
from tests.support.plans import of_widths

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
    assert header_of(gif(GIF_FRAME * MAX_FRAMES), LIMIT).frames == MAX_FRAMES
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(gif(GIF_FRAME * (MAX_FRAMES + 1)), LIMIT)


def test_what_would_not_fit_into_memory_is_refused_without_decoding() -> None:
    """An image that takes more memory than is left is refused by its header, however few bytes it has."""
    data = png_claiming(5000, 4000)
    with rejects(Reason.NEEDS_MEMORY):
        open_image(
            io.BytesIO(data), Limits(max_pixels=LIMIT, memory=50_000_000, planned=of_widths(1000), file_size=len(data))
        )
    assert header_of(data).pixels == 20_000_000


@pytest.mark.parametrize(("reclaimed", "fits"), [(200_000_000, True), (60_000_000, False)])
def test_what_is_kept_without_need_is_given_back_before_an_image_is_refused(reclaimed: int, *, fits: bool) -> None:
    """Memory of earlier pictures costs no picture its place, and what does not fit even then is refused."""
    data, asked = png_claiming(5000, 4000), list[int]()

    def reclaim() -> int:
        asked.append(reclaimed)
        return reclaimed

    limits = Limits(max_pixels=LIMIT, memory=50_000_000, planned=of_widths(1000), file_size=len(data), reclaim=reclaim)
    with nullcontext() if fits else rejects(Reason.NEEDS_MEMORY):
        open_image(io.BytesIO(data), limits)
    assert asked
    asked.clear()
    open_image(io.BytesIO(png_claiming(50, 40)), limits)
    assert not asked  # what fits anyway does not cost others their memory


def test_the_pages_of_a_tiff_do_not_count() -> None:
    """Of a TIFF with several pages the first is the image."""
    assert header_of(animated("TIFF", frames=3)).frames == 1
