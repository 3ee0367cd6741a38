"""TIFFs of every kind are decoded correctly, or refused as unsupported."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from resizer.decode.header import open_image
from resizer.errors import Reason, Rejected
from tests.support.decoding import LIMITS, pixels_of
from tests.support.headers import header_of
from tests.support.pictures import photo_like, saved
from tests.support.tiffs import BYTE, LONG, LONG8, SHORT, TEXT, UNDEFINED, Page, page, ramp, tiff_file

ORDERS = [("<", False), (">", False), ("<", True), (">", True)]
PREMULTIPLIED, ALPHA = 1, 2


def array(data: bytes) -> NDArray[Any]:
    return np.asarray(pixels_of(data)).astype(int)


@pytest.mark.parametrize(("order", "big"), ORDERS)
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_colours_in_every_layout(order: str, kind: str, *, big: bool, apart: bool) -> None:
    """TIFF and BigTIFF of either byte order and bit depth, chunky or planar, give the same picture."""
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
@pytest.mark.parametrize("compressed", [False, True])
def test_deep_grey_in_both_byte_orders(order: str, kind: str, format_: int, *, compressed: bool) -> None:
    """Signed, unsigned and float grey of 16 and 32 bits is read in either byte order, compressed or not."""
    light = np.linspace(0, 1, 40)[None].repeat(3, 0)
    low, high = {"u4": (0, 2**32 - 1), "i2": (-(2**15), 2**15 - 1), "i4": (-(2**31), 2**31 - 1), "f4": (0, 1)}[kind]
    samples = (low + light * (high - low)).astype(order + kind)
    grey_page = page(samples, t339=(SHORT, (format_,)))
    if compressed:  # Pillow decodes uncompressed TIFFs itself, and others with libtiff
        grey_page = Page({**grey_page.tags, 259: (SHORT, (8,))}, (zlib.compress(grey_page.strips[0]),))
    assert np.abs(array(tiff_file(grey_page, order=order)) - light * 255).max() <= 1


@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "f4"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_white_may_be_zero(kind: str, order: str) -> None:
    """A picture that stores white as zero does not become a negative, whatever its samples and byte order."""
    samples = np.linspace(0, 1 if kind == "f4" else np.iinfo(kind).max, 40)[None].astype(order + kind)
    form: dict[str, Any] = {"t339": (SHORT, (3,))} if kind == "f4" else {}
    plain, inverted = (
        array(tiff_file(page(samples, t262=(SHORT, (photometric,)), **form), order=order)) for photometric in (1, 0)
    )
    assert np.abs(plain + inverted - 255).max() == 0
    assert plain[0, 0] == 0
    assert plain[0, -1] == 255


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_a_palette_of_8_bits_is_not_black(bits: int) -> None:
    """A colour map with values of 8 bits, as some programs write it, gives the same colours as one of 16 bits."""
    colours = 1 << bits
    indices = np.tile(np.arange(colours, dtype="u1"), (2, 8 // bits))
    shifts = np.arange(8 - bits, -1, -bits)
    packed = (indices.reshape(2, -1, 8 // bits) << shifts).sum(-1).astype("u1")
    maps = [(value * 37 % 256) for channel in range(3) for value in range(channel, channel + colours)]
    for scale in (1, 257):
        tags: dict[str, Any] = {"t258": (SHORT, (bits,)), "t262": (SHORT, (3,)), "t256": (LONG, (indices.shape[1],))}
        grey_page = page(packed, t320=(SHORT, tuple(value * scale for value in maps)), **tags)
        expected = np.array(maps).reshape(3, colours).T[indices]
        assert (array(tiff_file(grey_page)) == expected).all()


def lab(light: float, first: float, second: float, photometric: int, bits: int) -> NDArray[Any]:
    """One CIE L*a*b* colour in TIFF's or the ICC's encoding (TIFF 6.0, section 23, and Adobe's notes)."""
    whole = {8: 2.55, 16: 655.35 if photometric == 8 else 652.8}[bits]
    step, none = {8: 1, 16: 256}[bits], {(8, 9): 128, (16, 9): 32_768}.get((bits, photometric), 0)
    values = [light * whole, first * step + none, second * step + none]
    return np.array([round(value) % (1 << bits) for value in values], f"<u{bits // 8}")


@pytest.mark.parametrize("photometric", [8, 9])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("apart", [False, True])
def test_cie_lab_gives_the_right_colours(photometric: int, bits: int, *, apart: bool) -> None:
    """L*a*b* of 8 and 16 bits, signed or with an offset, gives the colours of CSS's `lab()`, with or without alpha."""
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
    difference = np.abs(plain[0] - np.array(list(known.values())))
    assert difference[:3].max() <= 22  # at the edge of sRGB, so they are clipped
    assert difference[3:].max() <= 1
    alpha = np.full((2, len(known), 1), 128 * (257 if bits == 16 else 1), samples.dtype)
    both = np.ascontiguousarray(np.dstack([samples, alpha]))
    with_alpha = array(tiff_file(page(both, apart=apart, t262=(SHORT, (photometric,)), t338=(SHORT, (ALPHA,)))))
    assert (with_alpha[..., :3] == plain).all()
    assert (with_alpha[..., 3] == 128).all()


def test_the_profile_of_cie_lab_is_not_applied() -> None:
    """L*a*b* is converted without its profile, which describes other colours than the decoded RGB."""
    samples = np.array([[lab(54.29, 80.81, 69.89, 8, 8), lab(53.39, 0, 0, 8, 8)]])
    data = tiff_file(page(samples, t262=(SHORT, (8,)), t34675=(UNDEFINED, b"profile")))
    assert "icc_profile" not in open_image(io.BytesIO(data), LIMITS)[0].info


def test_cie_lab_may_call_its_samples_signed() -> None:
    """Marking a* and b*, or all three samples, as signed does not change the colours."""
    samples = np.array([[lab(54.29, 80.81, 69.89, 8, 8), lab(53.39, 0, 0, 8, 8)]])
    plain = array(tiff_file(page(samples, t262=(SHORT, (8,)))))
    for formats in ((1, 2, 2), (2, 2, 2)):
        assert (array(tiff_file(page(samples, t262=(SHORT, (8,)), t339=(SHORT, formats)))) == plain).all()


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2), ()])
def test_uncompressed_ycbcr_is_read(subsampling: tuple[int, ...]) -> None:
    """Uncompressed YCbCr is stored in blocks, which are 2 x 2 pixels if the file does not say."""
    blocks = np.tile(np.array([100, 100, 100, 100, 90, 200], "u1"), (6, 6, 1)).reshape(6, 36)
    if subsampling == (1, 1):
        blocks = np.tile(np.array([100, 90, 200], "u1"), (12, 12, 1))
    subsampling_tag: dict[str, Any] = {"t530": (SHORT, subsampling)} if subsampling else {}
    tags = page(np.zeros((12, 12, 3), "u1"), t262=(SHORT, (6,)), **subsampling_tag).tags
    found = array(tiff_file(Page(tags, (blocks.tobytes(),))))
    wanted = Image.new("YCbCr", (1, 1), (100, 90, 200)).convert("RGB").getpixel((0, 0))
    assert found.shape == (12, 12, 3)
    assert np.abs(found.astype(int) - wanted).max() <= 2


