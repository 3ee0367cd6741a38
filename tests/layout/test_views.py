"""Every view of a picture is upright, has the right colours, and is made from one that is large enough."""

import io
import weakref
from itertools import product

import pytest
from PIL import Image, ImageOps

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.formats import SOURCES
from resizer.layout.views import SMALL_SIDE, at_views, cascade, small_copy
from resizer.model import Frame, Header
from resizer.planning.geometry import View, place, sources
from resizer.resize import resize
from resizer.settings.rules import Fit, RenditionSpec
from tests.support.pictures import grey_like, header, noise, opened, photo_like, psnr, saved, translucent
from tests.support.plans import largest_first, of_widths, rendition_size, whole_view

PICTURES = [photo_like(480, 320), grey_like(480, 320), translucent(480, 320)]


def whole_views(known: Header, sizes: list[tuple[int, int]]) -> list[View]:
    return [whole_view(known.upright_size, size) for size in sizes]


def at_sizes(picture: Image.Image, known: Header, sizes: list[tuple[int, int]]) -> list[Image.Image]:
    """The upright picture at each size."""
    steps = at_views([Frame(picture.copy())], known, whole_views(known, sizes), lambda pixels: pixels)
    return [only.pixels for (only,) in steps]


@pytest.mark.parametrize(("stored", "scale"), [((1201, 905), 8), ((601, 401), 4), ((301, 333), 2)])
@pytest.mark.parametrize("orientation", [1, 3])
def test_a_scaled_decode_shifts_nothing(backend: str, stored: tuple[int, int], scale: int, orientation: int) -> None:
    """A picture whose sides are not multiples of 8 is not shifted by a scaled decode."""
    detailed = noise(stored[0] // 6, stored[1] // 6).resize(stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(detailed, quality=95, exif=exif.tobytes())
    opened_image, known = open_image(
        io.BytesIO(data), Limits(max_pixels=10**9, planned=of_widths(100), file_size=len(data))
    )
    size = rendition_size(stored, 100)
    assert SOURCES["JPEG"].scale(known, size) == scale
    views = whole_views(known, [size])
    (frame,) = next(at_views(decode(opened_image, known, size), known, views, lambda same: same))
    truth = ImageOps.exif_transpose(opened(data)).resize(size, Image.Resampling.LANCZOS)
    assert psnr(frame.pixels, truth) > 32  # without the crop box 19 to 26


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.mode)
def test_pictures_come_in_the_requested_order(backend: str, picture: Image.Image) -> None:
    """The pictures have the requested sizes, in order, and the mode of the source."""
    sizes = [(300, 200), (300, 200), (150, 100), (10, 7), (1, 1)]
    pictures = at_sizes(picture, header(480, 320), sizes)
    assert [each.size for each in pictures] == sizes
    assert {each.mode for each in pictures} == {picture.mode}


def test_each_size_is_made_from_the_narrowest_that_is_wide_enough(backend: str) -> None:
    """Each size is made from the narrowest one that is at least 1.5 times as wide."""
    sizes = [(300, 200), (200, 133), (150, 100), (90, 60)]
    first, second, third, fourth = at_sizes(PICTURES[0], header(480, 320), sizes)
    assert first.tobytes() == resize(PICTURES[0], sizes[0]).tobytes()
    assert second.tobytes() == resize(first, sizes[1]).tobytes()
    assert third.tobytes() == resize(first, sizes[2]).tobytes()
    assert fourth.tobytes() == resize(third, sizes[3]).tobytes()


def test_the_decoded_picture_is_freed_after_the_first_resize(backend: str) -> None:
    """The decoded picture is freed before its colours are converted, unless it already has the right size."""
    decoded = photo_like(480, 320)

    def finish(pixels: Image.Image) -> Image.Image:
        with pytest.raises(ValueError, match="closed"):
            decoded.getpixel((0, 0))
        return pixels

    known = header(480, 320)
    next(at_views([Frame(decoded)], known, whole_views(known, [(300, 200)]), finish))
    kept, known = photo_like(300, 200), header(300, 200)
    next(at_views([Frame(kept)], known, whole_views(known, [(300, 200)]), lambda pixels: pixels))
    assert kept.getpixel((0, 0))


def test_frames_are_freed_when_no_later_size_needs_them(backend: str) -> None:
    """A step holds only its own frames and those that a later size is made from."""
    frames = [Frame(photo_like(480, 320, seed=seed)) for seed in range(2)]
    views = whole_views(header(480, 320), [(480, 320), (320, 213), (240, 160), (100, 67)])
    steps = cascade({views[0]: frames}, views, sources((480, 320), views))
    del frames
    shown: list[list[weakref.ref[Image.Image]]] = []
    held = []
    for _ in range(4):
        shown.append([weakref.ref(frame.pixels) for frame in next(steps)])
        held.append([sum(each() is not None for each in step) for step in shown])
    assert held == [[2], [2, 2], [0, 0, 2], [0, 0, 0, 2]]


