"""The AWS tutorial's way: boto3 to a file, Pillow open and thumbnail per width, boto3 from a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from bench.peers.objects import client
from bench.peers.serve import QUALITY, WIDTHS

if TYPE_CHECKING:
    from bench.peers.serve import Task


def resize(task: Task) -> int:
    """Resize one object; the renditions' bytes."""
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
    """The pixels of one width, lying as stored: the tutorial does not turn pictures.

    Those that lie on their side are asked for at `width` pixels high, so that everyone makes as many pixels.
    """
    with Image.open(source) as image:
        sideways = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5 if image.format == "JPEG" else False
        image.thumbnail((width * 10, width) if sideways else (width, width * 10))
        return image
