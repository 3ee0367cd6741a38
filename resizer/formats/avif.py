"""AVIF. libavif allocates as much memory as the file declares, so we check that before Pillow opens the file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, ClassVar, Final

from PIL.AvifImagePlugin import AvifImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, EncoderMemory, RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.isobmff_items import code_points, is_cut, largest_size, pixels_are_cut
from resizer.formats.orientation import exif_orientation
from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

CONFIGURATION: Final = b"av1C\x81"
HIGH_BIT_DEPTH, MONOCHROME, SUBSAMPLED = 0x40, 0x10, 0x0C  # bits of an AV1 codec configuration
SAMPLES: Final = {0x00: 3.0, 0x08: 2.0, 0x04: 3.0, 0x0C: 1.5}  # per pixel, by the subsampling bits
# Bytes per pixel: samples (at most twice 4:4:4, and transparency, at 16 bits), the output, and the coding of blocks
# (measured: 0.4 for grey, 1.3 for 4:4:4 with transparency at 10 bits).
MAX_SAMPLE_BYTES: Final = 14
CHANNELS: Final = {"L": 1, "RGB": 3}
BLOCK_BYTES: Final = 1.5
SPEEDS: Final = {"fast": 10, "balanced": 9, "small": 6}  # libavif's own choice is 6


class OpenedAvif(AvifImageFile):
    """An opened AVIF that knows whether its file is truncated."""

    def __init__(self, file: SourceFile) -> None:
        self.is_cut = is_cut(file.start, file.size)
        super().__init__(file.stream)


class AvifSource(SourceFormat):
    """Reads AVIFs; of an animation only the first frame."""

    name: ClassVar[str] = "AVIF"
    access: ClassVar[Access] = Access.WHOLE
    file_copies: ClassVar[int] = 2
    seconds_per_pixel: ClassVar[float] = 80e-9

    def expect(self, file: SourceFile) -> Header | None:
        if pixels_are_cut(file.start, file.size):
            raise _cut()
        size = largest_size(file.start)
        mode, _ = declared_samples(file.start)
        if not size or min(size) <= 0:
            return None
        return Header(self.name, mode, *size, held_bytes=_decoder_bytes(file.start, mode, size))

    def open(self, file: SourceFile) -> ImageFile:
        return OpenedAvif(file)

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        return Header(
            format=self.name,
            mode=image.mode,
            width=image.width,
            height=image.height,
            orientation=exif_orientation(image.info.get("exif")),  # Pillow puts the boxes' rotation there
            has_transparency=image.has_transparency_data,
            held_bytes=_decoder_bytes(file.start, image.mode, image.size),
            code_points=code_points(file.start),
        )

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        del header, wanted
        try:
            image.load()
        except (OSError, ValueError, RuntimeError) as problem:
            if isinstance(image, OpenedAvif) and image.is_cut:
                raise _cut() from problem
            raise
        yield Frame(image)

    def explain(self, file: SourceFile, problem: Exception) -> Rejected | None:
        del problem
        return _cut() if is_cut(file.start, file.size) else None


def _cut() -> Rejected:
    return Rejected(Reason.TRUNCATED, "The AVIF ends before its last pixel; upload the whole file.")


def _decoder_bytes(start: bytes, mode: str, size: tuple[int, int]) -> int:
    _, samples = declared_samples(start)
    each = (MAX_SAMPLE_BYTES if samples is None else samples) + CHANNELS.get(mode, 4) + BLOCK_BYTES
    return round(size[0] * size[1] * each)


def declared_samples(start: bytes) -> tuple[str, float | None]:
    """The mode that an AVIF is decoded to, and its samples' bytes per pixel, by the file's first bytes.

    Read from its AV1 codec configurations (AV1 in ISOBMFF, 2.3.3): one for the picture, and perhaps another for its
    transparency. The picture's samples count twice, for film grain, which is only declared in the picture's data.
    RGBA and None if there are no configurations.
    """
    samples, deep, kinds = 0.0, False, set[bytes]()
    at = start.find(CONFIGURATION)
    while at != -1 and at + 7 <= len(start):
        coding = start[at + 6]
        kinds.add(start[at + 5 : at + 7])
        deep |= bool(coding & HIGH_BIT_DEPTH)
        samples = max(samples, 1 if coding & MONOCHROME else SAMPLES[coding & SUBSAMPLED])
        at = start.find(CONFIGURATION, at + 4)
    if not kinds:
        return "RGBA", None
    alpha = 1 if len(kinds) > 1 else samples if b"auxC" in start else 0
    mode = "RGBA" if alpha else "L" if samples == 1 else "RGB"
    return mode, (2 * samples + alpha) * (2 if deep else 1)


class AvifRendition(RenditionFormat):
    """Writes AVIFs. Pillow's libavif makes every animation repeat for ever."""

    format: ClassVar[Format] = Format.AVIF
    extensions: ClassVar[tuple[str, ...]] = (".avif",)
    max_side: ClassVar[int] = 65_536
    memory: ClassVar[EncoderMemory] = EncoderMemory(
        fixed=2_097_152, opaque=29, transparent=34, frame=4, opaque_file=2.2, transparent_file=3.2
    )

    def save(self, pictures: Iterator[Image], options: SaveOptions) -> bytes:
        # Three renditions each of seven photos: speed 9 takes 323 ms; 8 takes 943 ms and saves 5 % of the bytes;
        # 6 takes 3,457 ms and saves 11 %; 10 is no faster than 9. Speed 9 takes 8 times as long as an optimised JPEG,
        # for 53 % fewer bytes; no option of libaom makes it cheaper.
        how: dict[str, Any] = {"quality": options.quality, "speed": SPEEDS[options.effort], "max_threads": 1}
        first = next(pictures)
        if options.exif:
            how["exif"] = options.exif
        if options.animated:
            durations = [round(each) for each in options.durations]
            how |= {"save_all": True, "append_images": pictures, "duration": durations}
        buffer = io.BytesIO()
        first.save(buffer, self.format, **how)
        return buffer.getvalue()
