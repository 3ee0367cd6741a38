"""Every size comes upright, from one that is enough wider, and the same by either resampler."""

from __future__ import annotations

import io
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps

from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from resizer.formats import SOURCES
from resizer.model import Frame
from resizer.planning.geometry import rendition_size
from resizer.resize import BACKEND, at_sizes, cascade, resize
from tests.support.pictures import header, noise, opened, photo_like, psnr, saved

if TYPE_CHECKING:
    from resizer.model import Header

BACKENDS = [BACKEND, "pillow"] if BACKEND != "pillow" else ["pillow"]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each resampler that this machine has, in force for one test."""
    if request.param == "pillow":
        monkeypatch.setattr("resizer.resize.cykooz_resizer", None)
    return str(request.param)


def grey_like(width: int, height: int) -> Image.Image:
    return photo_like(width, height).convert("L")


def seen_through(width: int, height: int) -> Image.Image:
    picture = photo_like(width, height)
    picture.putalpha(Image.linear_gradient("L").resize((width, height)))
    return picture


def made(picture: Image.Image, known: Header, sizes: list[tuple[int, int]]) -> list[Image.Image]:
    """The picture at each size, from as it is stored to the narrowest."""
    return [only.pixels for (only,) in at_sizes([Frame(picture.copy())], known, sizes, lambda pixels: pixels)]


PICTURES = [photo_like(480, 320), grey_like(480, 320), seen_through(480, 320)]


@pytest.mark.parametrize(("stored", "scale"), [((1201, 905), 8), ((601, 401), 4), ((301, 333), 2)])
@pytest.mark.parametrize("orientation", [1, 3])
def test_what_a_decoder_rounds_up_shifts_nothing(
    backend: str, stored: tuple[int, int], scale: int, orientation: int
) -> None:
    """A picture whose sides are no multiples of 8 lies after a scaled decode where it does after a full one."""
    detailed = noise(stored[0] // 6, stored[1] // 6).resize(stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(detailed, quality=95, exif=exif.tobytes())
    opened_image, known = open_image(io.BytesIO(data), Limits(max_pixels=10**9, widths=(100,), file_size=len(data)))
    size = rendition_size(stored, 100)
    assert SOURCES["JPEG"].scale(known, size) == scale
    (frame,) = next(at_sizes(decode(opened_image, known, size), known, [size], lambda same: same))
    truth = ImageOps.exif_transpose(opened(data)).resize(size, Image.Resampling.LANCZOS)
    assert psnr(frame.pixels, truth) > 32  # without the crop box 19 to 26


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.mode)
def test_each_size_is_given_in_its_turn(backend: str, picture: Image.Image) -> None:
    """The pictures come in the sizes and the order asked for, in the mode of the source."""
    sizes = [(300, 200), (300, 200), (150, 100), (10, 7), (1, 1)]
    pictures = made(picture, header(480, 320), sizes)
    assert [each.size for each in pictures] == sizes
    assert {each.mode for each in pictures} == {picture.mode}


def test_each_size_comes_from_the_smallest_that_is_enough_wider(backend: str) -> None:
    """Work is saved by making each size from a narrow one, but none that is less than 1.5 times as wide."""
    sizes = [(300, 200), (200, 133), (150, 100), (90, 60)]
    first, second, third, fourth = made(PICTURES[0], header(480, 320), sizes)
    assert first.tobytes() == resize(PICTURES[0], sizes[0]).tobytes()
    assert second.tobytes() == resize(first, sizes[1]).tobytes()
    assert third.tobytes() == resize(first, sizes[2]).tobytes()
    assert fourth.tobytes() == resize(third, sizes[3]).tobytes()


def test_the_decoded_picture_is_let_go_before_it_is_worked_on(backend: str) -> None:
    """What follows the first resize finds the memory of the largest buffer free."""
    decoded = photo_like(480, 320)

    def finish(pixels: Image.Image) -> Image.Image:
        with pytest.raises(ValueError, match="closed"):
            decoded.getpixel((0, 0))
        return pixels

    next(at_sizes([Frame(decoded)], header(480, 320), [(300, 200)], finish))
    kept = photo_like(300, 200)
    next(at_sizes([Frame(kept)], header(300, 200), [(300, 200)], lambda pixels: pixels))
    assert kept.getpixel((0, 0))


def test_what_nothing_is_made_from_any_more_is_let_go(backend: str) -> None:
    """Beside the frames that it was given, a step holds only those that a size to come is made from."""
    frames = [Frame(photo_like(480, 320, seed=seed)) for seed in range(2)]
    steps = cascade(frames, [(480, 320), (320, 213), (240, 160), (100, 67)])
    shown: list[list[weakref.ref[Image.Image]]] = []
    held = []
    for _ in range(4):
        shown.append([weakref.ref(frame.pixels) for frame in next(steps)])
        held.append([sum(each() is not None for each in step) for step in shown])
    assert held == [[2], [2, 2], [2, 0, 2], [2, 0, 0, 2]]


def test_a_picture_of_the_right_size_is_let_go_when_it_has_been_turned() -> None:
    """What is as wide as the widest rendition already, and lies on its side, is not kept beside the upright one."""
    stored = Frame(photo_like(60, 40))
    (turned,) = next(at_sizes([stored], header(60, 40, orientation=6), [(40, 60)], lambda image: image))
    assert turned.pixels.size == (40, 60)
    with pytest.raises(ValueError, match="closed"):
        stored.pixels.getpixel((0, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_stands_upright(backend: str, orientation: int) -> None:
    """However a picture lies, each size shows it as a viewer that honours EXIF does."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = opened(saved(PICTURES[0], "PNG", exif=exif))
    upright = ImageOps.exif_transpose(stored)
    sizes = [(200, 300), (80, 120)] if orientation >= 5 else [(300, 200), (120, 80)]
    for size, picture in zip(sizes, made(stored, header(480, 320, orientation=orientation), sizes), strict=True):
        assert picture.size == size
        assert psnr(picture, upright.resize(size, Image.Resampling.LANCZOS)) > 40


