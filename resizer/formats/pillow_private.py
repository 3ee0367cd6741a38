"""The only module that touches a private name of Pillow or replaces one of its hooks.

Each name is checked at import, so that a new Pillow that moves one fails at once and clearly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import PIL
from PIL import Image, ImageFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


# --- tiles of an opened image: TIFF and BMP ---------------------------------------------------------------------------

expect(ImageFile, ("_Tile",))


def replace_raw_modes(image: ImageFile.ImageFile, other: Mapping[str, str]) -> None:
    """Have the decoder read samples by another of Pillow's raw modes, where `other` names one for the present."""
    image.tile = [
        tile._replace(args=(other.get(tile.args[0], tile.args[0]), *tile.args[1:]))
        if isinstance(tile.args, tuple)
        else tile
        for tile in image.tile
    ]


def read_as(image: ImageFile.ImageFile, mode: str, raw_mode: str) -> None:
    """Have the decoder of a file that is opened fill pixels of a mode from samples in a raw mode."""
    image._mode = mode
    replace_raw_modes(image, {tile.args[0]: raw_mode for tile in image.tile if isinstance(tile.args, tuple)})


def set_mode(image: ImageFile.ImageFile, mode: str) -> None:
    """Have the decoder of a file that is opened fill pixels of another mode."""
    image._mode = mode
