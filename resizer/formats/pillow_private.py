"""The only module that touches a private name of Pillow or replaces one of its hooks.

Each name is checked at import, so that a new Pillow that moves one fails at once and clearly.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import PIL
from PIL import Image, ImageFile, ImagePalette

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WRITTEN_FOR: Final = "13.0"  # the Pillow whose source these names were taken from


def expect(owner: object, names: Iterable[str]) -> None:
    """Raise ImportError where Pillow has no such names any more."""
    missing = [name for name in names if not hasattr(owner, name)]
    if missing:
        where = getattr(owner, "__name__", repr(owner))
        raise ImportError(
            f"Pillow {PIL.__version__} has no {where}.{missing[0]}: resizer.formats.pillow_private was written for "
            f"Pillow {WRITTEN_FOR}; pin that, or mend the module."
        )


expect(Image.new("L", (1, 1)), ("im", "_mode", "_size"))


# --- pictures whose bytes are read elsewhere: PNG and GIF -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """What a decoder of Pillow's has to know: `decoder` is its name, `palette` holds RGB for mode P."""

    format: str
    size: tuple[int, int]
    mode: str
    decoder: str
    arguments: tuple[object, ...]
    palette: bytes | None = None


class Part(ImageFile.ImageFile):
    """A picture from what one of Pillow's decoders reads, without Pillow's plugin for the format.

    `read` gives the decoder its next bytes, as many as it likes, and b"" at the end.
    """

    def __init__(self, read: Callable[[], bytes], shape: Shape) -> None:
        self.shape, self._give = shape, read
        self.format = shape.format
        super().__init__(io.BytesIO())

    def _open(self) -> None:
        shape = self.shape
        self._size, self._mode = shape.size, shape.mode
        self.tile = [ImageFile._Tile(shape.decoder, (0, 0, *shape.size), 0, shape.arguments)]
        if shape.palette is not None:
            self.palette = ImagePalette.raw("RGB", shape.palette)

    def load_seek(self, position: int) -> None:
        """Stay: what is read comes in order."""

    def load_read(self, size: int) -> bytes:
        """The decoder's next bytes, however many it asks for."""
        del size
        return self._give()


expect(ImageFile, ("_Tile",))
