"""The only module that touches a private name of Pillow or replaces one of its hooks.

Each name is checked at import, so that a Pillow without it fails at once, with a clear message.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import wraps
from typing import IO, TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

import PIL
from PIL import Image, ImageFile, ImagePalette, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from resizer.errors import OurFault, ResizerError, is_our_fault

if TYPE_CHECKING:
    from resizer.formats.prepared_file import PreparedFile

P = ParamSpec("P")
R = TypeVar("R")
WRITTEN_FOR: Final = "13.0"  # the Pillow whose source these names were taken from


def expect(owner: object, names: Iterable[str]) -> None:
    """Raise ImportError if Pillow no longer has these names."""
    missing = [name for name in names if not hasattr(owner, name)]
    if missing:
        where = getattr(owner, "__name__", repr(owner))
        raise ImportError(
            f"Pillow {PIL.__version__} has no {where}.{missing[0]}: resizer.formats.pillow_private was written for "
            f"Pillow {WRITTEN_FOR}; pin that version, or update the module."
        )


expect(Image.new("L", (1, 1)), ("im", "_mode", "_size"))


def hook(function: Callable[P, R]) -> Callable[P, R]:
    """Wrap a function that Pillow will call: a bug in it becomes `OurFault`, which Pillow does not swallow."""

    @wraps(function)
    def wrapped(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            return function(*arguments, **named)
        except ResizerError:
            raise
        except Exception as problem:
            if is_our_fault(problem):
                raise OurFault(f"{function.__name__} failed: {problem!r}") from problem
            raise

    return wrapped


# --- pictures whose bytes are read elsewhere: GIF, BMP and PNG --------------------------------------------------------


class Pixels(ImageFile.ImageFile):
    """Pixels for one of Pillow's decoders, without Pillow's plugin for the format: GIF and BMP.

    `file` has the decoder's bytes from its beginning. In mode P `palette` has RGB values; colours beyond are black.
    """

    def __init__(
        self,
        file: PreparedFile,
        size: tuple[int, int],
        mode: str,
        *,
        decoder: tuple[str, tuple[object, ...]],
        palette: bytes = b"",
    ) -> None:
        name, arguments = decoder
        self._given = size, mode, ImageFile._Tile(name, (0, 0, *size), 0, arguments), palette
        super().__init__(cast("IO[bytes]", file))

    def _open(self) -> None:
        self._size, self._mode, tile, palette = self._given
        self.tile = [tile]
        if self._mode == "P":
            self.palette = ImagePalette.raw("RGB", palette.ljust(768, b"\0"))


expect(ImageFile, ("_Tile",))

MAX_TEXT: Final = 4 * 1_048_576  # bytes of a PNG's profile or text, inflated; a few real ones exceed Pillow's 1 MB
# Modes and raw modes for the upper and the lower 8 of 16 bits, by Pillow's raw mode. Like browsers, we use the upper.
DEEP_MODES: Final = {"I;16B": ("L", "L;16B", "L;16"), "RGB;16B": ("RGB", "RGB;16B", "RGB;16L")}


class PlainPng(PngImagePlugin.PngImageFile):
    """A PNG whose chunks before the pixels are `head`; `compressed` yields its pixels as they are in IDAT chunks.

    Of 16 bits the upper 8 are decoded, or the `lower` 8.
    """

    def __init__(self, *head: bytes, compressed: Iterable[bytes] = (), lower: bool = False) -> None:
        self._compressed = iter(compressed)
        super().__init__(io.BytesIO(b"".join((b"\x89PNG\r\n\x1a\n", *head, b"\0\0\0\0IDAT"))))
        if modes := DEEP_MODES.get(str(self.tile[0].args)):
            self._mode = modes[0]
            self.tile = [self.tile[0]._replace(args=modes[1 + lower])]

    def load_read(self, read_bytes: int) -> bytes:
        """The decoder's next bytes, regardless of `read_bytes`."""
        del read_bytes
        return next(self._compressed, b"")

    def load_end(self) -> None:
        """Do nothing: the chunks after the pixels are read elsewhere."""


expect(PngImagePlugin.PngImageFile, ("load_read",))
expect(PngImagePlugin, ("MAX_TEXT_CHUNK",))
PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT


# --- segments and decoder: JPEG ---------------------------------------------------------------------------------------

expect(Image, ("_getdecoder",))
expect(ImageFile.ImageFile, ("load_prepare",))
expect(JpegImagePlugin, ("MARKER", "APP", "JpegImageFile"))

PROFILE_HEAD: Final = 14  # bytes before a part of an ICC profile (ICC.1, annex B.4); Pillow fails without them


def _read_application_segment(image: JpegImagePlugin.JpegImageFile, marker: int) -> None:
    with suppress(IndexError, struct.error):  # raised after it has read the whole segment
        JpegImagePlugin.APP(image, marker)
    if image.icclist and len(image.icclist[-1]) < PROFILE_HEAD:
        image.icclist.pop()


# Pillow must ignore application segments that it cannot read, such as Photoshop's if split in two: the pixels do not
# need them. Blocks longer than 64 KB are split anywhere, but Pillow reads each segment alone.
_readers: dict[int, tuple[str, str, Callable[[JpegImagePlugin.JpegImageFile, int], None] | None]] = {
    marker: (f"APP{marker & 15}", "Application segment", hook(_read_application_segment))
    for marker in range(0xFFE0, 0xFFF0)  # T.81, table B.1
}
JpegImagePlugin.MARKER.update(_readers)


@contextmanager
def jpeg_decoder(image: JpegImagePlugin.JpegImageFile) -> Iterator[Callable[[bytes], tuple[int, int]]]:
    """Decode an opened JPEG in pieces; `Image.load` would read the file itself.

    Call the function with all bytes that it has not consumed yet. It returns how many it consumed (-1 once all rows are
    decoded), and an error number, negative for errors.
    """
    (tile,) = image.tile
    image.load_prepare()
    decoder = Image._getdecoder(image.mode, tile.codec_name, tile.args, image.decoderconfig)
    try:
        decoder.setimage(image.im, tile.extents)
        yield decoder.decode
    finally:
        decoder.cleanup()
    image.tile = []  # tells Pillow that the image is loaded


# ---- TIFF

expect(ImageFile, ("_Tile",))
expect(TiffImagePlugin, ("READ_LIBTIFF", "COMPRESSION_INFO"))


def replace_raw_modes(image: ImageFile.ImageFile, other: Mapping[str, str]) -> None:
    """Replace the decoder's raw modes by `other`, which maps present ones to new ones."""
    image.tile = [
        tile._replace(args=(other.get(tile.args[0], tile.args[0]), *tile.args[1:]))
        if isinstance(tile.args, tuple)
        else tile
        for tile in image.tile
    ]
