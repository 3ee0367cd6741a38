"""Artist and copyright are kept; where and with what a picture was taken is removed."""

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
    ("keep", "kept"),
    [
        ("copyright", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada"}),
        ("none", {}),
        ("all", {"Artist": "Ada Lovelace", "Copyright": "(c) 2026 Ada", "Make": "Camera & Co"}),
    ],
)
def test_metadata_is_kept_as_configured(format_: str, keep: str, kept: dict[str, str], resize: Any) -> None:
    """Renditions keep artist and copyright, nothing, or all but the orientation, as the setting says."""
    data = saved(PICTURE, format_, exif=tagged_exif().tobytes(), xmp=b"<x:xmpmeta>GPS</x:xmpmeta>")
    _, rendition = resize(data, Settings(defaults=Rule.of_widths((480,)), keep_metadata=keep))
    exif = rendition.getexif()
    texts = {ExifTags.TAGS[tag]: value for tag, value in exif.items() if isinstance(value, str)}
    assert texts == kept
    assert ExifTags.Base.Orientation not in exif
    assert bool(exif.get_ifd(ExifTags.IFD.GPSInfo)) == (keep == "all")


WITH_NAMES = WITH_XMP | {f"{name} with IPTC": make for name, make in WITH_IPTC.items()}


@pytest.mark.parametrize("name", WITH_NAMES)
@pytest.mark.parametrize("keep", ["copyright", "none", "all"])
def test_names_are_kept_wherever_they_are_stored(name: str, keep: str, resize: Any) -> None:
    """Artist and copyright are kept wherever they are stored; nothing else of XMP and IPTC is."""
    block = xmp("Zoë", "© Zoë") if name in WITH_XMP else iptc("Zoë", "© Zoë")
    settings = Settings(defaults=Rule.of_widths((480,), formats=("source", "webp", "avif")), keep_metadata=keep)
    report, rendition = resize(WITH_NAMES[name](block), settings)
    files = list(Path(rendition.filename).parent.iterdir())
    assert len(files) == len(report.renditions) == 3
    for path in files:
        exif = Image.open(path).getexif()
        texts = [exif.get(tag, "").encode("latin-1").decode() for tag in (0x013B, 0x8298)]
        assert texts == (["", ""] if keep == "none" else ["Zoë", "© Zoë"])
        assert len(exif) == (0 if keep == "none" else 2)
        assert not [text for text in (*PRIVATE, "rdf:", "8BIM") if text.encode() in path.read_bytes()]
