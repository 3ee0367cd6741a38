"""Reads PNGs chunk by chunk, and writes them.

We read the chunks ourselves; Pillow only decodes the rows. Pillow would refuse pictures with a damaged optional chunk,
keep everything after the pixels in memory, and blend animations differently from browsers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, cast

from resizer.errors import Reason, Rejected
from resizer.formats.apng import Frames
from resizer.formats.base import RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.orientation import exif_orientation
from resizer.formats.png_chunks import Chunks, LeftOut
from resizer.formats.png_header import keep_metadata, read_header
from resizer.formats.png_pixels import Data, PngPixels
from resizer.formats.png_save import has_few_colours, save_png
from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image
    from PIL.ImageFile import ImageFile

# Limits on chunks after the pixels: only EXIF, XMP and texts are useful there.
MAX_CHUNKS_BEHIND: Final = 16
MAX_BYTES_BEHIND: Final = 65_536  # of one chunk
METADATA: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})


class PngImage(PngPixels):
    """An opened PNG: the picture that is shown without animation, and the chunks after it."""

    def __init__(self, chunks: Chunks, warn: Callable[[str], None]) -> None:
        header = read_header(chunks, warn)
        self.chunks, self.data, self.warn = chunks, Data(chunks), warn
        super().__init__(header, header.size, self.data.read)

    @property
    def may_be_seen_through(self) -> bool:
        """Whether there is transparency. Later frames' disposal may add some to an opaque picture."""
        uncovered = self.is_animated and self.header.control is None
        return uncovered or self.is_deep_colour_transparent or self.has_transparency_data

    @property
    def is_animated(self) -> bool:
        """Whether frames are shown instead of the picture: several, or one that is not the picture itself."""
        return self.header.announced > 1 or (self.header.announced == 1 and self.header.control is None)


class PngSource(SourceFormat):
    """Reads PNGs and animated PNGs (PNG specification, third edition) as browsers show them."""

    name: ClassVar[str] = "PNG"
    threads: ClassVar[int] = 0

    def open(self, file: SourceFile) -> PngImage:
        """Read the chunks before the pixels. Damaged ones are ignored if the pixels do not need them."""
        # Metadata may be larger than memory, and is never read again.
        getattr(file.stream, "release_behind", lambda: None)()
        return PngImage(Chunks(file.stream), file.warn)

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        """Make the header from the chunks."""
        image = cast("PngImage", image)
        width, height = image.size
        pixels, animated = width * height, image.is_animated
        kept = sum(len(value) for value in image.info.values() if isinstance(value, bytes))
        header = Header(
            format=self.name,
            mode="RGBA" if animated else image.mode,
            width=width,
            height=height,
            frames=max(1, image.header.announced),
            orientation=exif_orientation(image.info.get("exif")),
            has_transparency=image.may_be_seen_through,
            loop=image.header.plays if animated else None,
            buffered_bytes=kept,
            code_points=image.header.code_points,
        )
        if animated:  # the decoded frame, its RGBA copy, and the canvas below
            header = replace(header, held_bytes=4 * pixels, buffered_bytes=kept + 8 * pixels)
        elif image.is_deep_colour_transparent:  # the compressed rows, and both bytes of each sample
            header = replace(header, buffered_bytes=kept + file.size + 12 * pixels)
        return header

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        """Decode the picture, or compose the frames of the animation."""
        del header, wanted
        image = cast("PngImage", image)
        if image.is_animated:
            yield from Frames(image.header, image.chunks, image.warn)
        else:
            pixels = image.composed()
            yield Frame(pixels, few_colours=has_few_colours(pixels))

    def after_pixels(self, image: ImageFile, header: Header) -> Header:
        """Add EXIF, XMP and texts after the pixels; the file may end early there."""
        image = cast("PngImage", image)
        if image.is_animated:
            return header
        image.data.finish(MAX_BYTES_BEHIND)
        chunks = image.chunks
        for _ in range(MAX_CHUNKS_BEHIND):
            if not chunks.kind or chunks.left > MAX_BYTES_BEHIND:
                break
            if chunks.kind == b"IEND":
                chunks.needed(MAX_BYTES_BEHIND)
                break
            self._read_behind(image)
        return replace(header, orientation=exif_orientation(image.info.get("exif")))

    def _read_behind(self, image: PngImage) -> None:
        kind = image.chunks.kind
        try:
            body = image.chunks.body(MAX_BYTES_BEHIND)
            if kind in METADATA:
                keep_metadata(image.header, image.info, kind, body)
        except LeftOut as problem:
            if kind in METADATA:
                image.warn(f"The PNG's {kind.decode()} is ignored: {problem}.")
        except Rejected as problem:
            if problem.reason is not Reason.TRUNCATED:
                raise
        image.chunks.advance()


class PngRendition(RenditionFormat):
    """Writes PNGs and animated PNGs, with a palette if that looks the same."""

    format: ClassVar[Format] = Format.PNG
    extensions: ClassVar[tuple[str, ...]] = (".png",)
    max_side: ClassVar[int] = (1 << 31) - 1

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Encode the pictures with the better of two deflate strategies."""
        return save_png(pictures, options)
