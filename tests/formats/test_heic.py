"""Every kind of HEIC that phones and cameras write is resized, and damaged ones are refused."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from resizer.cli.folder import FolderS3
from resizer.errors import Reason
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome, Report
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support.drawn import delta_e, disc, expected, profile_like, tagged_exif
from tests.support.forged import claiming
from tests.support.pictures import fast, heic, photo_like, psnr, saved

PICTURE = photo_like(800, 600)
GRAY = PICTURE.convert("L")
SMALL = Image.new("RGB", (64, 48), "red")
LIMITED = {"color_primaries": 1, "transfer_characteristics": 13, "matrix_coefficients": 1, "full_range_flag": 0}


def resized(
    data: bytes, folder: Path, name: str = "photo.heic", *, formats: tuple[str, ...] = ("source",), **settings: Any
) -> tuple[Report, dict[str, Image.Image]]:
    """The report, and the 480 pixel wide renditions by their keys."""
    (folder / name).write_bytes(data)
    settings_ = Settings(defaults=Rule.of_widths((480,), formats=formats), **settings)
    report = process(SourceObject("local", name), settings_, FolderS3({name: folder / name}, folder))
    return report, {each.plan.key: Image.open(folder / each.plan.key) for each in report.renditions}


def rendition(data: bytes, folder: Path, **settings: Any) -> Image.Image:
    """The only rendition of a picture, which must be resized without a warning."""
    report, images = resized(data, folder, **settings)
    assert (report.outcome, report.detail, report.warnings) == (Outcome.RESIZED, None, [])
    (only,) = images.values()
    return only


def deep(picture: Image.Image, **options: Any) -> bytes:
    """A HEIC of 10 bits a channel."""
    samples = np.ascontiguousarray(np.asarray(picture).astype(np.uint16) * 257)
    buffer = io.BytesIO()
    pillow_heif.encode(f"{picture.mode};16", picture.size, samples.tobytes(), buffer, enc_params=fast(), **options)
    assert pillow_heif.open_heif(buffer).info["bit_depth"] == 10
    return buffer.getvalue()


# Functions, so that each test makes only the file it needs.
KINDS: dict[str, Callable[[], tuple[bytes, Image.Image]]] = {
    "plain": lambda: (heic(PICTURE), PICTURE),
    "in tiles, as from phones": lambda: (heic(PICTURE, tile_size=512), PICTURE),
    "4:4:4": lambda: (heic(PICTURE, chroma=444), PICTURE),
    "4:2:2": lambda: (heic(PICTURE, chroma=422), PICTURE),
    "in limited range": lambda: (heic(PICTURE, **LIMITED), PICTURE),
    "gray": lambda: (heic(GRAY), GRAY),
    "10 bits": lambda: (deep(PICTURE), PICTURE),
    "10 bits at 4:2:2 in limited range, as from cameras": lambda: (deep(PICTURE, chroma=422, **LIMITED), PICTURE),
    "gray of 10 bits": lambda: (deep(GRAY), GRAY),
    "with thumbnails": lambda: (heic(PICTURE, thumbnails=[128, 512]), PICTURE),
    "the first of several": lambda: (heic(PICTURE, SMALL), PICTURE),
    "the primary one of several": lambda: (heic(SMALL, PICTURE, SMALL, primary=1), PICTURE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_jpeg(kind: str, tmp_path: Path) -> None:
    """Every kind of HEIC becomes a JPEG that looks like its primary picture."""
    data, picture = KINDS[kind]()
    result = rendition(data, tmp_path)
    assert (result.format, result.mode) == ("JPEG", picture.mode)
    assert psnr(result, expected(picture)) > 38


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_once(orientation: int, tmp_path: Path) -> None:
    """A picture with an orientation in its properties and in EXIF is turned once, and the tag is removed."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Ada Lovelace"
    data = heic(PICTURE, exif=exif.tobytes())
    assert (b"irot" in data or b"imir" in data) == (orientation > 1)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(PICTURE, "PNG", exif=exif.tobytes()))))
    result = rendition(data, tmp_path)
    assert psnr(result, expected(upright)) > 38
    assert dict(result.getexif()) == {ExifTags.Base.Artist: "Ada Lovelace"}


def test_exif_alone_does_not_turn_a_heic(tmp_path: Path) -> None:
    """Without an `irot` property EXIF's orientation is ignored, as HEIF demands and viewers do."""
    data = heic(PICTURE, exif=tagged_exif().tobytes())
    assert data.count(b"irot") == 1
    assert psnr(rendition(data.replace(b"irot", b"free"), tmp_path), expected(PICTURE)) > 38


