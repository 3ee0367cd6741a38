"""Every kind of image that people upload comes out as it looks: one line a kind, its file made in code."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageDraw, ImageOps

from resizer.errors import Reason
from resizer.local.folder import FolderS3
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome, Report
from resizer.settings import Settings
from tests.bombs import chunk
from tests.pictures import photo_like, psnr, saved
from tests.rights_blocks import PRIVATE, WITH_IPTC, WITH_XMP, iptc, xmp

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURE = photo_like(1200, 900)
SETTINGS = Settings(widths=(480,))
GRAY = PICTURE.convert("L")


@pytest.fixture
def resize(tmp_path: Path) -> Callable[..., tuple[Report, Image.Image | None]]:
    """Resizes the bytes of a file; gives the report, and the 480 pixel rendition where there is one."""

    def run(data: bytes, settings: Settings = SETTINGS, name: str = "picture") -> tuple[Report, Image.Image | None]:
        source = tmp_path / name
        source.write_bytes(data)
        report = process(SourceObject("local", name), settings, FolderS3({name: source}, tmp_path))
        made = tmp_path / report.renditions[0].plan.key if report.renditions else None
        return report, Image.open(made) if made else None

    return run


def expected(picture: Image.Image) -> Image.Image:
    """The picture at 480 pixels by one Lanczos step."""
    return picture.resize((480, round(480 * picture.height / picture.width)), Image.Resampling.LANCZOS)


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


def without_adobe(data: bytes) -> bytes:
    """A JPEG whose APP14 segment, by which Adobe's inverted CMYK is known, has been cut out."""
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def with_restarts(data: bytes) -> bytes:
    """A JPEG of the same picture with a restart marker after each row of blocks."""
    return saved(Image.open(io.BytesIO(data)), "JPEG", quality=90, restart_marker_rows=1)


