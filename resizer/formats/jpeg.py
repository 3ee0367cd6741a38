"""Reads and writes JPEGs. Reading can divide their sides by 2, 4 or 8, and finds out whether pixels are missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import IO, ClassVar, Final

from PIL import Image, JpegImagePlugin

from resizer.formats import pillow_private
from resizer.formats.base import RenditionFormat, SaveOptions, SourceFile, SourceFormat, encoded
from resizer.formats.jpeg_decode import decode_jpeg
from resizer.formats.jpeg_segments import Segments
from resizer.model import OVERSAMPLING, Format, Frame, Header

FIXED_TABLES: Final = {"optimize": False}
CODINGS: Final = {"fast": FIXED_TABLES, "balanced": {"optimize": True}, "small": {"progressive": True}}
SCALES: Final = (8, 4, 2)  # libjpeg can divide both sides by these while it decodes
PROFILE: Final = b"ICC_PROFILE\0"  # then number and count of parts, in a byte each (ICC.1, annex B.4)


class OpenedJpeg(JpegImagePlugin.JpegImageFile):
    """An opened JPEG with its segments up to its first scan."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.segments = stream, Segments(stream)
        self.segments.read_header()
        stream.seek(0)
        super().__init__(stream)


class JpegSource(SourceFormat[OpenedJpeg]):
    """Reads JPEGs, and the first picture of an MPO. CMYK is always treated as inverted, even without Adobe's marker.

    Chromium, libvips and ImageMagick do the same.
    """

    name: ClassVar[str] = "JPEG"

    def open(self, file: SourceFile) -> OpenedJpeg:
        """Open the file as a plain JPEG: `Image.open` would read an MPO's index.

        Rejects files that browsers and Pillow cannot decode, and files with too many segments.
        """
        image = OpenedJpeg(file.stream)
        parts = [part for segment, part in image.applist if segment == "APP2" and part.startswith(PROFILE)]
        if parts:
            image.info["icc_profile"] = _profile(parts)
        return image

    def describe(self, image: OpenedJpeg, file: SourceFile) -> Header:
        """Add libjpeg's memory before the first row."""
        segments = image.segments
        buffered = 3 * segments.scan_at  # in the stream, in Pillow's list of segments, and joined
        if segments.arithmetic:
            buffered += 3 * file.size  # the file is passed to its decoder in one piece
        if segments.several_scans:
            buffered += segments.coefficient_bytes
        return replace(super().describe(image, file), buffered_bytes=buffered)

    def scale(self, header: Header, wanted: tuple[int, int]) -> int:
        """The largest of 8, 4, 2 and 1 that leaves enough pixels, and at least one on each side.

        Compares the longer sides: `wanted` is rounded, which matters less there.
        """
        side, needed = max(zip((header.width, header.height), wanted, strict=True))
        most = min(side / (OVERSAMPLING * needed), header.width, header.height)
        return next((divisor for divisor in SCALES if divisor <= most), 1)

    def frames(self, image: OpenedJpeg) -> Iterator[Frame]:
        decode_jpeg(image, image.stream, image.segments)
        yield Frame(image)


def _profile(segments: Sequence[bytes]) -> bytes | None:
    """Join the parts of an ICC profile; None if one is missing. If a part comes twice, the first one counts."""
    parts: dict[int, bytes] = {}
    for segment in segments:
        if len(segment) >= pillow_private.PROFILE_HEAD:
            parts.setdefault(segment[12], segment)
    in_order = [parts[number] for number in sorted(parts)]
    whole = bool(parts) and in_order[0][13] == len(parts)
    return b"".join(part[pillow_private.PROFILE_HEAD :] for part in in_order) if whole else None


class JpegRendition(RenditionFormat):
    """Writes JPEGs with 4:2:0 subsampling; transparent pixels become white."""

    format: ClassVar[Format] = Format.JPEG
    extensions: ClassVar[tuple[str, ...]] = (".jpg", ".jpeg", ".jpe", ".jfif")
    max_side: ClassVar[int] = 65_500  # libjpeg's JPEG_MAX_DIMENSION

    def fit(self, image: Image.Image, *, opaque: bool) -> Image.Image:
        """Put a transparent picture on white."""
        if image.mode != "RGBA" or opaque:
            return super().fit(image, opaque=opaque)
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Encode the first picture with fixed Huffman tables (fast), optimised ones (balanced), or progressive (small).

        CPU and bytes for three renditions each of seven photos: fixed tables 34 ms and 1,168 kB, optimised tables
        66 ms and 1,126 kB, progressive 150 ms and 1,099 kB. At $29 per million CPU seconds of Lambda and $0.09 per GB
        of transfer, optimised tables pay off with the first download. Progressive only pays off if nearly all
        renditions are downloaded, and it made one of the seven larger.
        """
        picture = next(pictures)
        try:
            return _saved(picture, options, CODINGS[options.effort])
        except OSError:
            # Pillow's buffer for optimised files has one byte per pixel, two from quality 95 on; noise may need more.
            return _saved(picture, options, FIXED_TABLES)


def _saved(picture: Image.Image, options: SaveOptions, coding: Mapping[str, bool]) -> bytes:
    subsampling = "4:4:4" if picture.mode == "L" else "4:2:0"  # grey blocks would be padded to pairs
    return encoded(picture, "JPEG", quality=options.quality, subsampling=subsampling, exif=options.exif, **coding)
