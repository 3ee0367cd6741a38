"""JPEGs are decoded at the smallest scale that suffices, and written as small baseline JPEGs."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import OurFault
from resizer.formats import pillow_private
from resizer.formats.base import SaveOptions, SourceFile
from resizer.formats.jpeg import JpegRendition, JpegSource
from resizer.model import Header
from tests.support.forged import segment
from tests.support.headers import header_of
from tests.support.pictures import noise, opened, photo_like, saved
from tests.support.plans import of_widths

LIMITS = Limits(max_pixels=10**8, memory=None, planned=of_widths(1000), file_size=0)


def jpeg(picture: Image.Image, quality: int = 80, exif: bytes = b"") -> bytes:
    return JpegRendition().save(iter([picture]), SaveOptions(quality=quality, exif=exif))


def test_the_scale_leaves_enough_pixels() -> None:
    """A JPEG is decoded at 1/2, 1/4 or 1/8 if that leaves at least 1.5 times the wanted pixels a side."""
    for size, wanted, scale in [
        ((6000, 4000), (1000, 667), 4),  # 667 was rounded up, so the longer side decides
        ((5999, 3999), (1000, 667), 2),
        ((12_000, 8000), (1000, 667), 8),
        ((3000, 2000), (1000, 667), 2),
        ((2999, 2000), (1000, 667), 1),
        ((4000, 6000), (1000, 1500), 2),
        ((1, 20_000), (1, 480), 1),
        ((20_000, 5), (480, 1), 4),
        ((12, 12), (1, 1), 8),
        ((1, 1), (1, 1), 1),
    ]:
        assert JpegSource().scale(Header("JPEG", "RGB", *size), wanted) == scale


@pytest.mark.parametrize("size", [(801, 601), (807, 5), (5, 807), (16, 16), (400, 1), (63, 127)])
def test_the_decoder_uses_the_planned_scale(size: tuple[int, int]) -> None:
    """Sides that are not a multiple of the scale are rounded up, and the crop box says how much of them is picture."""
    data = saved(photo_like(*size))
    for scale in (1, 2, 4, 8):
        wanted = tuple(max(1, int(side / scale / 1.5)) for side in size)
        image, header = open_image(io.BytesIO(data), LIMITS)
        planned = JpegSource().scale(header, (wanted[0], wanted[1]))
        (frame,) = decode(image, header, (wanted[0], wanted[1]))
        assert frame.pixels.size == tuple(-(-side // planned) for side in size)
        assert frame.crop_box == tuple(side / planned for side in size)


def test_progressive_jpegs_buffer_their_coefficients() -> None:
    """A progressive 4:2:0 picture buffers three bytes a pixel; a baseline one buffers only its header."""
    sizes = {}
    for progressive in (False, True):
        data = saved(Image.new("RGB", (1600, 1200)), progressive=progressive)
        _, header = open_image(io.BytesIO(data), LIMITS)
        sizes[progressive] = header.buffered_bytes
    assert 0 < sizes[False] < 4000
    assert sizes[True] == pytest.approx(3 * 1600 * 1200, rel=0.01)


def test_buffered_bytes_are_counted() -> None:
    """A file's header counts three times; an arithmetic file counts whole, because its decoder gets it at once."""
    plain = saved(photo_like(64, 48))
    padded = plain[:2] + segment(0xE5, bytes(60_000)) + plain[2:]
    arithmetic = (Path(__file__).parents[2] / "fuzz" / "seeds" / "arithmetic.jpg").read_bytes()
    sizes = [header_of(data).buffered_bytes for data in (plain, padded, arithmetic)]
    assert sizes[1] - sizes[0] == 3 * 60_004
    assert sizes[2] > 3 * len(arithmetic)


def test_a_bug_in_our_hook_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow takes a TypeError for a damaged file, but one in our hook is raised as our own fault."""
    data = saved(photo_like(16, 16), icc_profile=bytes(200))
    file = SourceFile(stream=io.BytesIO(data), size=len(data), max_pixels=10**6, check=print, warn=print)
    monkeypatch.setattr(pillow_private, "PROFILE_HEAD", None)
    with pytest.raises(OurFault, match="TypeError"):
        JpegSource().open(file)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(1, 1), (100, 100), (1000, 1), (1, 1000), (400, 300)])
def test_renditions_have_their_own_huffman_tables(mode: str, size: tuple[int, int]) -> None:
    """A rendition is a baseline JPEG, 4:2:0 if it has colours, and smaller than with the fixed tables."""
    picture = photo_like(*size).convert(mode)
    data = jpeg(picture)
    plain = saved(picture, quality=80, subsampling="4:4:4" if mode == "L" else "4:2:0")
    assert len(data) < len(plain)
    assert opened(data).tobytes() == opened(plain).tobytes()
    assert b"\xff\xc0" in data


@pytest.mark.parametrize(("quality", "mode"), [(94, "RGB"), (94, "L"), (100, "RGB"), (100, "L")])
def test_hard_noise_is_written_too(quality: int, mode: str) -> None:
    """Black and white noise is written although it takes more bytes than Pillow expects."""
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 2, (600, 800, 3), dtype=np.uint8) * 255).convert(
        mode
    )
    assert opened(jpeg(picture, quality)).size == (800, 600)


def test_a_picture_that_jpeg_cannot_hold_is_an_error() -> None:
    """Sides and EXIF beyond the format's limits, and empty pictures, raise an error."""
    for size, exif in (((65_501, 1), b""), ((1, 65_501), b""), ((8, 8), b"Exif\0\0" + bytes(65_530)), ((0, 5), b"")):
        with pytest.raises((OSError, ValueError, SystemError)):
            jpeg(Image.new("RGB", size), exif=exif)
    assert opened(jpeg(Image.new("RGB", (JpegRendition.max_side, 1)))).width == JpegRendition.max_side


def test_transparency_becomes_white() -> None:
    """Transparent pixels become white; an opaque picture keeps its colours."""
    picture = noise(40, 30).convert("RGBA")
    assert JpegRendition().fit(picture, opaque=True).tobytes() == noise(40, 30).tobytes()
    picture.putalpha(0)
    assert JpegRendition().fit(picture, opaque=False).getextrema() == ((255, 255),) * 3
