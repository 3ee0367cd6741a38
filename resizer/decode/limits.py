"""The limits on an image's pixels and memory, checked by its header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resizer.decode.rejecting import title
from resizer.errors import Reason, Rejected
from resizer.formats.base import MAX_FRAMES
from resizer.memory.plan import MB, memory_needed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resizer.model import Header, RenditionPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on an image: `max_pixels` over all frames, `memory` in bytes on top of what is in use (None: no limit).

    `planned` lays out the renditions for a header, `file_size` is the object's size in bytes. If `multiplies_in_place`,
    the resampler needs no copy of transparent pictures. `reclaim` frees cached memory and returns the available bytes.
    """

    max_pixels: int
    planned: Callable[[Header], Sequence[RenditionPlan]]
    file_size: int
    memory: int | None = None
    multiplies_in_place: bool = True
    reclaim: Callable[[], int | None] | None = None

    def check_pixels(self, header: Header) -> None:
        """Raise `Rejected` `too_many_pixels`."""
        if header.frames > MAX_FRAMES:
            raise Rejected(Reason.TOO_MANY_PIXELS, f"It has more than {MAX_FRAMES} frames.")
        if header.pixels > self.max_pixels:
            size = f"{header.width} x {header.height}" + (f" x {header.frames} frames" if header.frames > 1 else "")
            detail = f"{size} pixels are more than RESIZER_MAX_PIXELS allows, {self.max_pixels}."
            raise Rejected(Reason.TOO_MANY_PIXELS, detail)

    def check(self, header: Header) -> None:
        """Raise `Rejected`: `too_many_pixels` or `needs_memory`."""
        self.check_pixels(header)
        needed = memory_needed(header, planned=self.planned(header), file_size=self.file_size)
        if header.has_transparency and not self.multiplies_in_place:
            needed += header.width * header.height * 4
        memory = self.memory
        if memory is not None and needed > memory and self.reclaim:
            memory = self.reclaim()
        if memory is not None and needed > memory:
            detail = (
                f"{header.width} x {header.height} {title(header.format)} takes {needed / MB:.0f} MB to resize, "
                f"{memory / MB:.0f} MB are left; give the function {(needed - memory) / MB:.0f} MB more."
            )
            raise Rejected(Reason.NEEDS_MEMORY, detail)
