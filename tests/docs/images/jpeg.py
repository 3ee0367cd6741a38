"""Checks for the rows about JPEGs."""

from pathlib import Path
from typing import Final

from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from resizer.errors import Reason
from tests.docs.images.check import PICTURE, rejected, resized, row, same
from tests.support.pictures import opened, saved, translucent

SEEDS: Final = Path(__file__).parents[2] / "fuzz" / "seeds"
TWO_BY_TWO: Final = 2  # Pillow's number for 4:2:0
END: Final = b"\xff\xd9"
JPEG: Final = saved(PICTURE)
PROGRESSIVE: Final = saved(PICTURE, progressive=True)
FRAME: Final = JPEG.index(b"\xff\xc0")


@row("JPEG without its end marker")
def _() -> None:
    for data in (JPEG, PROGRESSIVE):
        for end in (b"", b"\xff", bytes(40)):
            assert same(resized(data[:-2] + end), resized(data))


@row("Truncated JPEG")
def _() -> None:
    for data in (JPEG, PROGRESSIVE):
        for cut in (len(data) // 3, len(data) // 2, len(data) - 150):
            rejected(Reason.TRUNCATED, data[:cut])
            rejected(Reason.TRUNCATED, data[:cut] + END)
    unnoticed = 0
    for cut in range(3, 60):  # some of the last blocks
        try:
            rejected(Reason.TRUNCATED, JPEG[:-cut])
        except AssertionError:
            unnoticed += 1
            assert resized(JPEG[:-cut]).is_like(PICTURE)
    assert unnoticed


@row("Progressive JPEG that ends between two scans, with an end marker")
def _() -> None:
    last = PROGRESSIVE.rindex(b"\xff\xc4", 0, PROGRESSIVE.rindex(b"\xff\xda"))
    rendition = resized(PROGRESSIVE[:last] + END)
    assert rendition.is_like(PICTURE, 20)
    assert not same(rendition, resized(PROGRESSIVE))


@row("JPEG with damage in the middle")
def _() -> None:
    scans = JPEG.index(b"\xff\xda") + 14
    middle = (scans + len(JPEG)) // 2
    rejected(Reason.TRUNCATED, JPEG[:middle] + bytes(600) + JPEG[middle + 600 :])
    table = PROGRESSIVE.rindex(b"\xff\xc4")
    rejected(Reason.CORRUPT, PROGRESSIVE[: table + 4] + b"\xff" * 12 + PROGRESSIVE[table + 16 :])
    flipped = JPEG[:middle] + bytes([JPEG[middle] ^ 0x04]) + JPEG[middle + 1 :]
    assert resized(flipped).is_like(opened(flipped))


@row("JPEG with arithmetic coding, without its end marker")
def _() -> None:
    data = (SEEDS / "arithmetic.jpg").read_bytes()
    assert resized(data).kind == "JPEG"
    rejected(Reason.TRUNCATED, data[:-2])


@row("12-bit, lossless or hierarchical JPEG, or JPEG-LS")
def _() -> None:
    for marker, bits in ((0xC1, 12), (0xC3, 8), (0xC5, 8), (0xF7, 8)):
        rejected(Reason.UNSUPPORTED_FORMAT, JPEG[: FRAME + 1] + bytes([marker, 0, 17, bits]) + JPEG[FRAME + 5 :])


@row("CMYK JPEG")
def _() -> None:
    data = saved(PICTURE.convert("CMYK"), quality=95)
    marker = data.index(b"\xff\xee\0\x0eAdobe")
    for each in (data, data[:marker] + data[marker + 16 :]):
        rendition = resized(each)
        assert rendition.image.mode == "RGB"
        assert rendition.is_like(PICTURE)


@row("MPO, or JPEG with more pictures after it")
def _() -> None:
    other = Image.new("RGB", PICTURE.size, "red")
    assert same(resized(saved(PICTURE, "MPO", save_all=True, append_images=[other])), resized(JPEG))
    assert same(resized(JPEG + saved(other)), resized(JPEG))


@row("Rendition in JPEG")
def _() -> None:
    rendition = resized(saved(translucent(64, 48), "PNG"), formats=("jpeg",))
    assert b"\xff\xc0" in rendition.data
    assert b"\xff\xc2" not in rendition.data
    assert get_sampling(rendition.image) == TWO_BY_TWO
    assert rendition.is_like(translucent(64, 48))
    clear = resized(saved(Image.new("RGBA", (8, 8), (9, 9, 9, 0)), "PNG"), formats=("jpeg",))
    assert clear.frames == [(255, 255, 255, 255)]
