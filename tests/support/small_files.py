"""A small file of every supported format, for tests that damage it."""

from functools import cache
from typing import Any, Final

from PIL import ExifTags, Image

from tests.support.pictures import heic, noise, photo_like, saved
from tests.support.rights_blocks import iptc, jpeg_with_iptc, png_with_texts, xmp

PICTURE: Final = photo_like(12, 8)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Artist] = "Ada Lovelace"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 12.0)
    return exif.tobytes()


def animated(format_: str, frames: int = 3, **options: Any) -> bytes:
    """An animation of noise, some of it transparent."""
    first, *rest = [noise(6, 5, seed).convert("RGBA") for seed in range(frames)]
    for number, frame in enumerate(rest):
        frame.paste((0, 0, 0, 0), (number, 1, number + 3, 4))
    return saved(first, format_, save_all=True, append_images=rest, duration=40, loop=2, **options)


@cache
def small_files() -> dict[str, bytes]:
    """The files by name."""
    translucent = PICTURE.convert("RGBA")
    translucent.putalpha(PICTURE.convert("L"))
    return {
        "baseline.jpg": saved(PICTURE, "JPEG", exif=_exif()),
        "progressive.jpg": saved(PICTURE, "JPEG", progressive=True),
        "cmyk.jpg": saved(PICTURE.convert("CMYK"), "JPEG"),
        "names.jpg": jpeg_with_iptc(iptc("Ada"), bytes(16), xmp=xmp(notice="© Ada")),
        "two.mpo": saved(PICTURE, "MPO", save_all=True, append_images=[PICTURE]),
        "rgb.png": saved(PICTURE, "PNG", exif=_exif()),
        "names.png": png_with_texts(Author="Ada", **{"XML:com.adobe.xmp": xmp(notice="© Ada").decode()}),
        "palette.png": saved(PICTURE.quantize(16), "PNG", transparency=3),
        "animated.png": animated("PNG"),
        "lossy.webp": saved(PICTURE, "WEBP", exif=_exif()),
        "lossless.webp": saved(translucent, "WEBP", lossless=True),
        "animated.webp": animated("WEBP"),
        "still.gif": saved(PICTURE.quantize(16), "GIF", comment=b"a comment"),
        "animated.gif": animated("GIF", disposal=2),
        "raw.tif": saved(PICTURE, "TIFF"),
        "big.tif": saved(PICTURE, "TIFF", big_tiff=True),
        "lzw.tif": saved(PICTURE, "TIFF", compression="tiff_lzw"),
        "deflate.tif": saved(PICTURE, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tif": saved(PICTURE, "TIFF", compression="jpeg"),
        "group4.tif": saved(PICTURE.convert("1"), "TIFF", compression="group4"),
        "rgb.bmp": saved(PICTURE, "BMP"),
        "rle.bmp": RLE_BMP,
        "png.ico": saved(PICTURE.resize((16, 16)), "ICO", sizes=[(16, 16)]),
        "bmp.ico": saved(PICTURE.resize((16, 16)), "ICO", sizes=[(16, 16)], bitmap_format="bmp"),
        "boxed.jp2": saved(PICTURE, "JPEG2000"),
        "tiled.j2k": saved(PICTURE, "JPEG2000", no_jp2=True, tile_size=(8, 8), irreversible=True),
        "still.avif": saved(PICTURE, "AVIF", speed=10, exif=_exif()),
        "animated.avif": animated("AVIF", frames=2, speed=10),
        "turned.heic": heic(PICTURE, exif=_exif()),
        "clear.heic": heic(translucent),
        "two.heic": heic(PICTURE, PICTURE),
        "tiles.heic": heic(photo_like(20, 16), tile_size=16),
    }


# 4 x 2 pixels of two colours, run-length encoded: two runs, two line ends and the end of the bitmap.
RLE_BMP: Final = (
    b"BM"
    + (62 + 10).to_bytes(4, "little")
    + bytes(4)
    + (62).to_bytes(4, "little")
    + b"".join(
        value.to_bytes(size, "little")
        for value, size in [(40, 4), (4, 4), (2, 4), (1, 2), (8, 2), (1, 4), (10, 4), (0, 4), (0, 4), (2, 4), (2, 4)]
    )
    + b"\xff\x00\x00\x00\x00\xff\x00\x00"
    + b"\x04\x01\x00\x00\x04\x00\x00\x00\x00\x01"
)
