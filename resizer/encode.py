"""Pixels to the bytes of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resizer.errors import Reason, Rejected, ResizerError, is_our_fault
from resizer.formats import RENDITIONS
from resizer.formats.base import SaveOptions
from resizer.model import Rendition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from PIL.Image import Image

    from resizer.formats.base import RenditionFormat
    from resizer.model import Format, Frame, RenditionPlan
    from resizer.settings.rules import Quality


def _nothing() -> None:
    """No reason to end the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How one picture is written, at all of its sizes and in all formats.

    An animation plays `loop` times (0: for ever, None: once). Files hold `exif` where their format can, and no other
    metadata. `before_each_frame` may raise to end the work.
    """

    quality: Quality
    exif: bytes = b""
    loop: int | None = None
    before_each_frame: Callable[[], None] = _nothing

    def encode(self, frames: Sequence[Frame], format_: Format) -> bytes:
        """Write the picture, or an animation that shows each frame for its duration, as the bytes of a file.

        A frame that the format cannot show for so long is shown for as long as it can. Raises `Rejected`
        `unsupported_format` for what the format's encoder refuses, `needs_memory` where memory runs out.
        """
        rendition = RENDITIONS[format_]
        opaque = all(_is_opaque(frame.pixels) for frame in frames)
        options = SaveOptions(
            quality=getattr(self.quality, format_.lower(), None),
            exif=self.exif,
            plays=self.loop,
            durations=tuple(frame.duration or 0 for frame in frames),
            opaque=opaque,
            few_colours=len(frames) == 1 and frames[0].few_colours,
        )
        try:
            return rendition.save(self._pictures(frames, rendition, opaque=opaque), options)
        except ResizerError:
            raise
        except MemoryError as problem:
            raise Rejected(Reason.NEEDS_MEMORY, f"Writing the {format_} takes more memory than there is.") from problem
        except Exception as problem:  # each encoder has its own
            if is_our_fault(problem):
                raise
            why = str(problem)[:200] or "its encoder does not say why"
            detail = f"The picture cannot be written as {format_}: {why}."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail) from problem

    def _pictures(self, frames: Sequence[Frame], rendition: RenditionFormat, *, opaque: bool) -> Iterator[Image]:
        """The frames as the format can hold them, one at a time: there may be many."""
        for frame in frames:
            self.before_each_frame()
            yield rendition.fit(frame.pixels, opaque=opaque)


def _is_opaque(image: Image) -> bool:
    return image.mode != "RGBA" or image.getchannel("A").getextrema() == (255, 255)


def encode_each(
    encoding: Encoding, plans: Sequence[RenditionPlan], pictures: Iterable[Sequence[Frame]]
) -> Iterator[Rendition]:
    """Write each planned rendition in turn; those of one size and format share their bytes, kept no longer than needed.

    `pictures` are the frames at the size of each plan. Raises as `Encoding.encode`.
    """
    encoded: dict[tuple[tuple[int, int], Format], bytes] = {}
    to_come = Counter((plan.size, plan.format) for plan in plans)
    sized = iter(pictures)
    for plan in plans:
        frames = next(sized)
        encoding.before_each_frame()
        same = (plan.size, plan.format)
        if same not in encoded:
            encoded[same] = encoding.encode(frames, plan.format)
        del frames  # or they would be held while the next are made
        to_come[same] -= 1
        yield Rendition(plan, encoded[same] if to_come[same] else encoded.pop(same))