def test_a_picture_of_the_right_size_is_freed_after_it_was_turned() -> None:
    """A picture that already has the size of the widest rendition is freed once its upright copy exists."""
    stored = Frame(photo_like(60, 40))
    known = header(60, 40, orientation=6)
    (turned,) = next(at_views([stored], known, whole_views(known, [(40, 60)]), lambda image: image))
    assert turned.pixels.size == (40, 60)
    with pytest.raises(ValueError, match="closed"):
        stored.pixels.getpixel((0, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_becomes_upright(backend: str, orientation: int) -> None:
    """Each size shows the picture like a viewer that honours EXIF, for every orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = opened(saved(PICTURES[0], "PNG", exif=exif))
    upright = ImageOps.exif_transpose(stored)
    sizes = [(200, 300), (80, 120)] if orientation >= 5 else [(300, 200), (120, 80)]
    for size, picture in zip(sizes, at_sizes(stored, header(480, 320, orientation=orientation), sizes), strict=True):
        assert picture.size == size
        assert psnr(picture, upright.resize(size, Image.Resampling.LANCZOS)) > 40


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_picture_of_the_right_size_is_not_resized(backend: str, orientation: int) -> None:
    """A picture that already has the right size keeps its pixels and is only turned."""
    size = (320, 480) if orientation == 6 else (480, 320)
    known = header(480, 320, orientation=orientation)
    turned = PICTURES[0].transpose(Image.Transpose.ROTATE_270) if orientation == 6 else PICTURES[0]
    assert [each.tobytes() for each in at_sizes(PICTURES[0], known, [size] * 3)] == [turned.tobytes()] * 3
    assert resize(PICTURES[0], (480, 320)) is PICTURES[0]


def test_every_size_has_all_frames_of_an_animation(backend: str) -> None:
    """Each size has every frame, in order and with its duration."""
    pictures = [photo_like(90, 60, seed=seed) for seed in range(3)]
    frames = [Frame(picture, duration) for picture, duration in zip(pictures, (40, 80, None), strict=True)]
    sizes = [(60, 40), (30, 20)]
    known = header(90, 60, frames=3)
    steps = at_views(frames, known, whole_views(known, sizes), lambda pixels: pixels)
    for size, step in zip(sizes, steps, strict=True):
        assert [frame.pixels.size for frame in step] == [size] * 3
        assert [frame.duration for frame in step] == [40, 80, None]
        assert len({frame.pixels.tobytes() for frame in step}) == 3


@pytest.mark.parametrize("size", [(480, 320), (300, 200)])
def test_colours_are_converted_once_and_metadata_is_dropped(backend: str, size: tuple[int, int]) -> None:
    """Colours are converted once, after the first resize, and the picture's `info` is dropped."""
    finished: list[tuple[int, int]] = []

    def finish(pixels: Image.Image) -> Image.Image:
        finished.append(pixels.size)
        return ImageOps.invert(pixels)

    picture = photo_like(480, 320)
    picture.info = {"comment": b"taken at home", "icc_profile": b"P3"}
    known = header(480, 320)
    (frame,) = next(at_views([Frame(picture.copy())], known, whole_views(known, [size]), finish))
    assert finished == [size]
    assert frame.pixels.tobytes() == ImageOps.invert(resize(picture, size)).tobytes()
    assert frame.pixels.info == {}


CROPS = [
    RenditionSpec(name="300", width=300),
    RenditionSpec(name="large", width=310, height=310, fit=Fit.COVER, gravity="west"),
    RenditionSpec(name="small", width=120, height=120, fit=Fit.COVER, gravity="west"),
    RenditionSpec(name="card", width=90, height=160, fit=Fit.COVER, gravity=(0.7, 0.3)),
    RenditionSpec(name="strip", width=240, height=20, fit=Fit.COVER, gravity="south"),
    RenditionSpec(name="exact", width=480, height=100, fit=Fit.COVER, gravity="north"),
]


def turned(orientation: int, picture: Image.Image) -> Image.Image:
    """The picture turned upright by EXIF's orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return ImageOps.exif_transpose(opened(saved(picture, "PNG", exif=exif)))


@pytest.mark.parametrize(
    ("picture", "orientation"),
    [*product(PICTURES[:1], range(1, 9)), *product(PICTURES[1:], [6])],
    ids=lambda value: getattr(value, "mode", value),
)
def test_a_crop_shows_its_part_of_the_upright_picture(backend: str, orientation: int, picture: Image.Image) -> None:
    """A crop is the same as one of the upright picture, for every orientation and whatever it is made from."""
    known, upright = header(480, 320, orientation=orientation), turned(orientation, picture)
    placements = largest_first(upright.size, (place(upright.size, each) for each in CROPS))
    views = [each.view for each in placements]
    assert None in list(sources(upright.size, views).values())[1:]  # several come from the decoded picture
    seen = "RGBa" if picture.mode == "RGBA" else picture.mode
    for view, (frame,) in zip(views, at_views([Frame(picture.copy())], known, views, lambda same: same), strict=True):
        truth = upright.resize(view.size, Image.Resampling.LANCZOS, view.crop)
        assert frame.pixels.mode == picture.mode
        assert psnr(frame.pixels.convert(seen), truth.convert(seen)) > 38, view


def test_a_crop_of_a_scaled_decode_shows_its_part(backend: str) -> None:
    """A crop of a JPEG that is decoded at a smaller scale is the same as one of the full picture."""
    detailed = noise(200, 150).resize((1201, 905))
    data = saved(detailed, quality=95)
    opened_image, known = open_image(
        io.BytesIO(data), Limits(max_pixels=10**9, planned=of_widths(100), file_size=len(data))
    )
    view = place(known.upright_size, RenditionSpec(name="c", width=90, height=90, fit=Fit.COVER, gravity="east")).view
    (frame,) = next(at_views(decode(opened_image, known, (120, 90)), known, [view], lambda same: same))
    assert psnr(frame.pixels, opened(data).resize((90, 90), Image.Resampling.LANCZOS, view.crop)) > 32


def test_a_crop_of_its_own_size_keeps_its_pixels(backend: str) -> None:
    """A crop that is not resized has the source's own pixels."""
    view = place((480, 320), RenditionSpec(name="exact", width=320, height=320, fit=Fit.COVER)).view
    ((frame,),) = at_views([Frame(PICTURES[2].copy())], header(480, 320), [view], lambda same: same)
    assert frame.pixels.tobytes() == PICTURES[2].crop((80, 0, 400, 320)).tobytes()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.mode)
def test_an_enlarged_view_does_not_change_the_picture(backend: str, picture: Image.Image) -> None:
    """An enlarged view and the decoded picture itself do not disturb each other."""
    specs = [RenditionSpec(name="900", width=900, enlarge=True), RenditionSpec(name="480", width=480)]
    views = [each.view for each in largest_first((480, 320), (place((480, 320), each) for each in specs))]
    own, larger = (frame for (frame,) in at_views([Frame(picture.copy())], header(480, 320), views, lambda same: same))
    assert own.pixels.tobytes() == picture.tobytes()
    assert larger.pixels.tobytes() == resize(picture, (900, 600)).tobytes()


def test_all_frames_are_cropped_alike(backend: str) -> None:
    """Each frame of an animation shows the same part, in order and with its duration."""
    pictures = [photo_like(90, 60, seed=seed).convert("RGBA") for seed in range(3)]
    frames = [Frame(picture.copy(), 40 * number) for number, picture in enumerate(pictures)]
    view = place((90, 60), RenditionSpec(name="c", width=60, height=60, fit=Fit.COVER, gravity="east")).view
    (cropped,) = at_views(frames, header(90, 60, frames=3), [view], lambda same: same)
    assert [frame.duration for frame in cropped] == [0, 40, 80]
    assert [frame.pixels.tobytes() for frame in cropped] == [each.crop((30, 0, 90, 60)).tobytes() for each in pictures]


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 2000), (3, 2)])
@pytest.mark.parametrize("enlarge", [False, True])
def test_the_smallest_and_longest_pictures_are_cropped(backend: str, size: tuple[int, int], *, enlarge: bool) -> None:
    """Pictures of one pixel, and those one pixel wide or high, give every requested view."""
    specs = [
        RenditionSpec(name=f"{fit}{gravity}", width=64, height=48, fit=fit, gravity=gravity, enlarge=enlarge)
        for fit in Fit
        for gravity in ("center", "southeast")
    ]
    placements = largest_first(size, (place(size, each) for each in specs))
    views = [each.view for each in placements]
    for picture in (photo_like(*size), translucent(*size)):
        steps = at_views([Frame(picture)], header(*size), views, lambda same: same)
        assert [frame.pixels.size for (frame,) in steps] == [view.size for view in views]


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(1, 1), (50, 100), (3000, 2), (1200, 800), (150, 149)])
def test_a_small_copy_shows_the_upright_picture(orientation: int, size: tuple[int, int]) -> None:
    """A small copy has converted colours, is upright and small enough, and leaves the frame unchanged."""
    picture = photo_like(*size)
    known = header(*size, orientation=orientation)
    copy = small_copy(Frame(picture), known, ImageOps.invert)
    whole = ImageOps.invert(turned(orientation, picture))
    assert max(copy.size) <= SMALL_SIDE
    assert picture.tobytes() == photo_like(*size).tobytes()
    assert psnr(copy, whole.resize(copy.size, Image.Resampling.BOX)) > 20
