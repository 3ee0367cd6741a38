"""What an image may take, decided from its header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resizer.errors import Reason, Rejected
from resizer.formats.animations import MOST_FRAMES
from resizer.memory.plan import MB, memory_needed
from resizer.planning.geometry import decode_eighths, rendition_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.model import Format, Header


@dataclass(frozen=True, slots=True)
class Limits:
    """What an image may take: `pixels` over all frames, and `memory` in bytes beyond what is in use (None: any).

    `reclaim` gives back what is in use without need, and returns how much may be taken then, the same each time.
    `widest` is the widest rendition in pixels and `narrower` are the others, `file_size` is the size of the object in
    bytes, `formats` what renditions are written in beside the source's own, `multiplies_in_place` whether the resampler
    needs no copy for transparency.
    """

    pixels: int
    memory: int | None
    widest: int
    file_size: int
    formats: tuple[Format, ...] = ()
    multiplies_in_place: bool = True
    narrower: tuple[int, ...] = ()
    reclaim: Callable[[], int | None] | None = None

    def check(self, header: Header) -> None:
        """Raise `Rejected`: `too_many_pixels` or `needs_memory`."""
        if header.frames > MOST_FRAMES:
            raise Rejected(Reason.TOO_MANY_PIXELS, f"It has more than {MOST_FRAMES} frames.")
        if header.pixels > self.pixels:
            size = f"{header.width} x {header.height}" + (f" x {header.frames} frames" if header.frames > 1 else "")
            detail = f"{size} pixels are more than RESIZER_MAX_PIXELS allows, {self.pixels}."
            raise Rejected(Reason.TOO_MANY_PIXELS, detail)
        eighths = decode_eighths(header, self.widest)
        sizes = rendition_sizes(header.upright_size, (self.widest, *self.narrower))
        formats = {header.own_format, *self.formats}
        needed = memory_needed(header, eighths, sizes, self.file_size, formats)
        if header.has_transparency and not self.multiplies_in_place:
            needed += header.width * header.height * 4
        memory = self.memory
        if memory is not None and needed > memory and self.reclaim:
            memory = self.reclaim()
        if memory is not None and needed > memory:
            detail = (
                f"{header.width} x {header.height} {header.format} takes {needed / MB:.0f} MB to resize, "
                f"{memory / MB:.0f} MB are left; give the function {(needed - memory) / MB:.0f} MB more."
            )
            raise Rejected(Reason.NEEDS_MEMORY, detail)