def sixteen_bit_rgb_png(picture: Image.Image) -> bytes:
    """A PNG of 16 bits a channel, which Pillow cannot write: rows of big-endian samples without a filter."""
    samples = (np.asarray(picture).astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 16, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def float_tiff(picture: Image.Image, top: float) -> bytes:
    return saved(Image.fromarray(np.asarray(picture, dtype=np.float32) / 255 * top), "TIFF")


def sixteen_bits(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)


def icon(picture: Image.Image) -> bytes:
    square = picture.resize((256, 256))
    return saved(square, "ICO", sizes=[(16, 16), (256, 256), (48, 48)])


JPEG = saved(PICTURE, "JPEG", quality=95)
CMYK = saved(PICTURE.convert("CMYK"), "JPEG", quality=95)
NEGATIVE = Image.merge("CMYK", [ImageOps.invert(ink) for ink in PICTURE.convert("CMYK").split()])
SEVERAL_PAGES = saved(PICTURE, "TIFF", save_all=True, append_images=[Image.new("RGB", (40, 30))])
SEVERAL_AVIF = saved(PICTURE, "AVIF", quality=95, speed=9, save_all=True, append_images=[ImageOps.invert(PICTURE)])

LOOK_ALIKE: dict[str, tuple[bytes, Image.Image, str]] = {
    "JPEG": (JPEG, PICTURE, "JPEG"),
    "progressive JPEG": (saved(PICTURE, "JPEG", quality=95, progressive=True), PICTURE, "JPEG"),
    "JPEG 4:4:4": (saved(PICTURE, "JPEG", quality=95, subsampling="4:4:4"), PICTURE, "JPEG"),
    "JPEG 4:2:2": (saved(PICTURE, "JPEG", quality=95, subsampling="4:2:2"), PICTURE, "JPEG"),
    "JPEG with restarts": (with_restarts(JPEG), PICTURE, "JPEG"),
    "JPEG with garbage behind": (JPEG + b"garbage" * 5000, PICTURE, "JPEG"),
    "JPEG with a comment and odd segments": (JPEG[:2] + b"\xff\xe5\x00\x06odd!" + JPEG[2:], PICTURE, "JPEG"),
    "MPO of two pictures": (saved(PICTURE, "MPO", save_all=True, append_images=[GRAY.convert("RGB")]), PICTURE, "JPEG"),
    "gray JPEG": (saved(GRAY, "JPEG", quality=95), GRAY, "JPEG"),
    "CMYK JPEG by Adobe": (CMYK, PICTURE, "JPEG"),
    "CMYK JPEG not by Adobe": (without_adobe(saved(NEGATIVE, "JPEG", quality=95)), PICTURE, "JPEG"),
    "CMYK TIFF": (saved(PICTURE.convert("CMYK"), "TIFF"), PICTURE, "JPEG"),
    "PNG": (saved(PICTURE, "PNG"), PICTURE, "PNG"),
    "gray PNG": (saved(GRAY, "PNG"), GRAY, "PNG"),
    "16-bit RGB PNG": (sixteen_bit_rgb_png(PICTURE), PICTURE, "PNG"),
    "16-bit gray PNG": (saved(sixteen_bits(GRAY), "PNG"), GRAY, "PNG"),
    "16-bit gray TIFF": (saved(sixteen_bits(GRAY), "TIFF"), GRAY, "JPEG"),
    "float TIFF to 1": (float_tiff(GRAY, 1.0), GRAY, "JPEG"),
    "1-bit PNG": (saved(GRAY.convert("1"), "PNG"), GRAY.convert("1").convert("L"), "PNG"),
    "palette PNG": (saved(PICTURE.quantize(200), "PNG"), PICTURE.quantize(200).convert("RGB"), "PNG"),
    "lossless WebP": (saved(PICTURE, "WEBP", lossless=True), PICTURE, "WEBP"),
    "GIF": (saved(PICTURE.quantize(64), "GIF"), PICTURE.quantize(64).convert("RGB"), "GIF"),
    "TIFF of several pages": (SEVERAL_PAGES, PICTURE, "JPEG"),
    "LZW TIFF": (saved(PICTURE, "TIFF", compression="tiff_lzw"), PICTURE, "JPEG"),
    "BMP": (saved(PICTURE, "BMP"), PICTURE, "JPEG"),
    "JPEG 2000": (saved(PICTURE, "JPEG2000", quality_mode="dB", quality_layers=[45]), PICTURE, "JPEG"),
    "AVIF": (saved(PICTURE, "AVIF", quality=95, speed=9), PICTURE, "JPEG"),
    "AVIF of several pictures": (SEVERAL_AVIF, PICTURE, "JPEG"),
}


@pytest.mark.parametrize("kind", LOOK_ALIKE)
def test_every_kind_comes_out_as_it_looks(kind: str, resize: Any) -> None:
    """Each kind of image gives a rendition that looks like it, in the format that it should have."""
    data, picture, format_ = LOOK_ALIKE[kind]
    report, rendition = resize(data)
    assert (report.outcome, rendition.format) == (Outcome.RESIZED, format_)
    assert psnr(rendition.convert("RGB"), expected(picture.convert("RGB"))) > 29


def test_ycck_is_read_as_the_inks_that_it_is(resize: Any) -> None:
    """A JPEG marked as YCCK is taken back to CMYK before it becomes RGB: neutral gray stays neutral."""
    gray = Image.merge("CMYK", [Image.new("L", (600, 400), ink) for ink in (128, 128, 128, 64)])
    data = bytearray(saved(gray, "JPEG", quality=95))
    at = data.index(b"Adobe") + 11
    assert data[at] == 0
    data[at] = 2  # the transform that says YCCK: luma 127 and both chromas 127, as stored inverted
    _, rendition = resize(bytes(data))
    red, green, blue = rendition.getpixel((200, 100))
    assert max(red, green, blue) - min(red, green, blue) <= 4
    assert abs(red - (255 - 128) * (255 - 64) // 255) <= 5


def test_the_largest_picture_of_an_icon_is_taken(resize: Any) -> None:
    """Of an icon's pictures the largest is resized."""
    _, rendition = resize(icon(PICTURE))
    assert rendition.size == (256, 256)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_stands_upright(orientation: int, format_: str, resize: Any) -> None:
    """Whatever the orientation tag says, the rendition stands upright, and no tag is left."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    source = Image.open(io.BytesIO(saved(PICTURE, format_, exif=exif.tobytes())))
    _, rendition = resize(saved(PICTURE, format_, exif=exif.tobytes()))
    upright = ImageOps.exif_transpose(source) if format_ != "TIFF" else source
    assert psnr(rendition.convert("RGB"), expected(upright.convert("RGB"))) > 29
    assert ExifTags.Base.Orientation not in rendition.getexif()


TRANSPARENT = {
    "RGBA PNG": ("PNG", "RGBA"),
    "gray and alpha PNG": ("PNG", "LA"),
    "palette PNG": ("PNG", "P"),
    "WebP": ("WEBP", "RGBA"),
    "GIF": ("GIF", "RGBA"),
    "TIFF": ("TIFF", "RGBA"),
    "AVIF": ("AVIF", "RGBA"),
}


def disc(mode: str) -> Image.Image:
    """A light disc on nothing, where nothing has black pixels under it."""
    image = Image.new("RGBA", (800, 800), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((100, 100, 700, 700), fill=(240, 240, 240, 255))
    return image.convert(mode) if mode != "P" else image.quantize(16)


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_transparency_is_kept_without_dark_fringes(kind: str, resize: Any) -> None:
    """What is transparent stays so, and no edge takes colour from the black that lies under nothing."""
    format_, mode = TRANSPARENT[kind]
    report, rendition = resize(saved(disc(mode), format_, **({"lossless": True} if format_ == "WEBP" else {})))
    pixels = np.asarray(rendition.convert("RGBA"))
    assert rendition.format == ("PNG" if format_ in {"TIFF", "AVIF"} else format_)
    assert pixels[5, 5, 3] == 0
    assert tuple(pixels[240, 240]) == pytest.approx((240, 240, 240, 255), abs=4)
    assert pixels[pixels[..., 3] > 100][:, :3].min() > 215
    assert report.outcome is Outcome.RESIZED


def test_jpeg_shows_white_behind_transparency(resize: Any) -> None:
    """Where a transparent picture is written as JPEG, white lies behind it and never black."""
    _, rendition = resize(saved(disc("RGBA"), "PNG"), Settings(widths=(480,), formats=("jpeg",)))
    assert rendition.format == "JPEG"
    assert min(rendition.getpixel((5, 5))) > 250
    assert np.asarray(rendition).min() > 200


@pytest.mark.parametrize(
    ("size", "rendition_size"),
    [((1, 1), (1, 1)), ((3, 700), (3, 700)), ((1, 20_000), (1, 20_000)), ((20_000, 1), (480, 1)), ((600, 1), (480, 1))],
)
def test_extreme_shapes_have_at_least_a_pixel(
    size: tuple[int, int], rendition_size: tuple[int, int], resize: Any
) -> None:
    """However thin a picture, its rendition has at least one pixel each way and is never enlarged."""
    _, rendition = resize(saved(Image.new("RGB", size, "teal"), "PNG"))
    assert rendition.size == rendition_size


@pytest.mark.parametrize(("name", "key"), [("photo.jpg", "480-photo.jpg.png"), ("photo", "480-photo.png")])
def test_the_bytes_decide_and_not_the_name(name: str, key: str, resize: Any) -> None:
    """A PNG under any name stays a PNG, and its key and type say so."""
    report, rendition = resize(saved(PICTURE, "PNG"), name=name)
    assert rendition.format == "PNG"
    assert report.renditions[0].plan.key == f"resized/{key}"
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
    "MP4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2",
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
def test_other_kinds_are_refused_by_name(kind: str, resize: Any) -> None:
    """What is no picture of ours is refused as `unsupported_format`, in words that say what it is."""
    report, rendition = resize(UNSUPPORTED[kind])
    assert (report.outcome, report.reason, rendition) == (Outcome.REJECTED, Reason.UNSUPPORTED_FORMAT, None)
    assert kind.split(maxsplit=1)[0] in report.detail or "video" in report.detail or "PostScript" in report.detail


def test_heic_says_what_to_install(resize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pillow-heif a HEIC is refused as `heic_not_installed`, with what to do."""
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    report, _ = resize(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100))
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.HEIC_NOT_INSTALLED)
    assert "resizer[heic]" in report.detail


