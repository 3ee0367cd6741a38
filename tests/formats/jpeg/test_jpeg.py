"""What is decoded of a JPEG, and what is written as one."""

from __future__ import annotations

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


def written(picture: Image.Image, quality: int = 80, exif: bytes = b"") -> bytes:
    return JpegRendition().save(iter([picture]), SaveOptions(quality=quality, exif=exif))


@pytest.mark.parametrize(
    ("size", "wanted", "scale"),
    [
        ((6000, 4000), (1000, 667), 4),  # 667 is rounded up: the longer side decides
        ((5999, 3999), (1000, 667), 2),
        ((12_000, 8000), (1000, 667), 8),
        ((3000, 2000), (1000, 667), 2),
        ((2999, 2000), (1000, 667), 1),
        ((4000, 6000), (1000, 1500), 2),
        ((1, 20_000), (1, 480), 1),
        ((20_000, 5), (480, 1), 4),
        ((12, 12), (1, 1), 8),
        ((1, 1), (1, 1), 1),
    ],
)
def test_the_scale_leaves_enough_pixels(size: tuple[int, int], wanted: tuple[int, int], scale: int) -> None:
    """A JPEG is decoded at 1/2, 1/4 or 1/8 where 1.5 times as many pixels a side are left as are wanted."""
    assert JpegSource().scale(Header("JPEG", "RGB", *size), wanted) == scale


@pytest.mark.parametrize("size", [(801, 601), (807, 5), (5, 807), (16, 16), (400, 1), (63, 127)])
def test_the_decoder_takes_the_scale_that_was_planned(size: tuple[int, int]) -> None:
    """Sides that are no multiple of the scale are rounded up, and the frame says how much of them is picture."""
    data = saved(photo_like(*size))
    for scale in (1, 2, 4, 8):
        wanted = tuple(max(1, int(side / scale / 1.5)) for side in size)
        image, header = open_image(io.BytesIO(data), LIMITS)
        planned = JpegSource().scale(header, (wanted[0], wanted[1]))
        (frame,) = decode(image, header, (wanted[0], wanted[1]))
        assert frame.pixels.size == tuple(-(-side // planned) for side in size)
        assert frame.crop_box == tuple(side / planned for side in size)


def test_several_scans_take_memory_for_their_coefficients() -> None:
    """A progressive picture of 4:2:0 holds three bytes a pixel before its first row, a baseline one none."""
    sizes = {}
    for progressive in (False, True):
        data = saved(Image.new("RGB", (1600, 1200)), progressive=progressive)
        _, header = open_image(io.BytesIO(data), LIMITS)
        sizes[progressive] = header.buffered_bytes
    assert 0 < sizes[False] < 4000
    assert sizes[True] == pytest.approx(3 * 1600 * 1200, rel=0.01)


def test_what_is_held_of_a_file_is_counted() -> None:
    """Of any file its header, three times over; of an arithmetic one all of it, which goes to its decoder at once."""
    plain = saved(photo_like(64, 48))
    padded = plain[:2] + segment(0xE5, bytes(60_000)) + plain[2:]
    arithmetic = (Path(__file__).parents[2] / "fuzz" / "seeds" / "arithmetic.jpg").read_bytes()
    sizes = [header_of(data).buffered_bytes for data in (plain, padded, arithmetic)]
    assert sizes[1] - sizes[0] == 3 * 60_004
    assert sizes[2] > 3 * len(arithmetic)


def test_a_mistake_in_our_hook_is_not_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow takes a TypeError for a sign of a damaged file; one of ours in what it calls comes out as ours."""
    data = saved(photo_like(16, 16), icc_profile=bytes(200))
    file = SourceFile(stream=io.BytesIO(data), size=len(data), max_pixels=10**6, check=print, warn=print)
    monkeypatch.setattr(pillow_private, "PROFILE_HEAD", None)
    with pytest.raises(OurFault, match="TypeError"):
        JpegSource().open(file)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(1, 1), (100, 100), (1000, 1), (1, 1000), (400, 300)])
def test_files_have_tables_of_their_own(mode: str, size: tuple[int, int]) -> None:
    """A rendition is a baseline JPEG, 4:2:0 where it has colours, and smaller than one with the fixed tables."""
    picture = photo_like(*size).convert(mode)
    data = written(picture)
    plain = saved(picture, quality=80, subsampling="4:4:4" if mode == "L" else "4:2:0")
    assert len(data) < len(plain)
    assert opened(data).tobytes() == opened(plain).tobytes()
    assert b"\xff\xc0" in data


@pytest.mark.parametrize(("quality", "mode"), [(94, "RGB"), (94, "L"), (100, "RGB"), (100, "L")])
def test_hard_noise_is_written_too(quality: int, mode: str) -> None:
    """Black and white noise takes more bytes than Pillow expects of a picture, and is written all the same."""
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 2, (600, 800, 3), dtype=np.uint8) * 255).convert(
        mode
    )
    assert opened(written(picture, quality)).size == (800, 600)


def test_what_no_jpeg_can_hold_is_an_error() -> None:
    """Sides and EXIF beyond the format's limits, and pictures without a pixel, raise and write nothing."""
    for size, exif in (((65_501, 1), b""), ((1, 65_501), b""), ((8, 8), b"Exif\0\0" + bytes(65_530)), ((0, 5), b"")):
        with pytest.raises((OSError, ValueError, SystemError)):
            written(Image.new("RGB", size), exif=exif)
    assert opened(written(Image.new("RGB", (JpegRendition.max_side, 1)))).width == JpegRendition.max_side


def test_transparency_becomes_white() -> None:
    """Only what is transparent is put on white; an opaque picture keeps its colours."""
    picture = noise(40, 30).convert("RGBA")
    assert JpegRendition().fit(picture, opaque=True).tobytes() == noise(40, 30).tobytes()
    picture.putalpha(0)
    assert JpegRendition().fit(picture, opaque=False).getextrema() == ((255, 255),) * 3
