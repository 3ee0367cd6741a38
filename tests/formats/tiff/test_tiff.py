"""TIFFs of every kind come out as their samples say, or are refused for what they are."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from resizer.errors import Reason, Rejected
from tests.support.decoding import pixels_of
from tests.support.headers import header_of
from tests.support.pictures import photo_like, saved
from tests.support.tiffs import BYTE, LONG, SHORT, Page, page, ramp, tiff_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORDERS = [("<", False), (">", False), ("<", True), (">", True)]
PREMULTIPLIED, ALPHA = 1, 2


def array(data: bytes) -> NDArray[Any]:
    return np.asarray(pixels_of(data)).astype(int)


@pytest.mark.parametrize(("order", "big"), ORDERS)
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_colours_in_both_orders_and_both_plans(order: str, kind: str, *, big: bool, apart: bool) -> None:
    """TIFF and BigTIFF, little- and big-endian, 8 and 16 bits, channels together or in planes: the same picture."""
    kinds: list[tuple[int, dict[str, Any]]] = [
        (1, {}),
        (3, {}),
        (4, {"t338": (SHORT, (ALPHA,))}),
        (4, {"t262": (SHORT, (5,))}),
    ]
    for channels, extra in kinds:
        samples = ramp(channels=channels, kind=order + kind)
        found = array(tiff_file(page(samples, apart=apart and channels > 1, **extra), order=order, big=big))
        assert np.abs(found - (samples >> (8 if kind == "u2" else 0))).max() <= 1, (channels, extra)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "format_"), [("u4", 1), ("i2", 2), ("i4", 2), ("f4", 3)])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_deep_grey_in_both_orders(order: str, kind: str, format_: int, compression: str | None) -> None:
    """Grey of 16 and 32 bits, signed and in floats, is read in either order, compressed or not."""
    light = np.linspace(0, 1, 40)[None].repeat(3, 0)
    low, high = {"u4": (0, 2**32 - 1), "i2": (-(2**15), 2**15 - 1), "i4": (-(2**31), 2**31 - 1), "f4": (0, 1)}[kind]
    samples = (low + light * (high - low)).astype(order + kind)
    made = page(samples, t339=(SHORT, (format_,)))
    if compression:
        import zlib  # noqa: PLC0415 # one compression is enough to take Pillow's other way

        made = Page({**made.tags, 259: (SHORT, (8,))}, (zlib.compress(made.strips[0]),))
    assert np.abs(array(tiff_file(made, order=order)) - light * 255).max() <= 1


@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "f4"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_white_may_be_zero(kind: str, order: str) -> None:
    """A picture whose zero is white is no negative, whatever its samples and their order are."""
    samples = np.linspace(0, 1 if kind == "f4" else np.iinfo(kind).max, 40)[None].astype(order + kind)
    form: dict[str, Any] = {"t339": (SHORT, (3,))} if kind == "f4" else {}
    plain, inverted = (array(tiff_file(page(samples, t262=(SHORT, (how,)), **form), order=order)) for how in (1, 0))
    assert np.abs(plain + inverted - 255).max() == 0
    assert plain[0, 0] == 0
    assert plain[0, -1] == 255


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_a_palette_of_8_bits_is_not_black(bits: int) -> None:
    """Some programs write the colour map's values with 8 bits instead of 16: its colours are the same."""
    colours = 1 << bits
    indices = np.tile(np.arange(colours, dtype="u1"), (2, 8 // bits))
    shifts = np.arange(8 - bits, -1, -bits)
    packed = (indices.reshape(2, -1, 8 // bits) << shifts).sum(-1).astype("u1")
    maps = [(value * 37 % 256) for channel in range(3) for value in range(channel, channel + colours)]
    for scale in (1, 257):
        tags: dict[str, Any] = {"t258": (SHORT, (bits,)), "t262": (SHORT, (3,)), "t256": (LONG, (indices.shape[1],))}
        made = page(packed, t320=(SHORT, tuple(value * scale for value in maps)), **tags)
        expected = np.array(maps).reshape(3, colours).T[indices]
        assert (array(tiff_file(made)) == expected).all()


def lab(light: float, first: float, second: float, photometric: int, bits: int) -> NDArray[Any]:
    """One colour in CIE L*a*b*, as TIFF's or as the ICC's samples have it (TIFF 6.0, section 23, and Adobe's notes)."""
    whole = {8: 2.55, 16: 655.35 if photometric == 8 else 652.8}[bits]
    step, none = {8: 1, 16: 256}[bits], {(8, 9): 128, (16, 9): 32_768}.get((bits, photometric), 0)
    values = [light * whole, first * step + none, second * step + none]
    return np.array([round(value) % (1 << bits) for value in values], f"<u{bits // 8}")


@pytest.mark.parametrize("photometric", [8, 9])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("apart", [False, True])
def test_cie_lab(photometric: int, bits: int, *, apart: bool) -> None:
    """L*a*b* of 8 and of 16 bits, signed or with an offset, gives the colours of CSS's `lab()`, with alpha or not."""
    known = {
        (54.29, 80.81, 69.89): (255, 0, 0),
        (87.82, -79.27, 80.99): (0, 255, 0),
        (29.57, 68.30, -112.03): (0, 0, 255),
        (100, 0, 0): (255, 255, 255),
        (53.39, 0, 0): (127, 127, 127),
        (0, 0, 0): (0, 0, 0),
    }
    samples = np.stack([lab(*colour, photometric, bits) for colour in known])[None].repeat(2, 0)
    plain = array(tiff_file(page(samples, apart=apart, t262=(SHORT, (photometric,)))))
    apart_from = np.abs(plain[0] - np.array(list(known.values())))
    assert apart_from[:3].max() <= 22  # these lie at the edge of what sRGB holds, and are clipped
    assert apart_from[3:].max() <= 1
    alpha = np.full((2, len(known), 1), 128 * (257 if bits == 16 else 1), samples.dtype)
    both = np.ascontiguousarray(np.dstack([samples, alpha]))
    clear = array(tiff_file(page(both, apart=apart, t262=(SHORT, (photometric,)), t338=(SHORT, (ALPHA,)))))
    assert (clear[..., :3] == plain).all()
    assert (clear[..., 3] == 128).all()


def test_cie_lab_may_call_its_samples_signed() -> None:
    """A file that says that a* and b*, or all three, are signed has the same colours as one that does not say so."""
    samples = np.array([[lab(54.29, 80.81, 69.89, 8, 8), lab(53.39, 0, 0, 8, 8)]])
    plain = array(tiff_file(page(samples, t262=(SHORT, (8,)))))
    for formats in ((1, 2, 2), (2, 2, 2)):
        assert (array(tiff_file(page(samples, t262=(SHORT, (8,)), t339=(SHORT, formats)))) == plain).all()


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2), ()])
def test_subsampled_colours_without_compression(subsampling: tuple[int, ...]) -> None:
    """Brightness and colours come in blocks, of 2 x 2 pixels if the file does not say it."""
    blocks = np.tile(np.array([100, 100, 100, 100, 90, 200], "u1"), (6, 6, 1)).reshape(6, 36)
    if subsampling == (1, 1):
        blocks = np.tile(np.array([100, 90, 200], "u1"), (12, 12, 1))
    said: dict[str, Any] = {"t530": (SHORT, subsampling)} if subsampling else {}
    tags = page(np.zeros((12, 12, 3), "u1"), t262=(SHORT, (6,)), **said).tags
    found = array(tiff_file(Page(tags, (blocks.tobytes(),))))
    wanted = Image.new("YCbCr", (1, 1), (100, 90, 200)).convert("RGB").getpixel((0, 0))
    assert found.shape == (12, 12, 3)
    assert np.abs(found.astype(int) - wanted).max() <= 2


@pytest.mark.parametrize("order", ["<", ">"])
def test_grey_with_transparency(order: str) -> None:
    """Premultiplied grey is divided; grey and transparency in planes, which Pillow mixes up, are unsupported."""
    samples = np.full((4, 5, 2), (60, 128), "u1")
    found = array(tiff_file(page(samples, t338=(SHORT, (1,))), order=order))
    assert np.abs(found.astype(int) - (120, 120, 120, 128)).max() <= 1
    assert (array(tiff_file(page(samples, t338=(SHORT, (2,))), order=order)) == (60, 60, 60, 128)).all()
    with pytest.raises(Rejected) as refused:
        header_of(tiff_file(page(samples, apart=True, t338=(SHORT, (2,))), order=order))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


def test_premultiplied_planes_are_divided() -> None:
    """Colours in planes that are multiplied by their transparency come out as they are beneath it."""
    samples = np.full((2, 2, 4), (60, 30, 90, 128), "u1")
    for apart in (False, True):
        found = array(tiff_file(page(samples, apart=apart, t338=(SHORT, (PREMULTIPLIED,)))))
        assert np.abs(found - (120, 60, 179, 128)).max() <= 1


SMALL, LARGE = ramp(8, 10), ramp(30, 40)
REDUCED: dict[str, Any] = {"t254": (LONG, (1,))}


@pytest.mark.parametrize(
    "pages",
    [
        (page(SMALL, **REDUCED), page(LARGE)),
        (page(SMALL, **REDUCED), page(SMALL, t254=(LONG, (5,))), page(LARGE)),
        (page(SMALL, **REDUCED, below=(page(SMALL, **REDUCED), page(LARGE))),),
        (page(SMALL, **REDUCED), page(SMALL, **REDUCED, below=(page(LARGE),))),
        (page(LARGE), page(SMALL, **REDUCED)),
        (page(LARGE), page(np.ones((50, 60, 3), "u1"))),
        (page(LARGE, below=(page(SMALL, **REDUCED),)),),
        (page(LARGE, **REDUCED),),
    ],
)
def test_the_full_picture_counts(pages: tuple[Page, ...]) -> None:
    """A reduced copy or a mask before the picture, beside or above it, is passed over; of several pages the first."""
    for order, big in ORDERS:
        assert (array(tiff_file(*pages, order=order, big=big)) == LARGE).all()


def test_pages_in_a_circle_end() -> None:
    """Pages that point back to each other are each looked at once."""
    data = bytearray(tiff_file(page(SMALL, **REDUCED), page(SMALL, **REDUCED)))
    first = data[4:8]
    data[-4:] = first
    assert header_of(bytes(data)).width == 10


@pytest.mark.parametrize("kind", [BYTE, SHORT, LONG])
@pytest.mark.parametrize("order", ["<", ">"])
def test_an_orientation_of_any_integer_type(kind: int, order: str) -> None:
    """An orientation counts whatever type of integer it is, and one that means nothing does not."""
    assert header_of(tiff_file(page(SMALL, t274=(kind, (6,))), order=order)).orientation == 6
    assert header_of(tiff_file(page(SMALL, t274=(kind, (9,))), order=order)).orientation == 1


@pytest.mark.parametrize("method", [34661, 34712, 34887, 50001, 50002, 12345])
def test_an_unknown_compression_is_unsupported(method: int) -> None:
    """JBIG, JPEG 2000, LERC, WebP and JPEG XL within a TIFF are known for what they are: not damaged."""
    with pytest.raises(Rejected, match=f"compression {method}") as refused:
        header_of(tiff_file(page(SMALL, t259=(SHORT, (method,)))))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


def test_unknown_samples_are_unsupported() -> None:
    """Samples that Pillow has no mode for are known for what they are."""
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (ramp(kind="<u4"), {}),
        (SMALL, {"t262": (SHORT, (10,))}),
        (SMALL, {"t338": (SHORT, (7,))}),
    ]
    for samples, tags in kinds:
        with pytest.raises(Rejected) as refused:
            header_of(tiff_file(page(samples, **tags)))
        assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}])
