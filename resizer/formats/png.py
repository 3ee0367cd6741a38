"""PNG: how it is read, chunk by chunk, and how it is written.

The chunks are read here and not by Pillow, which refuses a picture for a damaged chunk that nobody needs, keeps
whatever stands behind the pixels, and blends animations in ways that no browser does. Pillow decodes the rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, cast

from resizer.errors import Reason, Rejected
from resizer.formats.apng import Frames
from resizer.formats.base import EncoderMemory, RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.orientation import exif_orientation
from resizer.formats.png_chunks import Chunks, LeftOut
from resizer.formats.png_header import MB, keep_metadata, read_header
from resizer.formats.png_pixels import Data, PngPixels
from resizer.formats.png_save import has_few_colours, save_png
from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image
    from PIL.ImageFile import ImageFile

# What is read behind the pixels: EXIF, XMP and texts may stand there, and nothing that the picture needs.
MAX_CHUNKS_BEHIND: Final = 16
MAX_BYTES_BEHIND: Final = 65_536  # of one chunk
METADATA: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})


class PngImage(PngPixels):
    """An opened PNG: the picture that is shown without animation, and the chunks that follow."""

    def __init__(self, chunks: Chunks, warn: Callable[[str], None]) -> None:
        header = read_header(chunks, warn)
        self.chunks, self.data, self.warn = chunks, Data(chunks), warn
        super().__init__(header, header.size, self.data.read)

    @property
    def may_be_seen_through(self) -> bool:
        """Whether there is transparency; disposal, of which only later frames tell, may make some in an opaque one."""
        uncovered = self.is_animated and self.header.control is None
        return uncovered or self.is_deep_colour_transparent or self.has_transparency_data

    @property
    def is_animated(self) -> bool:
        """Whether its frames are shown instead of the picture: several of them, or one beside the picture."""
        return self.header.announced > 1 or (self.header.announced == 1 and self.header.control is None)


class PngSource(SourceFormat):
    """Reads PNGs and animated PNGs (PNG specification, third edition) as browsers show them."""

    name: ClassVar[str] = "PNG"
    threads: ClassVar[int] = 0

    def open(self, file: SourceFile) -> PngImage:
        """Read the chunks before the pixels. Those that the pixels do not need are left out where they are damaged."""
        # Metadata may be longer than the memory is large, and none of it is read again.
        getattr(file.stream, "release_behind", lambda: None)()
        return PngImage(Chunks(file.stream), file.warn)

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        """Complete the header by what the chunks say."""
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
        if animated:  # the frame as it is decoded and in RGBA, and what stands below it
            header = replace(header, held_bytes=4 * pixels, buffered_bytes=kept + 8 * pixels)
        elif image.is_deep_colour_transparent:  # the rows as they are stored, and both bytes of each sample
            header = replace(header, buffered_bytes=kept + file.size + 12 * pixels)
        return header

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        """Decode the picture, or compose the frames of the animation in its place."""
        del header, wanted
        image = cast("PngImage", image)
        if image.is_animated:
            yield from Frames(image.header, image.chunks, image.warn)
        else:
            pixels = image.composed()
            yield Frame(pixels, few_colours=has_few_colours(pixels))

    def after_pixels(self, image: ImageFile, header: Header) -> Header:
        """Add EXIF, XMP and texts that stand behind the pixels; nothing is missing where the file ends there."""
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
    """Writes PNGs and animated PNGs, with a palette where that looks the same."""

    format: ClassVar[Format] = Format.PNG
    extensions: ClassVar[tuple[str, ...]] = (".png",)
    max_side: ClassVar[int] = (1 << 31) - 1
    # With what finding and comparing a palette takes.
    memory: ClassVar[EncoderMemory] = EncoderMemory(
        fixed=MB, opaque=6.3, transparent=9.3, frame=0.5, opaque_file=3.1, transparent_file=4.1
    )

    def memory_at(self, effort: str) -> EncoderMemory:
        """With the smallest files in mind, one is kept while it is tried another way."""
        usual = self.memory
        if effort != "small":
            return usual
        opaque, transparent = usual.opaque + usual.opaque_file, usual.transparent + usual.transparent_file
        return replace(usual, opaque=opaque, transparent=transparent)

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Write the pictures with the smaller of two ways to deflate them."""
        return save_png(pictures, options)
