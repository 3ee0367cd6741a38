"""The AWS tutorial's handler: boto3 downloads to a file; Pillow opens it and makes a thumbnail for each width."""

import tempfile
from pathlib import Path

from PIL import ExifTags, Image

from bench.peers.objects import client
from bench.peers.serve import QUALITY, WIDTHS, Task


def resize(task: Task) -> int:
    """Resize one object; returns the bytes of the renditions."""
    s3, written = client(), 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        s3.download_file(task.bucket, task.key, str(source))
        for width in WIDTHS:
            thumbnail(source, width).save(target, task.format, quality=QUALITY)
            s3.upload_file(str(target), task.bucket, task.output(width))
            written += target.stat().st_size
    return written


def thumbnail(source: Path, width: int) -> Image.Image:
    """The pixels of one width, not turned upright, because the tutorial ignores the orientation.

    Pictures on their side get `width` as their height, so that all contenders make the same number of pixels.
    """
    with Image.open(source) as image:
        sideways = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5 if image.format == "JPEG" else False
        image.thumbnail((width * 10, width) if sideways else (width, width * 10))
        return image


def pixels(photo: Path) -> list[Image.Image]:
    """The pixels of each rendition before they are encoded, widest first."""
    return [thumbnail(photo, width) for width in WIDTHS]