@pytest.mark.parametrize("order", ["<", ">"])
def test_grey_with_transparency_is_read(order: str) -> None:
    """Premultiplied grey is divided by alpha; grey and alpha in planes is unsupported, because Pillow mixes them up."""
    samples = np.full((4, 5, 2), (60, 128), "u1")
    found = array(tiff_file(page(samples, t338=(SHORT, (1,))), order=order))
    assert np.abs(found.astype(int) - (120, 120, 120, 128)).max() <= 1
    assert (array(tiff_file(page(samples, t338=(SHORT, (2,))), order=order)) == (60, 60, 60, 128)).all()
    with pytest.raises(Rejected) as refused:
        header_of(tiff_file(page(samples, apart=True, t338=(SHORT, (2,))), order=order))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


def test_premultiplied_colours_are_divided() -> None:
    """Premultiplied colours, in planes or not, are divided by alpha."""
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
    """A reduced copy or a mask is skipped wherever it is, and of several full pages the first counts."""
    for order, big in ORDERS:
        assert (array(tiff_file(*pages, order=order, big=big)) == LARGE).all()


def test_pages_in_a_circle_end() -> None:
    """Pages that point back to each other are each read once."""
    data = bytearray(tiff_file(page(SMALL, **REDUCED), page(SMALL, **REDUCED)))
    first = data[4:8]
    data[-4:] = first
    assert header_of(bytes(data)).width == 10


@pytest.mark.parametrize("kind", [BYTE, SHORT, LONG])
@pytest.mark.parametrize("order", ["<", ">"])
def test_an_orientation_of_any_integer_type_counts(kind: int, order: str) -> None:
    """An orientation may be any type of integer, and an invalid one is ignored."""
    assert header_of(tiff_file(page(SMALL, t274=(kind, (6,))), order=order)).orientation == 6
    assert header_of(tiff_file(page(SMALL, t274=(kind, (9,))), order=order)).orientation == 1


@pytest.mark.parametrize("method", [34661, 34712, 34887, 50001, 50002, 12345])
def test_an_unknown_compression_is_unsupported(method: int) -> None:
    """JBIG, JPEG 2000, LERC, WebP and JPEG XL within a TIFF are unsupported, not corrupt."""
    with pytest.raises(Rejected, match=f"compression {method}") as refused:
        header_of(tiff_file(page(SMALL, t259=(SHORT, (method,)))))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


