"""Every kind of image that people upload looks right: one line for each kind, with its file made in code."""

import io
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from resizer.errors import Reason
from resizer.report import Outcome
from tests.right_pictures.conftest import GRAY, PICTURE
from tests.support.drawn import expected, sixteen_bit_rgb_png, sixteen_bits
from tests.support.pictures import psnr, saved


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


def without_adobe(data: bytes) -> bytes:
    """A JPEG without the APP14 segment that Adobe's programs write."""
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def with_restarts(data: bytes) -> bytes:
    """A JPEG of the same picture with a restart marker after each row of blocks."""
    return saved(Image.open(io.BytesIO(data)), "JPEG", quality=90, restart_marker_rows=1)


def float_tiff(picture: Image.Image, top: float) -> bytes:
    return saved(Image.fromarray(np.asarray(picture, dtype=np.float32) / 255 * top), "TIFF")


def icon(picture: Image.Image) -> bytes:
    square = picture.resize((256, 256))
    return saved(square, "ICO", sizes=[(16, 16), (256, 256), (48, 48)])


def several(format_: str, second: Image.Image, **options: object) -> bytes:
    """A file of two pictures."""
    return saved(PICTURE, format_, save_all=True, append_images=[second], **options)


JPEG = saved(PICTURE, "JPEG", quality=95)
CMYK = saved(PICTURE.convert("CMYK"), "JPEG", quality=95)

