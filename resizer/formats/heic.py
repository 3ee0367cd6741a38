"""Reads HEIC, the format of phones' photos, with pillow-heif, which is optional."""

import importlib
import io
from dataclasses import replace
from typing import ClassVar, Final

from PIL import Image
from PIL.ImageFile import ImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat
from resizer.formats.isobmff import PROPERTIES, pixel_pieces, whole_file
from resizer.model import CodePoints, Header

# Samples per pixel, by pillow-heif's name for the subsampling; it has no name for grey.
SAMPLES: Final = {420: 1.5, 422: 2.0, 444: 3.0}
BLOCK_BYTES: Final = 1.5  # per pixel: libde265's data about the coding of blocks, measured
LENGTH_SIZE: Final = 4 + 21  # bytes from a configuration's kind to the one with the size of lengths (14496-15, 8.3.3)


class HeicSource(SourceFormat[ImageFile]):
    """Reads the primary picture; libheif turns it upright."""

    name: ClassVar[str] = "HEIF"
    access: ClassVar[Access] = Access.WHOLE
    threads: ClassVar[int] = 0
    seconds_per_pixel: ClassVar[float] = 200e-9  # 10 bits at 4:4:4; phones' photos take a quarter

    def load_library(self) -> None:
        try:
            # Read just the picture, in this thread: small functions have less than one core.
            importlib.import_module("pillow_heif").register_heif_opener(
                decode_threads=0, thumbnails=False, depth_images=False, aux_images=False
            )
        except ImportError:
            detail = 'Reading HEIC needs pillow-heif: add the HEIC layer, or pip install ".[heic]".'
            raise Rejected(Reason.HEIC_NOT_INSTALLED, detail) from None

    def open(self, file: SourceFile) -> ImageFile:
        data = whole_file(file, self.name)
        _check_units(data)
        return Image.open(io.BytesIO(data), formats=(self.name,))

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        header = super().describe(image, file)  # pillow-heif makes the EXIF upright
        nclx = image.info.get("nclx_profile")
        return replace(
            header,
            buffered_bytes=round(header.pixels * _decoder_bytes(image)),
            code_points=nclx and CodePoints(nclx["color_primaries"], nclx["transfer_characteristics"]),
        )


def _check_units(data: bytes) -> None:
    """Raise `Rejected` `corrupt` if parts are zeros: libde265 decodes garbage there and reports no error.

    A picture consists of units, each after its length. A unit never contains three zeros in a row
    (ISO/IEC 23008-2, 7.4.2).
    """
    start = data[:PROPERTIES]
    configuration = start.find(b"hvcC")
    if configuration == -1 or len(start) <= configuration + LENGTH_SIZE:
        return
    wide = (start[configuration + LENGTH_SIZE] & 3) + 1
    for begin, end in pixel_pieces(start):
        at = begin
        while at < end:
            unit = at + wide
            at = unit + int.from_bytes(data[at:unit], "big")
            if at == unit or at > end or b"\0\0\0" in data[unit:at].rstrip(b"\0"):  # some encoders pad units
                raise Rejected(Reason.CORRUPT, "The HEIC has a hole in its picture; upload it again.")


def _decoder_bytes(image: ImageFile) -> float:
    """libheif's peak bytes per pixel, less the four that Pillow needs afterwards.

    First it has the coded samples, the samples in full resolution and the output; then the output only.
    """
    channels = {"L": 1, "I;16": 1, "RGB": 3}.get(image.mode, 4)
    coded = SAMPLES.get(image.info.get("chroma", 0), 1.0) + (channels == 4)
    bytes_per_sample = 2 if image.info.get("bit_depth", 8) > 8 else 1
    return max(channels, bytes_per_sample * (coded + channels) + channels - 4) + BLOCK_BYTES
