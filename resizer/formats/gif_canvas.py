"""What no frame of a GIF covers is clear, as browsers show it; Pillow paints it in a colour of the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image

if TYPE_CHECKING:
    from PIL.GifImagePlugin import GifImageFile

# What becomes of a frame when its time is over (GIF89a, section 23).
TO_BACKGROUND: Final = 2
TO_PREVIOUS: Final = 3
CLEAR: Final = (0, 0, 0, 0)


def clear_uncovered(image: GifImageFile, *, first: bool, animated: bool) -> None:
    """Clear, after a frame has been loaded, what it leaves uncovered, and what it will leave when its time is over.

    The decoder composes the next frame on that. The first frame of an animation becomes RGBA, and so do the others.
    """
    extent = image.dispose_extent
    if extent is None:
        return
    left, top, right, bottom = extent
    width, height = image.size
    if first and (animated or extent != (0, 0, width, height)):
        canvas = image.convert("RGBA")
        for uncovered in (
            (0, 0, width, top),
            (0, bottom, width, height),
            (0, 0, left, height),
            (right, 0, width, height),
        ):
            canvas.paste(CLEAR, uncovered)
        image.info.pop("transparency", None)  # it has become alpha
        image.im, image._mode = canvas.im, canvas.mode  # noqa: SLF001 # Pillow has no other way to hand it over
    if image.disposal_method == TO_BACKGROUND or (first and image.disposal_method == TO_PREVIOUS):
        image.dispose = Image.new("RGBA", (right - left, bottom - top), CLEAR).im
