"""The floor, for JPEGs: only a scaled decode and three encodes by Pillow.

Requests, resizing and metadata are left out: the pictures to encode are made before the clock starts. They are encoded
as Resizer encodes them, with chroma subsampling 4:2:0 and optimised Huffman tables. The C library keeps freed memory,
as it does for Resizer.
"""

import io

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from bench.peers.objects import fetch
from bench.peers.serve import QUALITY, WIDTHS, Task

OVERSAMPLING = 1.5  # Resizer's own factor; a smaller one loses visible quality
_ready: dict[str, tuple[bytes, int, list[Image.Image]]] = {}


def prepare(task: Task) -> None:
    """Download the original and make the three pictures, once per photo."""
    if task.etag not in _ready:
        original = fetch(task)
        with Image.open(io.BytesIO(original)) as header:
            sideways = header.getexif().get(0x0112, 1) >= 5
        side = 1 if sideways else 0
        whole = Image.open(io.BytesIO(original))
        pictures = []
        for width in WIDTHS:
            factor = min(1.0, width / whole.size[side])
            pictures.append(whole.resize((round(whole.width * factor), round(whole.height * factor))))
        _ready.clear()
        _ready[task.etag] = (original, side, pictures)


def resize(task: Task) -> int:
    """Decode once and encode three times; returns the bytes of all three."""
    original, side, pictures = _ready[task.etag]
    with Image.open(io.BytesIO(original)) as image:
        assert isinstance(image, JpegImageFile)
        width = image.size[side]
        divisor = next((each for each in (8, 4, 2) if width >= each * OVERSAMPLING * WIDTHS[0]), 1)
        image.draft(None, (image.width // divisor, image.height // divisor))
        image.load()
    written = 0
    for picture in pictures:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=QUALITY, optimize=True)
        written += buffer.tell()
    return written