def test_a_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    """A picture with a profile becomes sRGB, within 2 delta E of converting it at full size; the profile is removed."""
    profile = profile_like(1.8)
    result = rendition(heic(PICTURE, quality=95, icc_profile=profile), tmp_path, formats=("png",))
    converted = ImageCms.profileToProfile(
        PICTURE, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB", flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip
    assert converted
    assert "icc_profile" not in result.info
    assert delta_e(result, expected(converted)) < 2
    assert psnr(result, expected(PICTURE)) < 30  # there was something to convert


@pytest.mark.parametrize(("encode", "mode"), [(heic, "RGBA"), (heic, "LA"), (deep, "RGBA")])
def test_transparency_is_kept_without_dark_fringes(encode: Callable[..., bytes], mode: str, tmp_path: Path) -> None:
    """A picture with transparency becomes a PNG, transparent where it was, and hidden colours do not darken edges."""
    result = rendition(encode(disc(mode)), tmp_path)
    pixels = np.asarray(result)
    assert (result.format, result.mode) == ("PNG", "RGBA")
    assert pixels[5, 5, 3] <= 2
    assert tuple(pixels[240, 240]) == pytest.approx((240, 240, 240, 255), abs=4)
    assert pixels[pixels[..., 3] > 100][:, :3].min() > 205


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("copyright", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada"}),
        ("none", {}),
        ("all", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada", "Make": "Camera & Co"}),
    ],
)
def test_metadata_is_kept_as_configured(keep: str, kept: dict[str, str], tmp_path: Path) -> None:
    """Renditions keep author and copyright, nothing, or all but the orientation, as the setting says."""
    data = heic(PICTURE, exif=tagged_exif().tobytes(), xmp=b"<x:xmpmeta>GPS</x:xmpmeta>")
    result = rendition(data, tmp_path, keep_metadata=keep)
    exif = result.getexif()
    assert {ExifTags.TAGS[tag]: value for tag, value in exif.items() if isinstance(value, str)} == kept
    assert ExifTags.Base.Orientation not in exif
    assert bool(exif.get_ifd(ExifTags.IFD.GPSInfo)) == (keep == "all")
    assert "xmp" not in result.info


@pytest.mark.parametrize(
    ("name", "formats", "keys"),
    [
        ("photo.heic", ("source",), {"480-photo.heic": "JPEG"}),
        ("IMG_1.HEIC", ("source",), {"480-IMG_1.HEIC": "JPEG"}),
        ("photo.jpg", ("source",), {"480-photo.jpg": "JPEG"}),
        (
            "photo.heic",
            ("source", "webp", "avif"),
            {"480-photo.heic": "JPEG", "480-photo.heic.webp": "WEBP", "480-photo.heic.avif": "AVIF"},
        ),
    ],
)
def test_a_heic_of_any_name_becomes_a_jpeg(
    name: str, formats: tuple[str, ...], keys: dict[str, str], tmp_path: Path
) -> None:
    """A HEIC of any name becomes a JPEG under the same key; extra formats append their extension."""
    report, images = resized(heic(PICTURE), tmp_path, name, formats=formats)
    assert {key: image.format for key, image in images.items()} == {f"resized/{key}": of for key, of in keys.items()}
    assert all(each.plan.content_type == f"image/{each.plan.format.lower()}" for each in report.renditions)
    assert all(psnr(image.convert("RGB"), expected(PICTURE)) > 34 for image in images.values())


def test_a_huge_size_is_refused_before_decoding(tmp_path: Path) -> None:
    """A HEIC that claims more pixels than allowed is refused before its decoder runs."""
    report, _ = resized(claiming(60_000, 60_000, heic(PICTURE)), tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.TOO_MANY_PIXELS)


@pytest.mark.parametrize("size", [(4000, 3000), (600, 450), (1200, 899), (1, 1)])
def test_a_wrong_size_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    """A picture whose size differs from its `ispe` property is `corrupt`, and never distorted."""
    report, _ = resized(claiming(*size, heic(PICTURE)), tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.CORRUPT)
    assert report.detail
    assert "\n" not in report.detail


@pytest.mark.parametrize("options", [{}, {"tile_size": 512}])
@pytest.mark.parametrize("missing", [1, 1000, 0.5])
def test_a_cut_heic_is_truncated(options: dict[str, Any], missing: float, tmp_path: Path) -> None:
    """A HEIC that ends within its pixels is truncated, not corrupt, and no tile is silently left out."""
    data = heic(PICTURE, **options)
    cut = missing if missing >= 1 else len(data) * missing
    report, _ = resized(data[: -int(cut)], tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.TRUNCATED)


@pytest.mark.parametrize("options", [{}, {"tile_size": 512}])
@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_hole_is_corrupt(options: dict[str, Any], place: float, tmp_path: Path) -> None:
    """A HEIC with zeros over some of its data is refused: the decoder would show garbage there."""
    data = bytearray(heic(PICTURE, **options))
    at = int(len(data) * place)
    data[at : at + 300] = bytes(300)
    report, _ = resized(bytes(data), tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.CORRUPT)
