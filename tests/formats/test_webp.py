"""A WebP is composed as in browsers, turned by EXIF only, and its size is known before libwebp allocates memory."""

import random
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from resizer.errors import Reason
from resizer.formats.base import SaveOptions
from resizer.formats.webp import WebpRendition, WebpSource, declared_size
from tests.conftest import rejects
from tests.formats.reading import max_difference, read
from tests.support.animated import CLEAR, KEEP, Drawn, composed
from tests.support.forged import WEBP, extended, riff, webp, webp_frames
from tests.support.headers import header_of
from tests.support.pictures import opened, photo_like, saved
from tests.support.rights_blocks import xmp

ANIMATED, NOT_BLENDED, DISPOSED = 0x12, 2, 1  # flags of VP8X and of ANMF (RFC 9649, 2.7)
SIZE = (16, 12)


def frame(drawn: Drawn) -> bytes:
    rgba = Image.fromarray((drawn.rgba * 255).round().astype(np.uint8), "RGBA")
    pixels = saved(rgba, "WEBP", lossless=True, exact=True)[12:]
    left, top, width, height = (
        number.to_bytes(3, "little")
        for number in (drawn.place[0] // 2, drawn.place[1] // 2, rgba.width - 1, rgba.height - 1)
    )
    flags = (NOT_BLENDED if not drawn.over else 0) | (DISPOSED if drawn.disposal == CLEAR else 0)
    return riff(b"ANMF", left + top + width + height + (70).to_bytes(3, "little") + bytes([flags]) + pixels)


def animation(*frames: bytes, plays: int = 0) -> bytes:
    background = b"\x10\x20\x30\xff"  # browsers ignore it
    return webp(extended(*SIZE, ANIMATED), riff(b"ANIM", background + struct.pack("<H", plays)), *frames)


@pytest.mark.parametrize("seed", range(6))
def test_frames_are_composed(seed: int) -> None:
    """Blending, disposal and places match an independent compositor with a transparent background."""
    dice, frames = random.Random(seed), []
    for number in range(5):
        width, height = dice.randint(1, 8), dice.randint(1, 8)
        rgba = np.random.default_rng([seed, number]).choice([0, 0.2, 0.6, 1], (height, width, 4))
        place = 2 * dice.randint(0, 4), 2 * dice.randint(0, 2)
        frames.append(Drawn(rgba, place, dice.choice([KEEP, CLEAR]), dice.choice([True, False])))
    found = read(WebpSource(), animation(*map(frame, frames), plays=3))
    assert (found.header.frames, found.header.loop) == (5, 3)
    assert [each.duration for each in found.frames] == [70] * 5
    assert max_difference(found.shown, composed(frames, SIZE)) <= 4


def opaque(width: int, height: int, place: tuple[int, int], disposal: int = KEEP) -> Drawn:
    return Drawn(np.full((height, width, 4), 1.0), place, disposal)


def test_uncovered_parts_are_transparent() -> None:
    """Parts that no frame covers are transparent as in browsers, even if the file says that it is opaque."""
    frames = [opaque(8, 6, (4, 2)), opaque(4, 4, (0, 0))]
    drawn = [riff(b"ANIM", bytes(6)), *map(frame, frames)]
    found = read(WebpSource(), webp(extended(*SIZE, ANIMATED & ~0x10), *drawn))
    assert found.header.has_transparency
    assert max_difference(found.shown, composed(frames, SIZE)) == 0
    covered = webp(extended(*SIZE, ANIMATED & ~0x10), drawn[0], frame(opaque(*SIZE, (0, 0))), drawn[2])
    assert not read(WebpSource(), covered).header.has_transparency


def test_a_transparent_animation_has_the_alpha_flag() -> None:
    """The alpha flag is set even where libwebp leaves it out; without it some viewers show black."""
    pictures = [Image.new("RGBA", (61, 47)) for _ in range(2)]
    for number, picture in enumerate(pictures):
        picture.paste((200, 30, 40, 255), (10 + 20 * number, 10, 30 + 20 * number, 20))
    data = WebpRendition().save(iter(pictures), SaveOptions(quality=80, durations=(50, 50), opaque=False))
    assert opened(data).convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize("orientation", [1, 6])
def test_exif_alone_turns_a_picture(orientation: int) -> None:
    """EXIF's orientation counts, and XMP's does not."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    packet = xmp("Zoë", "© Zoë").replace(b"<rdf:Description", b'<rdf:Description tiff:Orientation="8"', 1)
    for options in ({"xmp": packet}, {"xmp": packet, "exif": exif.tobytes()}):
        found = read(WebpSource(), saved(photo_like(60, 40), "WEBP", **options))
        assert found.header.orientation == (orientation if "exif" in options else 1)


def test_a_file_shorter_than_it_says_is_truncated() -> None:
    """A file shorter than its RIFF length is truncated; a complete one that libwebp cannot read is corrupt."""
    with rejects(Reason.TRUNCATED):
        header_of(WEBP[:-20])
    with rejects(Reason.CORRUPT):
        header_of(webp(WEBP[12:-20]))


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0II*\0"}])
@pytest.mark.parametrize("size", [(1, 1), (300, 7), (16_383, 1)])
def test_the_size_is_known_by_the_first_bytes(size: tuple[int, int], options: dict[str, object]) -> None:
    """The size of all three kinds of WebP is read before anything is decoded."""
    assert declared_size(saved(Image.new("RGB", size), "WEBP", **options)) == size


@pytest.mark.parametrize("start", [b"", b"RIFF\0\0\0\0WEBPJUNK" + bytes(20)])
def test_other_files_declare_no_size(start: bytes) -> None:
    """A file that does not begin like a WebP has no declared size; Pillow refuses it before libwebp sees it."""
    assert declared_size(start) == (0, 0)


def test_counting_frames_stops_at_the_limit() -> None:
    """Counting stops at one frame more than the limit allows."""
    found = read(WebpSource(), webp_frames(300), max_pixels=100)
    assert found.header.frames == 101


@pytest.mark.parametrize("durations", [(0.0, 33.3, 1e9), (100.0,)])
def test_durations_and_plays_are_written(durations: tuple[float, ...]) -> None:
    """Durations are written up to the longest that WebP allows, and the number of plays is kept."""
    pictures = iter([photo_like(40, 30, seed) for seed in range(len(durations))])
    options = SaveOptions(quality=80, plays=5, durations=durations)
    picture = opened(WebpRendition().save(pictures, options))
    assert getattr(picture, "n_frames", 1) == len(durations)
    if len(durations) > 1:
        assert picture.info["loop"] == 5
        picture.seek(2)
        picture.load()
        assert picture.info["duration"] == pytest.approx((1 << 24) - 2, abs=1)
