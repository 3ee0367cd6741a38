"""ImageMagick, one command per width, as its manual advises for thumbnails: scaled JPEG decode and -thumbnail."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from bench.peers.objects import fetch, store
from bench.peers.serve import QUALITY, WEBP_QUALITY, WIDTHS, Task

# Version 7 is `magick`; Debian's version 6 is /usr/bin/convert. PATH may have another program called `convert`.
PROGRAM = shutil.which("magick") or "/usr/bin/convert"


def resize(task: Task) -> int:
    """Resize one object; returns the bytes of the renditions."""
    quality = WEBP_QUALITY if task.format == "WEBP" else QUALITY
    options = () if task.format == "PNG" else ("-quality", str(quality))  # for PNG, -quality is the compression level
    written = 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, f"target.{task.format.lower()}")
        source.write_bytes(fetch(task))
        for width in WIDTHS:
            convert(source, width, *options, str(target))
            written += store(task, width, target.read_bytes())
    return written


def convert(source: Path, width: int, *output: str) -> bytes:
    """Resize to one width, without enlarging; returns stdout. Raises `CalledProcessError`."""
    hint = f"jpeg:size={2 * width}x{2 * width}"  # twice the size, as the manual advises
    arguments = ("-define", hint, str(source), "-auto-orient", "-thumbnail", f"{width}x>")
    return subprocess.run([PROGRAM, *arguments, *output], check=True, capture_output=True).stdout


def pixels(photo: Path) -> list[Image.Image]:
    """The pixels of each rendition before they are encoded, widest first."""
    return [Image.open(io.BytesIO(convert(photo, width, "png32:-"))) for width in WIDTHS]