def profile_like(gamma: float) -> bytes:
    """A colour profile of sRGB's own primaries with another gamma, as a calibrated monitor's may be.

    Made from littlecms's sRGB by putting one gamma in the place of its three tone curves (ICC.1:2022, 10.18).
    """
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    for number in range(count):
        at = 132 + 12 * number
        name, offset = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "big")
        if name in {b"rTRC", b"gTRC", b"bTRC"}:
            data[offset : offset + 14] = b"curv\0\0\0\0\0\0\0\x01" + round(gamma * 256).to_bytes(2, "big")
    return bytes(data)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_profiles_are_converted_to_srgb(format_: str, resize: Any) -> None:
    """A picture with a profile comes out in sRGB within 2 delta E of converting all of it, and without the profile."""
    profile = profile_like(1.8)
    data = saved(
        PICTURE, format_, icc_profile=profile, **({"lossless": True} if format_ == "WEBP" else {"quality": 98})
    )
    rendition = resize(data, Settings(widths=(480,), formats=("png",)))[1]
    whole = Image.open(io.BytesIO(data)).convert("RGB")
    srgb = ImageCms.createProfile("sRGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(
        whole, source, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip
    assert "icc_profile" not in rendition.info
    assert converted
    assert delta_e(rendition, expected(converted)) < 2
    assert psnr(rendition.convert("RGB"), expected(whole)) < 30  # there was something to convert


def delta_e(one: Image.Image, other: Image.Image) -> float:
    """The mean distance of two sRGB pictures' colours in CIELAB (CIE 1976)."""
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    labs = [np.asarray(ImageCms.applyTransform(each.convert("RGB"), to_lab)).astype(float) for each in (one, other)]
    for lab in labs:
        lab[..., 0] *= 100 / 255
        lab[..., 1:] = (lab[..., 1:] + 128) % 256
    return float(np.sqrt(((labs[0] - labs[1]) ** 2).sum(axis=-1)).mean())


@pytest.mark.parametrize("profile", [b"no profile at all", profile_like(1.8)[:300]])
def test_a_broken_profile_is_ignored_with_a_warning(profile: bytes, resize: Any) -> None:
    """A profile that cannot be read costs a warning and not the picture."""
    report, rendition = resize(saved(PICTURE, "JPEG", quality=95, icc_profile=profile))
    assert report.outcome is Outcome.RESIZED
    assert psnr(rendition, expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)


def grey_profile(gamma: float) -> bytes:
    """A colour profile for grey with a gamma, as scanners bring it (ICC.1:2022, 7.2 and 8.3)."""
    white = struct.pack(">3I", 63_190, 65_536, 54_061)  # D50
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(79),
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"kTRC": b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0),
        b"cprt": b"text" + bytes(8),
    }
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data
    head = struct.pack(">I", 128 + len(table) + len(body)) + b"lcms\2\x10\0\0mntrGRAYXYZ " + bytes(12) + b"acspAPPL"
    return (head + bytes(24) + bytes(4) + white).ljust(128, b"\0") + table + body


