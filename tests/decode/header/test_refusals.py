"""Files that cannot be resized are refused by their first bytes, before a pixel is decoded."""

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
NOT_IMAGES = {
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
    "an image after a space": b" " + saved(Image.new("RGB", (9, 9)), "PNG"),
}


@pytest.mark.parametrize("format_", [*FORMATS, "AVIF", "JPEG2000"])
def test_formats_are_recognised_by_their_bytes(format_: str) -> None:
    """Each supported format is recognised without a name, with its size and mode."""
    known = header_of(saved(photo_like(60, 40), format_))
    mode = "P" if format_ == "GIF" else "RGB"
    assert (known.format, known.mode, known.width, known.height) == (format_, mode, 60, 40)
    assert (known.frames, known.orientation, known.has_transparency) == (1, 1, False)


@pytest.mark.parametrize("data", NOT_IMAGES.values(), ids=NOT_IMAGES)
def test_other_files_are_not_images(data: bytes) -> None:
    """A file that does not start like an image is `not_an_image`."""
    with rejects(Reason.NOT_AN_IMAGE):
        header_of(data)


@pytest.mark.parametrize("format_", ["PPM", "PCX", "SGI", "TGA", "DDS"])
def test_pillows_other_decoders_are_out_of_reach(format_: str) -> None:
    """A file of an unsupported format never reaches Pillow's decoder for it."""
    with rejects(Reason.NOT_AN_IMAGE):
        header_of(saved(photo_like(32, 32), format_))


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kept", [16, 20, 25])
def test_a_cut_header_is_truncated(format_: str, kept: int) -> None:
    """A file of any format that ends within its header is `truncated`."""
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
def test_nonsense_after_a_signature_is_corrupt(data: bytes) -> None:
    """A file that only starts like an image is `corrupt`."""
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
    """A header that claims a width and height of 0 is the image's fault."""
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
    """An image over the limit, by a lot or a little, is refused by its header, before a pixel is decoded."""
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(data)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_limit_is_exact(format_: str) -> None:
    """An image with exactly the allowed number of pixels is accepted; with one pixel more it is refused."""
    data = saved(photo_like(60, 40), format_)
    assert header_of(data, 2400).pixels == 2400
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(data, 2399)


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_the_pixels_of_all_frames_count(format_: str) -> None:
    """The pixels of all frames of an animation count together."""
    data = animated(format_, frames=3)
    known = header_of(data, 15_000)
    assert (known.width, known.height, known.frames) == (100, 50, 3)
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(data, 14_999)


def test_the_number_of_frames_is_limited() -> None:
    """The number of frames has a limit of its own, because each frame costs time however small it is."""
    assert header_of(gif(GIF_FRAME * MAX_FRAMES), LIMIT).frames == MAX_FRAMES
    with rejects(Reason.TOO_MANY_PIXELS):
        header_of(gif(GIF_FRAME * (MAX_FRAMES + 1)), LIMIT)


def test_an_image_that_needs_too_much_memory_is_refused() -> None:
    """An image that needs more memory than is available is refused by its header, however small its file."""
    data = png_claiming(5000, 4000)
    with rejects(Reason.NEEDS_MEMORY):
        open_image(
            io.BytesIO(data), Limits(max_pixels=LIMIT, memory=50_000_000, planned=of_widths(1000), file_size=len(data))
        )
    assert header_of(data).pixels == 20_000_000


@pytest.mark.parametrize(("reclaimed", "fits"), [(200_000_000, True), (60_000_000, False)])
def test_memory_is_reclaimed_before_an_image_is_refused(reclaimed: int, *, fits: bool) -> None:
    """Memory of earlier pictures is reclaimed first, and only an image that still does not fit is refused."""
    data, reclaims = png_claiming(5000, 4000), list[int]()

    def reclaim() -> int:
        reclaims.append(reclaimed)
        return reclaimed

    limits = Limits(max_pixels=LIMIT, memory=50_000_000, planned=of_widths(1000), file_size=len(data), reclaim=reclaim)
    with nullcontext() if fits else rejects(Reason.NEEDS_MEMORY):
        open_image(io.BytesIO(data), limits)
    assert reclaims
    reclaims.clear()
    open_image(io.BytesIO(png_claiming(50, 40)), limits)
    assert not reclaims  # an image that fits reclaims nothing


def test_the_pages_of_a_tiff_do_not_count() -> None:
    """Only the first page of a TIFF counts."""
    assert header_of(animated("TIFF", frames=3)).frames == 1