# Functions, so that each test makes only the file it needs.
KINDS: dict[str, Callable[[], tuple[bytes, Image.Image, str]]] = {
    "JPEG": lambda: (JPEG, PICTURE, "JPEG"),
    "progressive JPEG": lambda: (saved(PICTURE, "JPEG", quality=95, progressive=True), PICTURE, "JPEG"),
    "JPEG 4:4:4": lambda: (saved(PICTURE, "JPEG", quality=95, subsampling="4:4:4"), PICTURE, "JPEG"),
    "JPEG 4:2:2": lambda: (saved(PICTURE, "JPEG", quality=95, subsampling="4:2:2"), PICTURE, "JPEG"),
    "JPEG with restarts": lambda: (with_restarts(JPEG), PICTURE, "JPEG"),
    "JPEG with garbage after": lambda: (JPEG + b"garbage" * 5000, PICTURE, "JPEG"),
    "JPEG with a comment and odd segments": lambda: (JPEG[:2] + b"\xff\xe5\x00\x06odd!" + JPEG[2:], PICTURE, "JPEG"),
    "MPO of two pictures": lambda: (several("MPO", GRAY.convert("RGB")), PICTURE, "JPEG"),
    "gray JPEG": lambda: (saved(GRAY, "JPEG", quality=95), GRAY, "JPEG"),
    "CMYK JPEG by Adobe": lambda: (CMYK, PICTURE, "JPEG"),
    "CMYK JPEG not by Adobe": lambda: (without_adobe(CMYK), PICTURE, "JPEG"),
    "CMYK TIFF": lambda: (saved(PICTURE.convert("CMYK"), "TIFF"), PICTURE, "JPEG"),
    "PNG": lambda: (saved(PICTURE, "PNG"), PICTURE, "PNG"),
    "gray PNG": lambda: (saved(GRAY, "PNG"), GRAY, "PNG"),
    "16-bit RGB PNG": lambda: (sixteen_bit_rgb_png(PICTURE), PICTURE, "PNG"),
    "16-bit gray PNG": lambda: (saved(sixteen_bits(GRAY), "PNG"), GRAY, "PNG"),
    "16-bit gray TIFF": lambda: (saved(sixteen_bits(GRAY), "TIFF"), GRAY, "JPEG"),
    "float TIFF to 1": lambda: (float_tiff(GRAY, 1.0), GRAY, "JPEG"),
    "1-bit PNG": lambda: (saved(GRAY.convert("1"), "PNG"), GRAY.convert("1").convert("L"), "PNG"),
    "palette PNG": lambda: (saved(PICTURE.quantize(200), "PNG"), PICTURE.quantize(200).convert("RGB"), "PNG"),
    "lossless WebP": lambda: (saved(PICTURE, "WEBP", lossless=True), PICTURE, "WEBP"),
    "GIF": lambda: (saved(PICTURE.quantize(64), "GIF"), PICTURE.quantize(64).convert("RGB"), "GIF"),
    "TIFF of several pages": lambda: (several("TIFF", Image.new("RGB", (40, 30))), PICTURE, "JPEG"),
    "LZW TIFF": lambda: (saved(PICTURE, "TIFF", compression="tiff_lzw"), PICTURE, "JPEG"),
    "BMP": lambda: (saved(PICTURE, "BMP"), PICTURE, "JPEG"),
    "JPEG 2000": lambda: (saved(PICTURE, "JPEG2000", quality_mode="dB", quality_layers=[45]), PICTURE, "JPEG"),
    "AVIF": lambda: (saved(PICTURE, "AVIF", quality=95, speed=9), PICTURE, "JPEG"),
    "AVIF of several pictures": lambda: (
        several("AVIF", ImageOps.invert(PICTURE), quality=95, speed=9),
        PICTURE,
        "JPEG",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_looks_right(kind: str, resize: Any) -> None:
    """Each kind of image gives a rendition that looks like it, in the right format."""
    data, picture, format_ = KINDS[kind]()
    report, rendition = resize(data)
    assert (report.outcome, rendition.format) == (Outcome.RESIZED, format_)
    assert psnr(rendition.convert("RGB"), expected(picture.convert("RGB"))) > 29


def test_ycck_becomes_cmyk_before_rgb(resize: Any) -> None:
    """A YCCK JPEG is converted to CMYK before RGB, so neutral gray stays neutral."""
    gray = Image.merge("CMYK", [Image.new("L", (600, 400), ink) for ink in (128, 128, 128, 64)])
    data = bytearray(saved(gray, "JPEG", quality=95))
    at = data.index(b"Adobe") + 11
    assert data[at] == 0
    data[at] = 2  # YCCK: luma 127 and both chromas 127, because CMYK is stored inverted
    _, rendition = resize(bytes(data))
    red, green, blue = rendition.getpixel((200, 100))
    assert max(red, green, blue) - min(red, green, blue) <= 4
    assert abs(red - (255 - 128) * (255 - 64) // 255) <= 5


def test_the_largest_picture_of_an_icon_is_resized(resize: Any) -> None:
    """The largest picture of an icon is resized."""
    _, rendition = resize(icon(PICTURE))
    assert rendition.size == (256, 256)


@pytest.mark.parametrize(
    ("size", "rendition_size"),
    [((1, 1), (1, 1)), ((3, 700), (3, 700)), ((1, 20_000), (1, 20_000)), ((20_000, 1), (480, 1)), ((600, 1), (480, 1))],
)
def test_extreme_shapes_have_at_least_a_pixel(
    size: tuple[int, int], rendition_size: tuple[int, int], resize: Any
) -> None:
    """The rendition of even the thinnest picture is at least one pixel wide and high, and never enlarged."""
    _, rendition = resize(saved(Image.new("RGB", size, "teal"), "PNG"))
    assert rendition.size == rendition_size


@pytest.mark.parametrize("name", ["photo.jpg", "photo"])
def test_the_bytes_decide_the_format(name: str, resize: Any) -> None:
    """A PNG of any name stays a PNG: the key follows from the name, and the content type from the bytes."""
    report, rendition = resize(saved(PICTURE, "PNG"), name=name)
    assert rendition.format == "PNG"
    assert report.renditions[0].plan.key == f"resized/480-{name}"
    assert report.renditions[0].plan.content_type == "image/png"


UNSUPPORTED = {
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "SVG with a declaration": b"<?xml version='1.0'?>\n<svg/>",
    "SVG of Inkscape": b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- Created with Inkscape '
    b'(http://www.inkscape.org/) -->\n\n<svg\n   width="210mm"\n   height="297mm"',
    "SVG with a document type": b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/'
    b'DTD/svg11.dtd">\n<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
    "SVG in UTF-16": "<?xml version='1.0' encoding='UTF-16'?><svg/>".encode("utf-16"),
    "PDF": b"%PDF-1.7\n",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "PSD": b"8BPS\x00\x01",
    "JPEG XL": b"\xff\x0a\xfa\x1f\x01",
    "MP4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2",
    "MP4, version 2": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    "QuickTime": b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ",
    "WebM": b"\x1aE\xdf\xa3\x01\x00",
    "AVI": b"RIFF\x00\x00\x00\x00AVI LIST",
    "QuickTime of old": b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat",
    "MPEG": b"\x00\x00\x01\xb3\x16\x01",
    "MPEG transport stream": (b"\x47" + bytes(187)) * 8,
    "FLV": b"FLV\x01\x05",
    "WMV": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9",
    "Ogg": b"OggS\x00\x02",
}


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_other_kinds_are_unsupported(kind: str, resize: Any) -> None:
    """Other kinds of files are refused as `unsupported_format`, and the detail says what they are."""
    report, rendition = resize(UNSUPPORTED[kind])
    assert (report.outcome, report.reason, rendition) == (Outcome.REJECTED, Reason.UNSUPPORTED_FORMAT, None)
    assert kind.split(maxsplit=1)[0] in report.detail or "video" in report.detail or "PostScript" in report.detail


def test_a_missing_pillow_heif_is_reported(resize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pillow-heif a HEIC is refused as `heic_not_installed`, and the detail says what to install."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    report, _ = resize(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100))
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.HEIC_NOT_INSTALLED)
    assert 'pip install ".[heic]"' in report.detail
