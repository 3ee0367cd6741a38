"""HEIC, as phones take their pictures: each kind comes out as it looks, and none harms."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from resizer.cli.folder import FolderS3
from resizer.errors import Reason
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support.drawn import delta_e, disc, expected, profile_like, tagged_exif
from tests.support.pictures import fast, heic, photo_like, psnr, saved

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from resizer.report import Report

PICTURE = photo_like(800, 600)
GRAY = PICTURE.convert("L")
SMALL = Image.new("RGB", (64, 48), "red")
LIMITED = {"color_primaries": 1, "transfer_characteristics": 13, "matrix_coefficients": 1, "full_range_flag": 0}


def resized(
    data: bytes, folder: Path, name: str = "photo.heic", *, formats: tuple[str, ...] = ("source",), **settings: Any
) -> tuple[Report, dict[str, Image.Image]]:
    """The report, and the renditions by their keys, of 480 pixels where nothing else is said."""
    (folder / name).write_bytes(data)
    settings_ = Settings(defaults=Rule.of_widths((480,), formats=formats), **settings)
    report = process(SourceObject("local", name), settings_, FolderS3({name: folder / name}, folder))
    return report, {made.plan.key: Image.open(folder / made.plan.key) for made in report.renditions}


def rendition(data: bytes, folder: Path, **settings: Any) -> Image.Image:
    """The one rendition of a picture, which is resized."""
    report, made = resized(data, folder, **settings)
    assert (report.outcome, report.detail, report.warnings) == (Outcome.RESIZED, None, [])
    (only,) = made.values()
    return only


def deep(picture: Image.Image, **options: Any) -> bytes:
    """A HEIC of 10 bits a channel."""
    samples = np.ascontiguousarray(np.asarray(picture).astype(np.uint16) * 257)
    buffer = io.BytesIO()
    pillow_heif.encode(f"{picture.mode};16", picture.size, samples.tobytes(), buffer, enc_params=fast(), **options)
    assert pillow_heif.open_heif(buffer).info["bit_depth"] == 10
    return buffer.getvalue()


def claiming(width: int, height: int, data: bytes) -> bytes:
    """A HEIC whose properties claim another size than its picture has."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


# Each file is drawn by the test that needs it.
LOOK_ALIKE: dict[str, Callable[[], tuple[bytes, Image.Image]]] = {
    "plain": lambda: (heic(PICTURE), PICTURE),
    "in tiles, as phones have it": lambda: (heic(PICTURE, tile_size=512), PICTURE),
    "4:4:4": lambda: (heic(PICTURE, chroma=444), PICTURE),
    "4:2:2": lambda: (heic(PICTURE, chroma=422), PICTURE),
    "in limited range": lambda: (heic(PICTURE, **LIMITED), PICTURE),
    "gray": lambda: (heic(GRAY), GRAY),
    "10 bits": lambda: (deep(PICTURE), PICTURE),
    "10 bits at 4:2:2 in limited range, as cameras have it": lambda: (deep(PICTURE, chroma=422, **LIMITED), PICTURE),
    "gray of 10 bits": lambda: (deep(GRAY), GRAY),
    "with thumbnails": lambda: (heic(PICTURE, thumbnails=[128, 512]), PICTURE),
    "the first of several": lambda: (heic(PICTURE, SMALL), PICTURE),
    "the primary one of several": lambda: (heic(SMALL, PICTURE, SMALL, primary=1), PICTURE),
}


@pytest.mark.parametrize("kind", LOOK_ALIKE)
def test_every_kind_comes_out_as_it_looks(kind: str, tmp_path: Path) -> None:
    """Each kind of HEIC gives a JPEG that looks like its main picture."""
    data, picture = LOOK_ALIKE[kind]()
    made = rendition(data, tmp_path)
    assert (made.format, made.mode) == ("JPEG", picture.mode)
    assert psnr(made, expected(picture)) > 38


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_stands_upright_once(orientation: int, tmp_path: Path) -> None:
    """A picture that is turned by its properties, and says so in EXIF too, is turned once, and no tag is left."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Ada Lovelace"
    data = heic(PICTURE, exif=exif.tobytes())
    assert (b"irot" in data or b"imir" in data) == (orientation > 1)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(PICTURE, "PNG", exif=exif.tobytes()))))
    made = rendition(data, tmp_path)
    assert psnr(made, expected(upright)) > 38
    assert dict(made.getexif()) == {ExifTags.Base.Artist: "Ada Lovelace"}


def test_exif_alone_does_not_turn_a_heic(tmp_path: Path) -> None:
    """Without the property that turns it a picture lies as viewers show it: HEIF gives EXIF no say in that."""
    data = heic(PICTURE, exif=tagged_exif().tobytes())
    assert data.count(b"irot") == 1
    assert psnr(rendition(data.replace(b"irot", b"free"), tmp_path), expected(PICTURE)) > 38


def test_a_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    """A picture with a profile comes out in sRGB within 2 delta E of converting all of it, and without the profile."""
    profile = profile_like(1.8)
    made = rendition(heic(PICTURE, quality=95, icc_profile=profile), tmp_path, formats=("png",))
    converted = ImageCms.profileToProfile(
        PICTURE, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB", flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip
    assert converted
    assert "icc_profile" not in made.info
    assert delta_e(made, expected(converted)) < 2
    assert psnr(made, expected(PICTURE)) < 30  # there was something to convert


@pytest.mark.parametrize(("encode", "mode"), [(heic, "RGBA"), (heic, "LA"), (deep, "RGBA")])
def test_transparency_is_kept_without_dark_fringes(encode: Callable[..., bytes], mode: str, tmp_path: Path) -> None:
    """A picture with transparency becomes a PNG, clear where it was, and no edge takes colour from beneath nothing."""
    made = rendition(encode(disc(mode)), tmp_path)
    pixels = np.asarray(made)
    assert (made.format, made.mode) == ("PNG", "RGBA")
    assert pixels[5, 5, 3] <= 2
    assert tuple(pixels[240, 240]) == pytest.approx((240, 240, 240, 255), abs=4)
    assert pixels[pixels[..., 3] > 100][:, :3].min() > 205


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        ("copyright", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada"}),
        ("none", {}),
        ("all", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada", "Make": "Camera & Co"}),
    ],
)
def test_privacy_by_default(keep: str, left: dict[str, str], tmp_path: Path) -> None:
    """Of the metadata only who made the picture stays, or nothing, or all but the orientation, as was chosen."""
    data = heic(PICTURE, exif=tagged_exif().tobytes(), xmp=b"<x:xmpmeta>GPS</x:xmpmeta>")
    made = rendition(data, tmp_path, keep_metadata=keep)
    exif = made.getexif()
    assert {ExifTags.TAGS[tag]: value for tag, value in exif.items() if isinstance(value, str)} == left
    assert ExifTags.Base.Orientation not in exif
    assert bool(exif.get_ifd(ExifTags.IFD.GPSInfo)) == (keep == "all")
    assert "xmp" not in made.info


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
def test_renditions_are_named_by_what_they_are(
    name: str, formats: tuple[str, ...], keys: dict[str, str], tmp_path: Path
) -> None:
    """A HEIC under any name becomes a JPEG under its own key; other formats have their extensions behind it."""
    report, made = resized(heic(PICTURE), tmp_path, name, formats=formats)
    assert {key: image.format for key, image in made.items()} == {f"resized/{key}": of for key, of in keys.items()}
    assert all(each.plan.content_type == f"image/{each.plan.format.lower()}" for each in report.renditions)
    assert all(psnr(image.convert("RGB"), expected(PICTURE)) > 34 for image in made.values())


def test_a_huge_size_is_refused_before_decoding(tmp_path: Path) -> None:
    """What claims more pixels than are allowed is refused by its properties; its decoder is never asked."""
    report, _ = resized(claiming(60_000, 60_000, heic(PICTURE)), tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.TOO_MANY_PIXELS)


@pytest.mark.parametrize("size", [(4000, 3000), (600, 450), (1200, 899), (1, 1)])
def test_a_wrong_size_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    """A picture of another size than its properties claim is `corrupt`, never a distorted rendition."""
    report, _ = resized(claiming(*size, heic(PICTURE)), tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.CORRUPT)
    assert report.detail
    assert "\n" not in report.detail


@pytest.mark.parametrize("options", [{}, {"tile_size": 512}])
@pytest.mark.parametrize("missing", [1, 1000, 0.5])
def test_a_picture_that_breaks_off_is_truncated(options: dict[str, Any], missing: float, tmp_path: Path) -> None:
    """A HEIC that ends within its pixels is told from a damaged one, and no tile is silently left out."""
    data = heic(PICTURE, **options)
    cut = missing if missing >= 1 else len(data) * missing
    report, _ = resized(data[: -int(cut)], tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.TRUNCATED)


@pytest.mark.parametrize("options", [{}, {"tile_size": 512}])
@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_hole_is_corrupt(options: dict[str, Any], place: float, tmp_path: Path) -> None:
    """A HEIC with zeros in the place of some of its data is refused: its decoder would show anything there."""
    data = bytearray(heic(PICTURE, **options))
    at = int(len(data) * place)
    data[at : at + 300] = bytes(300)
    report, _ = resized(bytes(data), tmp_path)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.CORRUPT)
