"""ImageMagick, one command per width, with its manual's advice for thumbnails: scaled JPEG decode, -thumbnail."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers.objects import fetch, store
from bench.peers.serve import QUALITY, WEBP_QUALITY, WIDTHS

if TYPE_CHECKING:
    from bench.peers.serve import Task

# Version 7 calls itself magick; Debian's 6 is /usr/bin/convert, and another `convert` may stand before it on the path.
PROGRAM = shutil.which("magick") or "/usr/bin/convert"


def resize(task: Task) -> int:
    """Resize one object; the renditions' bytes."""
    quality = WEBP_QUALITY if task.format == "WEBP" else QUALITY
    options = () if task.format == "PNG" else ("-quality", str(quality))  # PNG's quality means its compression
    written = 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, f"target.{task.format.lower()}")
        source.write_bytes(fetch(task))
        for width in WIDTHS:
            convert(source, width, *options, str(target))
            written += store(task, width, target.read_bytes())
    return written


def convert(source: Path, width: int, *output: str) -> bytes:
    """Run the program for one width, never enlarging; what it printed. Raises `CalledProcessError`."""
    hint = f"jpeg:size={2 * width}x{2 * width}"  # the manual: twice the wanted size keeps the quality
    arguments = ("-define", hint, str(source), "-auto-orient", "-thumbnail", f"{width}x>")
    return subprocess.run([PROGRAM, *arguments, *output], check=True, capture_output=True).stdout
