"""Names of artist and owner stay; where and with what a picture was taken does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.right_pictures.conftest import PICTURE
from tests.support.drawn import tagged_exif
from tests.support.pictures import saved
from tests.support.rights_blocks import PRIVATE, WITH_IPTC, WITH_XMP, iptc, xmp


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
    _, rendition = resize(data, Settings(defaults=Rule.of_widths((480,)), keep_metadata=keep))
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
    settings = Settings(defaults=Rule.of_widths((480,), formats=("source", "webp", "avif")), keep_metadata=keep)
    report, rendition = resize(WITH_NAMES[name](block), settings)
    made = list(Path(rendition.filename).parent.iterdir())
    assert len(made) == len(report.renditions) == 3
    for path in made:
        exif = Image.open(path).getexif()
        texts = [exif.get(tag, "").encode("latin-1").decode() for tag in (0x013B, 0x8298)]
        assert texts == (["", ""] if keep == "none" else ["Zoë", "© Zoë"])
        assert len(exif) == (0 if keep == "none" else 2)
        assert not [text for text in (*PRIVATE, "rdf:", "8BIM") if text.encode() in path.read_bytes()]