def test_a_cut_file_is_truncated(options: dict[str, Any]) -> None:
    """A TIFF that ends before its last pixel is truncated, compressed or not, whichever end its tags are at."""
    whole = saved(photo_like(60, 40), "TIFF", **options)
    for cut in (40, len(whole) // 3):
        with pytest.raises(Rejected) as refused:
            pixels_of(whole[:-cut])
        assert refused.value.reason == Reason.TRUNCATED
    with pytest.raises(Rejected) as refused:
        pixels_of(tiff_file(page(LARGE))[:-200])
    assert refused.value.reason == Reason.TRUNCATED


@pytest.mark.parametrize("first", [page(SMALL, **REDUCED), page(SMALL, t254=(LONG, (4,)))])
def test_a_reduced_copy_never_takes_the_place_of_a_picture_that_is_cut_off(first: Page) -> None:
    """If the file ends before the full picture's tags, it is truncated; other pages behind a full one may be cut."""
    for order, big in ORDERS:
        with pytest.raises(Rejected) as refused:
            header_of(tiff_file(first, page(LARGE), order=order, big=big)[:-300])
        assert refused.value.reason == Reason.TRUNCATED
        assert (array(tiff_file(page(LARGE), first, order=order, big=big)[:-30]) == LARGE).all()


def test_a_file_without_a_page_is_corrupt() -> None:
    """A program that stopped before it wrote the tags leaves a header that points nowhere."""
    for order, big in ORDERS:
        mark = struct.pack(f"{order}2sH", b"II" if order == "<" else b"MM", 43 if big else 42)
        with pytest.raises(Rejected, match="no picture") as refused:
            header_of(mark + bytes(100))
        assert refused.value.reason == Reason.CORRUPT


def test_what_photoshop_keeps_for_itself_is_not_read() -> None:
    """Layers, which are larger than the picture, are left where they are."""
    with_layers = Page({**page(SMALL).tags, 37724: (7, bytes(4_000_000))}, page(SMALL).strips)
    assert header_of(tiff_file(with_layers)).buffered_bytes < 100_000


def test_a_16_bit_picture_keeps_its_profile() -> None:
    """The profile, the texts and EXIF of a page are still found by its new directory."""
    image = Image.fromarray(ramp(kind="u1"))
    data = saved(image, "TIFF", tiffinfo={315: "Ada Lovelace", 34675: b"profile"})
    assert b"Ada Lovelace" in data
    found = pixels_of(data)
    assert found.info["icc_profile"] == b"profile"
    assert found.getexif()[315] == "Ada Lovelace"