@pytest.mark.parametrize("kind", ["L", "LA", "tRNS"])
def test_a_profile_for_grey_counts_with_transparency_too(kind: str, resize: Any) -> None:
    """Grey of linear light comes out as sRGB shows it, with or without transparency, which stays as it was."""
    grey = Image.new("LA" if kind == "LA" else "L", (960, 480), (100, 255) if kind == "LA" else 100)
    grey.paste((5, 0) if kind == "LA" else 5, (0, 0, 480, 480))
    options = {"transparency": 5} if kind == "tRNS" else {}
    report, rendition = resize(saved(grey, "PNG", icc_profile=grey_profile(1.0), **options))
    assert not report.warnings
    assert rendition.convert("RGBA").getpixel((400, 100)) == pytest.approx((168, 168, 168, 255), abs=1)
    assert rendition.convert("RGBA").getpixel((50, 100))[3] == (255 if kind == "L" else 0)


def test_a_profile_for_grey_is_ignored_with_colours(resize: Any) -> None:
    """A profile for grey says nothing of colours: they stay, and a warning tells of it."""
    picture = PICTURE.convert("RGBA")
    report, rendition = resize(saved(picture, "PNG", icc_profile=grey_profile(1.0)))
    assert psnr(rendition.convert("RGB"), expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)


def with_delays(data: bytes, seconds: int) -> bytes:
    """An animated PNG of which each frame is shown for so long."""
    changed, at = bytearray(data), 0
    while (at := changed.find(b"fcTL", at + 1)) > 0:
        changed[at + 24 : at + 28] = struct.pack(">HH", seconds, 1)
        changed[at + 30 : at + 34] = struct.pack(">I", zlib.crc32(changed[at : at + 30]))
    return bytes(changed)


@pytest.mark.parametrize("format_", ["png", "webp", "avif"])
def test_frames_may_be_shown_for_hours(format_: str, resize: Any) -> None:
    """An animation whose frames are shown for longer than a format can is an animation in that format all the same."""
    data = with_delays(animation("PNG"), 60_000)
    report, rendition = resize(data, Settings(widths=(480,), formats=(format_,)))
    assert (report.outcome, rendition.n_frames) == (Outcome.RESIZED, 4)


def test_a_gif_plays_as_often_in_another_format(resize: Any) -> None:
    """A GIF that plays four times is a WebP that does, though each counts them in its own way."""
    _, rendition = resize(animation("GIF", loop=3), Settings(widths=(480,), formats=("webp",)))
    assert rendition.info["loop"] == 4


