"""Encodes pixels as files."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL.Image import Image

from resizer import deadline
from resizer.errors import Reason, Rejected, ResizerError, is_our_fault
from resizer.formats import RENDITIONS
from resizer.formats.base import RenditionFormat, SaveOptions
from resizer.model import Format, Frame, Rendition, RenditionPlan
from resizer.settings.rules import Effort, Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Options that all renditions of one picture share.

    An animation plays `loop` times (0: for ever, None: once). Files contain `exif`, if their format can, and no other
    metadata.
    """

    exif: bytes = b""
    loop: int | None = None

    def encode(
        self, frames: Sequence[Frame], format_: Format, quality: Quality, effort: Effort = Effort.BALANCED
    ) -> bytes:
        """Encode a picture, or an animation that shows each frame for its duration.

        Durations that the format cannot express are shortened to its maximum. Raises `Rejected`: `unsupported_format`
        if the encoder refuses the picture, `needs_memory` if memory runs out. Raises `OutOfTime`.
        """
        rendition = RENDITIONS[format_]
        opaque = all(_is_opaque(frame.pixels) for frame in frames)
        options = SaveOptions(
            quality=getattr(quality, format_.lower(), None),
            effort=effort,
            exif=self.exif,
            plays=1 if self.loop is None else self.loop,
            durations=tuple(frame.duration or 0 for frame in frames),
            opaque=opaque,
            few_colours=len(frames) == 1 and frames[0].few_colours,
        )
        try:
            return rendition.save(self._pictures(frames, rendition, opaque=opaque), options)
        except ResizerError:
            raise
        except MemoryError as problem:
            raise Rejected(
                Reason.NEEDS_MEMORY, f"Writing the {format_} needs more memory than the function has."
            ) from problem
        except Exception as problem:  # each encoder has its own errors
            if is_our_fault(problem):
                raise
            why = str(problem)[:200] or "its encoder does not say why"
            detail = f"The picture cannot be written as {format_}: {why}."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail) from problem

    def _pictures(self, frames: Sequence[Frame], rendition: RenditionFormat, *, opaque: bool) -> Iterator[Image]:
        """Convert the frames to a mode of the format, one at a time, because there may be many."""
        for frame in frames:
            deadline.need()
            yield rendition.fit(frame.pixels, opaque=opaque)


def _is_opaque(image: Image) -> bool:
    return image.mode != "RGBA" or image.getchannel("A").getextrema() == (255, 255)


def encode_each(
    encoding: Encoding, plans: Sequence[RenditionPlan], pictures: Iterable[Sequence[Frame]]
) -> Iterator[Rendition]:
    """Encode each planned rendition in turn; identical ones are encoded once.

    `pictures` are the frames of each plan. Raises the same errors as `Encoding.encode`.
    """
    encoded: dict[object, bytes] = {}
    to_come = Counter(_looks(plan) for plan in plans)
    composed = iter(pictures)
    for plan in plans:
        frames = next(composed)
        deadline.need()
        looks = _looks(plan)
        if looks not in encoded:
            encoded[looks] = encoding.encode(frames, plan.format, plan.spec.quality, plan.spec.effort)
        del frames  # frees them before the next are made
        to_come[looks] -= 1
        yield Rendition(plan, encoded[looks] if to_come[looks] else encoded.pop(looks))


def _looks(plan: RenditionPlan) -> object:
    """Equal for two renditions that have the same bytes."""
    spec = plan.spec
    return plan.placement, plan.format, spec.quality, spec.effort, spec.background, spec.watermark
