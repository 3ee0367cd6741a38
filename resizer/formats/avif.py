"""Reads and writes AVIFs. Its boxes say how much memory libavif needs, and which colours the picture has."""

import importlib
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Final, cast

from PIL.Image import Image
from PIL.ImageFile import ImageFile

from resizer.formats.base import Access, RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.isobmff import PROPERTIES, code_points, offsets, whole_file
from resizer.model import Format, Header

CONFIGURATION: Final = b"av1C\x81"
HIGH_BIT_DEPTH, MONOCHROME, SUBSAMPLED = 0x40, 0x10, 0x0C  # bits of an AV1 codec configuration
SAMPLES: Final = {0x00: 3.0, 0x08: 2.0, 0x04: 3.0, 0x0C: 1.5}  # per pixel, by the subsampling bits
# Bytes per pixel: samples (at most twice 4:4:4, and transparency, at 16 bits), the output, and the coding of blocks
# (measured: 0.4 for grey, 1.3 for 4:4:4 with transparency at 10 bits).
MAX_SAMPLE_BYTES: Final = 14.0
CHANNELS: Final = {"L": 1, "RGB": 3}
BLOCK_BYTES: Final = 1.5
SPEEDS: Final = {"fast": 10, "balanced": 9, "small": 6}  # libavif's default is 6


class AvifSource(SourceFormat[ImageFile]):
    """Reads AVIFs; of an animation only the first frame."""

    name: ClassVar[str] = "AVIF"
    access: ClassVar[Access] = Access.WHOLE
    seconds_per_pixel: ClassVar[float] = 80e-9

    def load_library(self) -> None:
        load_avif()

    def open(self, file: SourceFile) -> ImageFile:
        from PIL.AvifImagePlugin import AvifImageFile  # noqa: PLC0415 # loaded above

        return AvifImageFile(io.BytesIO(whole_file(file, self.name)))

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        header = super().describe(image, file)  # Pillow has put the boxes' rotation into the EXIF
        start = cast("io.BytesIO", image.fp).getvalue()[:PROPERTIES]  # open until the pixels are loaded
        each = sample_bytes(start) + CHANNELS.get(header.mode, 4) + BLOCK_BYTES
        return replace(header, held_bytes=round(header.pixels * each), code_points=code_points(start))


def load_avif() -> None:
    """Import Pillow's plugin, which registers itself; with libaom it takes 1.5 MB, often for nothing."""
    importlib.import_module("PIL.AvifImagePlugin")


def sample_bytes(start: bytes) -> float:
    """The bytes per pixel of an AVIF's samples, by the file's first bytes.

    Read from its AV1 codec configurations (AV1 in ISOBMFF, 2.3.3): one for the picture, and perhaps another for its
    transparency. The picture's samples count twice, for film grain, which is only declared in the picture's data.
    Without a configuration the maximum is assumed.
    """
    found = {start[at + 5 : at + 7] for at in offsets(start[:-2], CONFIGURATION)}
    if not found:
        return MAX_SAMPLE_BYTES
    codings = [coding for _, coding in found]
    samples = max(1 if coding & MONOCHROME else SAMPLES[coding & SUBSAMPLED] for coding in codings)
    alpha = 1 if len(found) > 1 else samples if b"auxC" in start else 0
    return (2 * samples + alpha) * (2 if any(coding & HIGH_BIT_DEPTH for coding in codings) else 1)


class AvifRendition(RenditionFormat):
    """Writes AVIFs. Pillow's libavif makes every animation repeat for ever."""

    format: ClassVar[Format] = Format.AVIF
    extensions: ClassVar[tuple[str, ...]] = (".avif",)
    max_side: ClassVar[int] = 65_536

    def save(self, pictures: Iterator[Image], options: SaveOptions) -> bytes:
        # Three renditions each of seven photos: speed 9 takes 323 ms; 8 takes 943 ms and saves 5 % of the bytes;
        # 6 takes 3,457 ms and saves 11 %; 10 is no faster than 9. Speed 9 takes 8 times as long as an optimised JPEG,
        # for 53 % fewer bytes; no option of libaom makes it cheaper.
        load_avif()
        how = {"quality": options.quality, "speed": SPEEDS[options.effort], "max_threads": 1}
        return self.with_pillow(pictures, options, how, {"duration": [round(each) for each in options.durations]})