def animation(format_: str, **options: Any) -> bytes:
    frames = [Image.new("RGBA", (600, 400), (0, 0, 0, 0)) for _ in range(4)]
    for number, frame in enumerate(frames):
        ImageDraw.Draw(frame).rectangle((number * 150, 100, number * 150 + 140, 300), fill=(200, 40 * number, 90, 255))
    options = {"duration": [100, 200, 300, 400], "loop": 3, "disposal": 2, **options}
    return saved(frames[0], format_, save_all=True, append_images=frames[1:], **options)


def frames_of(image: Image.Image) -> list[tuple[float, Image.Image]]:
    shown = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        composed = image.convert("RGBA")
        shown.append((image.info.get("duration", 0), composed))
    return shown


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_animations_stay_animations(format_: str, resize: Any) -> None:
    """Every frame comes out as it is shown, for as long, as often, with what one frame leaves to the next."""
    data = animation(format_, **({"lossless": True} if format_ == "WEBP" else {}))
    _, rendition = resize(data)
    before, after = frames_of(Image.open(io.BytesIO(data))), frames_of(rendition)
    assert rendition.format == format_
    assert [duration for duration, _ in after] == [duration for duration, _ in before]
    assert rendition.info["loop"] == Image.open(io.BytesIO(data)).info["loop"]
    for (_, was), (_, now) in zip(before, after, strict=True):
        small = was.resize(now.size, Image.Resampling.LANCZOS)
        backdrop = Image.new("RGBA", now.size, "white")
        one, other = (Image.alpha_composite(backdrop, each).convert("RGB") for each in (small, now))
        assert psnr(one, other) > 27


def test_an_animation_past_the_pixel_budget_is_refused(resize: Any) -> None:
    """An animation whose frames together exceed the budget is refused, never made a still."""
    report, _ = resize(animation("GIF"), Settings(widths=(480,), max_pixels=600 * 400 * 4 - 1))
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.TOO_MANY_PIXELS)


def tagged_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada Lovelace"
    exif[ExifTags.Base.Copyright] = "(c) 2026 Ada"
    exif[ExifTags.Base.Make] = "Camera & Co"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 12.0)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"secret serial number"
    return exif


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("keep", "left"),
    [
        ("copyright", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada"}),
        ("none", {}),
        ("all", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada", "Make": "Camera & Co"}),
    ],
)
def test_privacy_by_default(format_: str, keep: str, left: dict[str, str], resize: Any) -> None:
    """Of the metadata only who made the picture stays, or nothing, or all but the orientation, as was chosen."""
    data = saved(PICTURE, format_, exif=tagged_exif().tobytes(), xmp=b"<x:xmpmeta>GPS</x:xmpmeta>")
    _, rendition = resize(data, Settings(widths=(480,), keep_metadata=keep))
    exif = rendition.getexif()
    texts = {ExifTags.TAGS[tag]: value for tag, value in exif.items() if isinstance(value, str)}
    assert texts == left
    assert ExifTags.Base.Orientation not in exif
    assert bool(exif.get_ifd(ExifTags.IFD.GPSInfo)) == (keep == "all")


WITH_NAMES = WITH_XMP | {f"{name} with IPTC": make for name, make in WITH_IPTC.items()}


@pytest.mark.parametrize("name", WITH_NAMES)
@pytest.mark.parametrize("keep", ["copyright", "none", "all"])
def test_names_stay_wherever_they_were_written(name: str, keep: str, resize: Any) -> None:
    """Who made a picture and who holds its rights stays though EXIF does not tell; where and of whom it is does not."""
    block = xmp("Zoë", "© Zoë") if name in WITH_XMP else iptc("Zoë", "© Zoë")
    settings = Settings(widths=(480,), keep_metadata=keep, formats=("source", "webp", "avif"))
    report, rendition = resize(WITH_NAMES[name](block), settings)
    made = list(Path(rendition.filename).parent.iterdir())
    assert len(made) == len(report.renditions) == (2 if name == "WebP" else 3)
    for path in made:
        exif = Image.open(path).getexif()
        texts = [exif.get(tag, "").encode("latin-1").decode() for tag in (0x013B, 0x8298)]
        assert texts == (["", ""] if keep == "none" else ["Zoë", "© Zoë"])
        assert len(exif) == (0 if keep == "none" else 2)
        assert not [text for text in (*PRIVATE, "rdf:", "8BIM") if text.encode() in path.read_bytes()]


def with_exif_behind(data: bytes, exif: bytes, *chunks: bytes) -> bytes:
    """A PNG with its EXIF behind the pixels, and chunks before that."""
    end = data.rindex(b"IEND") - 4
    return data[:end] + b"".join(chunks) + chunk(b"eXIf", exif[6:]) + data[end:]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_behind_the_pixels_of_a_png_turns_it(orientation: int, resize: Any) -> None:
    """A PNG that tells its orientation and its author behind its pixels stands upright, and keeps the author."""
    exif = tagged_exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = with_exif_behind(saved(PICTURE, "PNG"), exif.tobytes(), chunk(b"tEXt", b"Comment\0" + b"text" * 1000))
    report, rendition = resize(data)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(PICTURE, "PNG", exif=exif.tobytes()))))
    assert psnr(rendition, expected(upright)) > 38
    assert (report.renditions[0].plan.width, report.renditions[0].plan.height) == rendition.size
    assert rendition.getexif()[ExifTags.Base.Artist] == "Ada Lovelace"
    assert ExifTags.Base.Orientation not in rendition.getexif()