@pytest.mark.parametrize("orientation", [1, 6])
def test_nothing_is_resized_that_has_its_size(backend: str, orientation: int) -> None:
    """A picture that is small already keeps its very pixels and is only turned."""
    size = (320, 480) if orientation == 6 else (480, 320)
    known = header(480, 320, orientation=orientation)
    turned = PICTURES[0].transpose(Image.Transpose.ROTATE_270) if orientation == 6 else PICTURES[0]
    assert [each.tobytes() for each in made(PICTURES[0], known, [size] * 3)] == [turned.tobytes()] * 3
    assert resize(PICTURES[0], (480, 320)) is PICTURES[0]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.mode)
@pytest.mark.parametrize("size", [(333, 222), (120, 80), (479, 1), (1, 319)])
def test_both_resamplers_agree(monkeypatch: pytest.MonkeyPatch, picture: Image.Image, size: tuple[int, int]) -> None:
    """Where the SIMD wheel is missing, Pillow makes pictures that nobody can tell from the others."""
    fast = resize(picture, size)
    monkeypatch.setattr("resizer.resize.cykooz_resizer", None)
    slow = resize(picture, size)
    assert (slow.mode, slow.size) == (fast.mode, fast.size) == (picture.mode, size)
    seen = "RGBa" if picture.mode == "RGBA" else picture.mode  # what lies under transparent pixels is not seen
    assert psnr(fast.convert(seen), slow.convert(seen)) >= 40


def test_edges_of_transparency_have_no_fringes(backend: str) -> None:
    """The colour that lies unseen under transparent pixels does not darken the edge beside them."""
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste((250, 200, 150, 255), (0, 0, 101, 100))
    pixels = resize(picture, (61, 31)).tobytes()
    colours = [tuple(pixels[at : at + 3]) for at in range(0, len(pixels), 4) if pixels[at + 3] > 16]
    alphas = {pixels[at] for at in range(3, len(pixels), 4)}
    assert any(0 < alpha < 255 for alpha in alphas)
    assert all(got >= want - 8 for colour in colours for got, want in zip(colour, (250, 200, 150), strict=True))


def test_many_threads_resize_at_once_without_a_trace() -> None:
    """Resizing is safe from several threads, and each gets its own picture's pixels."""
    pictures = [photo_like(300, 200, seed=seed) for seed in range(8)]
    expected = [resize(picture, (90, 60)).tobytes() for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda picture: resize(picture, (90, 60)).tobytes(), pictures * 4))
    assert got == expected * 4


def test_all_frames_of_an_animation_come_at_every_size(backend: str) -> None:
    """Each size has every frame, in order and with its time."""
    pictures = [photo_like(90, 60, seed=seed) for seed in range(3)]
    frames = [Frame(picture, duration) for picture, duration in zip(pictures, (40, 80, None), strict=True)]
    sizes = [(60, 40), (30, 20)]
    for size, made_of in zip(sizes, cascade(frames, sizes), strict=True):
        assert [frame.pixels.size for frame in made_of] == [size] * 3
        assert [frame.duration for frame in made_of] == [40, 80, None]
        assert len({frame.pixels.tobytes() for frame in made_of}) == 3


@pytest.mark.parametrize("size", [(480, 320), (300, 200)])
def test_pictures_are_finished_once_and_bring_no_metadata(backend: str, size: tuple[int, int]) -> None:
    """Colours are worked on once, after the first resize, and what lay beside the pixels is left behind."""
    finished: list[tuple[int, int]] = []

    def finish(pixels: Image.Image) -> Image.Image:
        finished.append(pixels.size)
        return ImageOps.invert(pixels)

    picture = photo_like(480, 320)
    picture.info = {"comment": b"taken at home", "icc_profile": b"P3"}
    (frame,) = next(at_sizes([Frame(picture.copy())], header(480, 320), [size], finish))
    assert finished == [size]
    assert frame.pixels.tobytes() == ImageOps.invert(resize(picture, size)).tobytes()
    assert frame.pixels.info == {}


def test_what_may_be_overwritten_gives_the_same_pixels(backend: str) -> None:
    """Saving a copy changes nothing that can be seen."""
    kept = resize(PICTURES[2], (120, 80))
    overwritten = resize(PICTURES[2].copy(), (120, 80), overwrite=True)
    assert psnr(overwritten.convert("RGBa"), kept.convert("RGBa")) > 45