def test_unknown_samples_are_unsupported() -> None:
    """Samples for which Pillow has no mode are unsupported, not corrupt."""
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
    """A TIFF that ends before its last pixel is truncated, compressed or not, with its tags at either end."""
    whole = saved(photo_like(60, 40), "TIFF", **options)
    for cut in (40, len(whole) // 3):
        with pytest.raises(Rejected) as refused:
            pixels_of(whole[:-cut])
        assert refused.value.reason == Reason.TRUNCATED
    with pytest.raises(Rejected) as refused:
        pixels_of(tiff_file(page(LARGE))[:-200])
    assert refused.value.reason == Reason.TRUNCATED


@pytest.mark.parametrize("first", [page(SMALL, **REDUCED), page(SMALL, t254=(LONG, (4,)))])
def test_a_reduced_copy_never_replaces_a_cut_picture(first: Page) -> None:
    """A file that ends before the full picture's tags is truncated; pages after the full picture may be cut."""
    for order, big in ORDERS:
        with pytest.raises(Rejected) as refused:
            header_of(tiff_file(first, page(LARGE), order=order, big=big)[:-300])
        assert refused.value.reason == Reason.TRUNCATED
        assert (array(tiff_file(page(LARGE), first, order=order, big=big)[:-30]) == LARGE).all()


def test_a_file_without_a_page_is_corrupt() -> None:
    """A header that points to no page is corrupt: a program stopped before it wrote the tags."""
    for order, big in ORDERS:
        mark = struct.pack(f"{order}2sH", b"II" if order == "<" else b"MM", 43 if big else 42)
        with pytest.raises(Rejected, match="no picture") as refused:
            header_of(mark + bytes(100))
        assert refused.value.reason == Reason.CORRUPT


def test_photoshops_layers_are_not_read() -> None:
    """Photoshop's layers, which can be larger than the picture, are not read."""
    with_layers = Page({**page(SMALL).tags, 37724: (UNDEFINED, bytes(4_000_000))}, page(SMALL).strips)
    assert header_of(tiff_file(with_layers)).buffered_bytes < 100_000


@pytest.mark.parametrize("kind", ["<u1", "<u2"])
def test_a_tiff_keeps_its_profile_and_texts(kind: str) -> None:
    """The profile and the texts of a page are found, also if its samples have 16 bits."""
    artist, profile = (TEXT, b"Ada Lovelace\0"), (UNDEFINED, b"profile")
    found = pixels_of(tiff_file(page(ramp(kind=kind), t315=artist, t34675=profile)))
    assert found.info["icc_profile"] == b"profile"
    assert found.getexif()[315] == "Ada Lovelace"


def test_bombs_of_tags_are_corrupt() -> None:
    """More tags than any program writes, or more numbers in one, are refused before Pillow reads them."""
    many: dict[str, Any] = {f"t{tag}": (SHORT, (1,)) for tag in range(1000, 5100)}
    for bomb in (page(SMALL, **many), page(SMALL, t320=(SHORT, (8,) * 200_001))):
        for order, big in ORDERS:
            with pytest.raises(Rejected, match="too many") as refused:
                header_of(tiff_file(bomb, order=order, big=big))
            assert refused.value.reason == Reason.CORRUPT


@pytest.mark.parametrize(("kind", "count"), [(2, 1), (2, 2), (5, 1), (11, 1), (12, 1)])
def test_offsets_of_another_type_are_corrupt(kind: int, count: int) -> None:
    """Offsets of strips that are texts, fractions or floats are damage in the file, not a bug of ours."""
    data = bytearray(tiff_file(page(SMALL)))
    at = data.rindex(struct.pack("<HHI", 273, LONG, 1))
    struct.pack_into("<HI", data, at + 2, kind, count)
    with pytest.raises(Rejected) as refused:
        pixels_of(bytes(data))
    assert refused.value.reason == Reason.CORRUPT


def test_a_tag_of_an_unknown_type_is_ignored() -> None:
    """A tag whose type TIFF does not define is ignored, as the standard says, even if it is one that we use."""
    for tag in (258, 274, 531, 700):
        tags: dict[str, Any] = {f"t{tag}": (SHORT, (3,))}
        data = bytearray(tiff_file(page(ramp(channels=1), **tags)))
        at = data.rindex(struct.pack("<HHI", tag, SHORT, 1))
        data[at + 2 : at + 4] = b"\x63\0"
        header = header_of(bytes(data))
        assert (header.orientation, header.width) == (1, 40)


def test_bytes_beyond_4_gb_are_unsupported() -> None:
    """A BigTIFF that refers to bytes beyond 4 GB is unsupported: Pillow gets a TIFF with offsets of 32 bits."""
    with pytest.raises(Rejected, match="4 GB") as refused:
        header_of(tiff_file(page(SMALL, t330=(LONG8, (1 << 32,))), big=True))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT
