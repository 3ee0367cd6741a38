"""JPEG 2000s that Pillow alone reads wrongly are decoded correctly."""

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from resizer.errors import Reason, Rejected
from resizer.formats.jpeg2000_codestream import BYTES_PER_TILE, read_codestream
from tests.support.decoding import pixels_of
from tests.support.headers import header_of
from tests.support.pictures import photo_like, psnr, saved, translucent

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 128), (0, 0, 255, 10)
TWICE = [RED, GREEN, RED, BLUE]  # Pillow merges equal colours, which would shift the later ones
SRGB, GREY = 16, 17


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def with_palette(columns: int = 3, depth: int = 8, space: int = SRGB, order: tuple[int, ...] = ()) -> bytes:
    """A 40 x 30 picture of four colours, as indices into a palette of this many columns."""
    numbers = (np.mgrid[0:30, 0:40][1] // 10).astype("u1")
    data = saved(Image.fromarray(numbers), "JPEG2000")
    at = data.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", data, at)
    header = data[at + 8 : at + size].replace(struct.pack(">I", GREY), struct.pack(">I", space))
    assert b"colr" in header
    scale = 257 if depth == 16 else 1
    values = [(colour[channel] * scale).to_bytes(depth // 8, "big") for colour in TWICE for channel in range(columns)]
    palette = struct.pack(">HB", len(TWICE), columns) + bytes([depth - 1]) * columns + b"".join(values)
    mapping = b"".join(struct.pack(">HBB", 0, 1, column) for column in order or range(columns))
    return data[:at] + box(b"jp2h", header, box(b"pclr", palette), box(b"cmap", mapping)) + data[at + size :]


@pytest.mark.parametrize("columns", [1, 3, 4])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("space", [SRGB, GREY])
def test_a_palette_with_a_repeated_colour_is_read(columns: int, depth: int, space: int) -> None:
    """Every index has its own colour, whatever the palette's columns, depth and colour space."""
    data = with_palette(columns, depth, space)
    assert header_of(data).has_transparency == (columns == 4)
    found = pixels_of(data).convert("RGBA")
    colours = [colour[:3] if columns > 1 else (colour[0],) * 3 for colour in TWICE]
    expected = [(*colour, whole[3] if columns == 4 else 255) for colour, whole in zip(colours, TWICE, strict=True)]
    assert [found.getpixel((10 * number + 5, 15)) for number in range(4)] == expected


def test_a_palettes_columns_may_be_mapped() -> None:
    """The `cmap` box says which column is which channel."""
    found = pixels_of(with_palette(order=(2, 1, 0))).convert("RGB")
    assert [found.getpixel((10 * number + 5, 15)) for number in range(4)] == [
        (0, 0, 255), (0, 255, 0), (0, 0, 255), (255, 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("damage", ["no mapping", "twice the same", "two columns", "two depths", "too few colours"])
def test_an_unusual_palette_is_unsupported(damage: str) -> None:
    """A palette that we cannot apply is refused: wrong colours would be worse."""
    data = bytearray(with_palette(2 if damage == "two columns" else 3, order=(0, 1, 1) if "same" in damage else ()))
    palette = data.index(b"pclr") + 4
    if damage == "no mapping":
        data[data.index(b"cmap") : data.index(b"cmap") + 4] = b"free"
    elif damage == "two depths":
        data[palette + 3] = 15
    elif damage == "too few colours":
        data[palette + 1] = 5
    with pytest.raises(Rejected, match="palette") as refused:
        header_of(bytes(data))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


def subsampled(picture: Image.Image, step: int, **options: Any) -> bytes:
    """A file whose components are all subsampled by `step` in both directions."""
    data = bytearray(saved(picture, "JPEG2000", **options))
    at = data.index(b"\xff\x51") + 6
    sides = struct.unpack_from(">8I", data, at)
    struct.pack_into(">8I", data, at, *(side * step for side in sides))
    (components,) = struct.unpack_from(">H", data, at + 32)
    for component in range(components):
        data[at + 35 + 3 * component : at + 37 + 3 * component] = bytes((step, step))
    if b"ihdr" in data:
        struct.pack_into(">II", data, data.index(b"ihdr") + 4, picture.height * step, picture.width * step)
    return bytes(data)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("options", [{}, {"no_jp2": True}, {"tile_size": (32, 32)}])
def test_all_components_may_be_subsampled(mode: str, options: dict[str, Any]) -> None:
    """If all components are subsampled alike, the samples are the picture."""
    picture = photo_like(60, 40).convert(mode)
    if mode.endswith("A"):
        picture.putalpha(photo_like(60, 40, 2).convert("L"))
    for step in (2, 3):
        data = subsampled(picture, step, **options)
        assert header_of(data).upright_size == (60, 40)
        found = pixels_of(data)
        assert (np.asarray(found.convert("RGBA")) == np.asarray(picture.convert("RGBA"))).all()


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}])
def test_colour_alone_may_be_subsampled(options: dict[str, Any]) -> None:
    """The picture has its full size if only its colours are subsampled, as in 4:2:0."""
    data = bytearray(saved(Image.new("RGB", (60, 40), (128, 128, 128)), "JPEG2000", num_resolutions=1, **options))
    at = data.index(b"\xff\x51") + 6
    for component in (1, 2):
        data[at + 35 + 3 * component : at + 37 + 3 * component] = b"\2\2"
    found = pixels_of(bytes(data))
    assert (found.size, found.getextrema()) == ((60, 40), ((128, 128),) * 3)
    given = bytes(data)
    read_codestream(data, at - 8)
    assert data == given


def test_a_codestream_without_a_size_is_corrupt() -> None:
    """A codestream that does not begin with its size is corrupt, and so is one with more segments than any real one."""
    whole = saved(photo_like(60, 40), "JPEG2000", no_jp2=True)
    boxed = saved(photo_like(60, 40), "JPEG2000")
    start, end = boxed.index(b"\xff\x4f\xff\x51"), whole.index(b"\xff\x52")
    comments = b"\xff\x64\0\2" * 200_001
    for data in (boxed[:start] + b"\xff\x4f\xff\x52" + boxed[start + 4 :], whole[:end] + comments + whole[end:]):
        with pytest.raises(Rejected) as refused:
            pixels_of(data)
        assert refused.value.reason == Reason.CORRUPT


def test_tiles_that_end_within_a_sample_are_refused() -> None:
    """A subsampled picture is unsupported if its tiles are not a whole number of samples."""
    data = bytearray(subsampled(photo_like(60, 40), 2, no_jp2=True, tile_size=(32, 32)))
    at = data.index(b"\xff\x51") + 6
    struct.pack_into(">II", data, at + 16, 63, 63)
    with pytest.raises(Rejected) as refused:
        pixels_of(bytes(data))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("order", ["RGBA", "ARGB", "BGRA"])
def test_components_may_come_in_any_order(order: str) -> None:
    """The `cdef` box says which component is which colour or alpha; Pillow ignores it."""
    picture = translucent(60, 40)
    data = saved(Image.merge("RGBA", [picture.getchannel(name) for name in order]), "JPEG2000")
    channels = b"".join(struct.pack(">3H", at, name == "A", "ARGB".index(name)) for at, name in enumerate(order))
    plain, box = data.index(b"cdef") - 4, struct.pack(">I4sH", 10 + len(channels), b"cdef", len(order)) + channels
    assert int.from_bytes(data[plain : plain + 4], "big") == len(box)
    found = pixels_of(data[:plain] + box + data[plain + len(box) :])
    assert found.tobytes() == picture.tobytes()


@pytest.mark.parametrize(("bits", "levels"), [(1, (0, 255)), (2, (0, 85, 170, 255)), (4, range(0, 256, 17))])
def test_white_of_few_bits_is_white(bits: int, levels: Sequence[int]) -> None:
    """Samples of fewer than 8 bits use the whole range from black to white."""
    offset = 128 - (1 << bits - 1)  # the encoder subtracts half of the range of 8 bits
    samples = np.tile(np.arange(len(levels), dtype="u1") + np.uint8(offset), (4, 1))
    data = bytearray(saved(Image.fromarray(samples), "JPEG2000", no_jp2=True, num_resolutions=1))
    data[data.index(b"\xff\x51") + 40] = bits - 1
    assert (np.asarray(pixels_of(bytes(data))) == levels).all()


def test_grey_with_transparency_is_read() -> None:
    """Grey with alpha is read back exactly, as a JP2 file and as a bare codestream."""
    picture = photo_like(60, 40).convert("LA")
    picture.putalpha(photo_like(60, 40, 2).convert("L"))
    for options in ({}, {"no_jp2": True}):
        found = pixels_of(saved(picture, "JPEG2000", **options))
        assert found.mode == "RGBA"
        assert (np.asarray(found) == np.asarray(picture.convert("RGBA"))).all()


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}, {"no_jp2": True, "tile_size": (32, 32)}])
def test_the_end_marker_may_be_missing(options: dict[str, Any]) -> None:
    """A file with all pixels but without all of its end marker is decoded; a shorter one is truncated."""
    whole = saved(photo_like(60, 40), "JPEG2000", **options)
    for cut in (1, 2):
        assert (np.asarray(pixels_of(whole[:-cut])) == np.asarray(pixels_of(whole))).all()
    for cut in (3, 100, len(whole) // 2, len(whole) - 150, len(whole) - 60, len(whole) - 30):
        with pytest.raises(Rejected) as refused:
            pixels_of(whole[:-cut])
        assert refused.value.reason == Reason.TRUNCATED


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}])
def test_a_cut_header_is_truncated(options: dict[str, Any]) -> None:
    """A file that ends anywhere within the codestream's header is truncated, not corrupt."""
    whole = saved(photo_like(60, 40), "JPEG2000", **options)
    for end in range(whole.index(b"\xff\x4f\xff\x51") + 4 * bool(options), whole.index(b"\xff\x90")):
        with pytest.raises(Rejected) as refused:
            header_of(whole[:end])
        assert refused.value.reason == Reason.TRUNCATED, end


def test_a_missing_tile_is_truncated() -> None:
    """A file without its last tile is truncated, even with an end marker."""
    whole = saved(photo_like(64, 32), "JPEG2000", no_jp2=True, tile_size=(32, 32))
    second = whole.index(b"\xff\x90", whole.index(b"\xff\x90") + 2)
    with pytest.raises(Rejected) as refused:
        pixels_of(whole[:second] + b"\xff\xd9")
    assert refused.value.reason == Reason.TRUNCATED


@pytest.mark.parametrize(
    ("mode", "options", "tiles", "samples"),
    [
        ("RGB", {}, 1, 300 * 200 * 3 * 5),
        ("RGB", {"no_jp2": True, "tile_size": (64, 64)}, 5 * 4, 64 * 64 * 3 * 5),
        ("L", {"tile_size": (1000, 100)}, 2, 300 * 100 * 5),
        ("RGBA", {"codeblock_size": (8, 8)}, 1, 300 * 200 * 4 * 5),
        ("I;16", {"precinct_size": (64, 64), "plt": True}, 1, 300 * 200 * 6),
    ],
)
def test_decoder_memory_is_estimated(mode: str, options: dict[str, object], tiles: int, samples: int) -> None:
    """The estimate counts every tile's parameters, and the largest tile's samples in 32 bits and in Pillow's format."""
    picture = photo_like(300, 200)
    picture = picture.convert("L").convert("I").convert(mode) if mode == "I;16" else picture.convert(mode)
    data = bytearray(saved(picture, "JPEG2000", **options))
    assert header_of(bytes(data)).buffered_bytes == tiles * BYTES_PER_TILE + samples
    at = data.index(b"\xff\x51") + 6  # an offset in a large grid, as in maps, takes no more
    sides = struct.unpack_from(">8I", data, at)
    struct.pack_into(">8I", data, at, *(side + 8192 * (place not in {4, 5}) for place, side in enumerate(sides)))
    assert header_of(bytes(data)).buffered_bytes == tiles * BYTES_PER_TILE + samples


def test_a_profile_is_found() -> None:
    """The ICC profile of a `colr` box is found."""
    data = saved(photo_like(60, 40), "JPEG2000")
    at = data.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", data, at)
    colours = data.index(b"colr") - 4
    header = data[at + 8 : colours] + box(b"colr", b"\2\0\0a profile") + data[colours + 15 : at + size]
    assert pixels_of(data[:at] + box(b"jp2h", header) + data[at + size :]).info["icc_profile"] == b"a profile"


@pytest.mark.parametrize(("space", "mode"), [(12, "RGBA"), (18, "RGB")])
def test_enumerated_colour_spaces_are_read(space: int, mode: str) -> None:
    """Colour space 12 is read as CMYK, and 18 as YCbCr."""
    picture = photo_like(60, 40).convert(mode)
    data = saved(picture, "JPEG2000")
    at = data.index(b"colr") + 7
    found = pixels_of(data[:at] + struct.pack(">I", space) + data[at + 4 :])
    if space == 12:
        assert found.mode == "CMYK"
        assert found.tobytes() == picture.tobytes()
    else:
        light = Image.frombytes("YCbCr", picture.size, picture.tobytes()).convert("RGB")
        assert psnr(found.convert("RGB"), light) > 40


# 40 x 10 pixels of 16 bits a channel, from black to the given brightest sample. Pillow reads such files but cannot
# write them.
DEEP = {
    65_280: (
        "c-s5#|38pHp8*6kfS8K`0Z{qO{EUnc^goD!2PnYE$iTwF!1zCgfyJTWe+q*t1EX_MYGO%hib7JQf`373o>zdYyFyuNQE_H|o`R8{sh+|"
        "A2~ZQ?0X0s(|6|$(!EEEV7VHLZbZR#3s5zCGCmO`V9l)@HlT(k6;gHQyiwQjw8XKQ_XInB}vUzrveZqQsR?|5v<eFcxvF3AH@h^VkZYI"
        "yocRk9nY3Bx&hAP`rUaHe)c1N$D{p{zyLOB^TY2LQO@jVL;vOkP2{akb3qMr{WlDPg@z^flumd~0Nnqn*>eP~I`?ma3W7!FxKHJC8{3y"
        "T1RHA&y$kR9_$ebM<042LX_|KzN2d%(aZc+UQWM|KXIKz4)o(ewih27QJ9oZ<v`Ffg_h_kR+Sy3N?U?7Qm!`i6%8Hv#vgdRG"
    ),
    65_535: (
        "c-s5#|38pHp8*6kfS8K`0Z{qO{EUnc^goD!2PnYE$iTwF!1zCgfyJTWe+q*t1EX_MYGO%hib7JQf`373o>zdYyFyuNQE_H|o`R8{sh+|"
        "A2@n$*cLFs|zW-ykmteN>TMKrBH##+&cGR3o%o7db;SOL}!O5w|$8gBzsKtby35|_Uy|XPDFWEdh%RXVfJ*(-Q6>`n5*jV#9t@szeaW|"
        "9a=DQx{*tBzlN<)?HDKFLOGrObL&wloEU!k0gnKW<P;rN~f2iYG+mwv9fZ_&>O5=mTtEa26TE6Zn13r#T=kv_DfW%nMH4-AK_pBhY<{)"
        "I&V!kVP-aLA7Nq`v5U28KhH$A5BGxIJKC6Fg^s!XrC}O(46$`)K+B27|uBe@=0NI~W*Siu*qaN!?~_UiMw}(dGvX67ClN1*W&;F)$>`J"
        "pR+tw(UT|ZTCqZBR??kD9@>%fGTs{LkNe=Nt`l=GH{u;<_<0wkR#L3@c$+N<D%Kq"
    ),
}


def deep_rgb(brightest: int) -> bytes:
    return zlib.decompress(base64.b85decode(DEEP[brightest]))


@pytest.mark.parametrize("brightest", DEEP)
def test_whites_of_deep_colours_never_become_black(brightest: int) -> None:
    """16-bit colours are read, but a file whose whites Pillow would turn black is refused."""
    data = deep_rgb(brightest)
    if brightest == 65_280:
        assert pixels_of(data).getpixel((39, 5)) == (255, 255, 255)
        return
    with pytest.raises(Rejected, match="save it with 8 bits") as refused:
        pixels_of(data)
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT
