"""Quality and orientation are right for real photos, if their folder exists."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.layout.views import at_views
from resizer.planning.geometry import wanted_size
from resizer.settings import Settings
from resizer.settings.rules import DEFAULT_WIDTHS
from tests.conftest import PHOTOS, needs_photos, photo_files
from tests.support.pictures import psnr
from tests.support.plans import of_widths, rendition_size, whole_view

pytestmark = [pytest.mark.slow, needs_photos]

SETTINGS = Settings()


def pictures(path: Path) -> list[Image.Image]:
    """The pixels of all renditions before encoding."""
    limits = Limits(max_pixels=SETTINGS.max_pixels, planned=of_widths(DEFAULT_WIDTHS[0]), file_size=path.stat().st_size)
    opened, header = open_image(io.BytesIO(path.read_bytes()), limits)
    upright = header.upright_size
    views = [whole_view(upright, rendition_size(upright, width)) for width in DEFAULT_WIDTHS]
    steps = at_views(decode(opened, header, wanted_size(header, views)), header, views, lambda picture: picture)
    return [frame.pixels for (frame,) in steps]


@pytest.mark.parametrize(
    "path",
    [path for path in photo_files() if "exif" not in path.name or path.stem.endswith("-6")],  # the others are alike
    ids=lambda path: path.name,
)
def test_scaled_decoding_and_cascade_keep_the_quality(path: Path) -> None:
    """Each rendition has at least 45 dB PSNR to a single Lanczos step from the full upright picture."""
    whole = ImageOps.exif_transpose(Image.open(path))
    for picture in pictures(path):
        assert psnr(picture, whole.resize(picture.size, Image.Resampling.LANCZOS)) >= 45


@pytest.mark.parametrize("kind", ["landscape", "portrait"])
def test_all_nine_orientations_show_the_same_picture(kind: str) -> None:
    """Nine files of one scene, with all orientation tags, come out upright and alike."""
    first, *others = (pictures(PHOTOS / f"exif-{kind}-{number}.jpg")[-1] for number in range(9))
    assert all(psnr(other, first) > 26 for other in others)  # each file shows its own number