TEXT_BEHIND = chunk(b"tEXt", "Author\0Zoë".encode("latin-1")) + chunk(
    b"iTXt", "Copyright\0\0\0en\0Rights\0© Zoë".encode()
)


@pytest.mark.parametrize("with_exif", [False, True])
@pytest.mark.parametrize(
    "behind",
    [
        TEXT_BEHIND,
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp("Zoë", "© Zoë")),
        chunk(b"tIME", bytes(7)) + chunk(b"tEXt", b"date:create\0today") + TEXT_BEHIND,
    ],
)
def test_names_behind_the_pixels_of_a_png_stay(behind: bytes, with_exif: bool, resize: Any) -> None:  # noqa: FBT001 # a parameter of the test
    """XMP and texts behind the pixels, where exiftool and ImageMagick write them, tell who made the picture."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    data = saved(PICTURE, "PNG", exif=exif) if with_exif else saved(PICTURE, "PNG")
    end = data.rindex(b"IEND") - 4
    _, rendition = resize(data[:end] + behind + data[end:])
    texts = [rendition.getexif()[tag].encode("latin-1").decode() for tag in (0x013B, 0x8298)]
    assert texts == ["Zoë", "© Zoë"]


@pytest.mark.parametrize(
    "behind",
    [
        chunk(b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(bytes(60_000_000), 9)[:60_000]),
        chunk(b"iTXt", b"Author"),
        chunk(b"iTXt", b"Author\0\0"),
        chunk(b"tEXt", b"\0Author"),
        chunk(b"tEXt", b"transparency\0all") + chunk(b"tEXt", b"exif\0none"),
        struct.pack(">I4s", 60_000, b"tEXt") + b"Author\0Ada",
    ],
)
def test_odd_texts_behind_the_pixels_of_a_png_are_passed_over(behind: bytes, resize: Any) -> None:
    """Compressed, damaged and cut texts, and those that would pass for something else, change nothing."""
    data = saved(PICTURE, "PNG")
    end = data.rindex(b"IEND") - 4
    report, rendition = resize(data[:end] + behind + data[end:])
    assert (report.outcome, report.warnings) == (Outcome.RESIZED, ())
    assert not rendition.getexif()


@pytest.mark.parametrize(
    "flood", [chunk(b"tEXt", b"k\0v") * 1000, chunk(b"IDAT") * 1000, chunk(b"prVt", bytes(100_000))]
)
def test_a_flood_behind_the_pixels_of_a_png_is_not_waded_through(flood: bytes, resize: Any) -> None:
    """EXIF behind more than honest files have there is not looked for, and the picture is resized as it lies."""
    report, rendition = resize(with_exif_behind(saved(PICTURE, "PNG"), tagged_exif().tobytes(), flood))
    assert (report.outcome, rendition.size) == (Outcome.RESIZED, (480, 360))


@pytest.mark.parametrize("kept", range(0, 60, 7))
def test_a_png_that_ends_behind_its_pixels_is_whole(kept: int, resize: Any) -> None:
    """Wherever a PNG ends behind its pixels, they are all there, and it is resized."""
    plain = saved(PICTURE, "PNG")
    end = plain.rindex(b"IEND") - 4
    report, _ = resize(with_exif_behind(plain, tagged_exif().tobytes())[: end + kept])
    assert report.outcome is Outcome.RESIZED
