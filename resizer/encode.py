"""Pixels to the bytes of a file."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from resizer.errors import Reason, Rejected, ResizerError
from resizer.formats.avif_plays import with_plays
from resizer.formats.deflate import deflate_options
from resizer.formats.jpeg_parts.encode import encode_jpeg
from resizer.formats.palette import with_palette
from resizer.model import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from resizer.model import Frame
    from resizer.settings.environment import Quality

# The longest that each format can show a frame, in milliseconds: GIF and PNG count in 16 bits, WebP in 24; its encoder
# rounds where frames begin, so that one may become a millisecond longer.
LONGEST_FRAME: Final = {Format.GIF: 655_350, Format.PNG: 65_535_000, Format.WEBP: (1 << 24) - 2}
MOST_PLAYS: Final = 65_535  # in 16 bits, as GIF and WebP count them
LARGEST_FRACTION: Final = 65_535  # the numerator and the denominator of a PNG's delay
GIF_OPAQUE_FROM: Final = 128  # GIF knows only transparent and opaque


class Encoding:
    """How one picture is written, at all of its sizes and in all formats.

    An animation plays `loop` times (0: for ever, None: once). Files hold `exif` where their format can, and no other
    metadata. `before_each_frame` may raise to end the work.
    """

    def __init__(
        self,
        quality: Quality,
        exif: bytes = b"",
        loop: int | None = None,
        before_each_frame: Callable[[], None] = lambda: None,
    ) -> None:
        self._quality, self._exif, self._loop, self._before_each_frame = quality, exif, loop, before_each_frame

    def encode(self, frames: Sequence[Frame], format_: Format) -> bytes:
        """The picture, or an animation that shows each frame for its duration, as the bytes of a file.

        Where a format cannot show a frame for so long, it shows it for as long as it can. Raises `Rejected`
        `unsupported_format` for what the format's encoder refuses, `needs_memory` where there is no more.
        """
        try:
            return self._encoded(frames, format_)
        except ResizerError:
            raise
        except MemoryError as problem:
            raise Rejected(Reason.NEEDS_MEMORY, f"Writing the {format_} takes more memory than there is.") from problem
        except Exception as problem:  # each encoder has its own
            why = str(problem)[:200] or "its encoder does not say why"
            detail = f"The picture cannot be written as {format_}: {why}."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail) from problem

    def _encoded(self, frames: Sequence[Frame], format_: Format) -> bytes:
        opaque = all(_is_opaque(frame.pixels) for frame in frames)
        pictures = _pictures(frames, format_, self._before_each_frame, opaque=opaque)
        first = next(pictures)
        if format_ is Format.JPEG:
            return encode_jpeg(first, self._quality.jpeg, self._exif)
        options = _options(format_, self._quality)
        if self._exif and format_ is not Format.GIF:
            options["exif"] = self._exif
        if len(frames) > 1:
            options |= _animation(frames, format_, self._loop, opaque=opaque) | {"save_all": True}
            options["append_images"] = list(pictures) if format_ is Format.PNG else pictures  # PNG takes them twice
        if format_ is Format.PNG:
            if frames[0].few_colours and first.mode in {"RGB", "RGBA"}:
                first = with_palette(first)
            options |= deflate_options(first)
        file = _saved(first, format_, options)
        return with_plays(file, options["loop"]) if format_ is Format.AVIF and len(frames) > 1 else file


def _pictures(
    frames: Iterable[Frame], format_: Format, before_each: Callable[[], None], *, opaque: bool
) -> Iterator[Image.Image]:
    """The frames as the format can hold them, one at a time: they may be many."""
    for frame in frames:
        before_each()
        yield _fitted(frame.pixels, format_, opaque=opaque)


def _options(format_: Format, quality: Quality) -> dict[str, Any]:
    """How each format is written; CPU and bytes of three renditions each of seven photos, at their qualities.

    WebP: method 2 takes 340 ms, 0 takes 213 and writes 24 % more, 4 takes 828 and saves 3.5 %.
    AVIF: speed 9 takes 524 ms, 8 takes 1,837 and saves 5 %, 10 is no faster than 9. That is 8 times an optimised JPEG
    and 4 times a progressive one, for 44 % fewer bytes; none of libaom's switches makes it cheaper (14 were tried).
    JPEG: see `resizer.formats.jpeg_parts.encode`. PNG: see `deflate_options`.
    """
    match format_:
        case Format.WEBP:
            return {"quality": quality.webp, "method": 2}
        case Format.AVIF:
            return {"quality": quality.avif, "speed": 9, "max_threads": 1}
        case _:
            return {}


def _saved(image: Image.Image, format_: Format, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def _animation(frames: Sequence[Frame], format_: Format, loop: int | None, *, opaque: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"duration": [_duration(frame.duration or 0, format_) for frame in frames]}
    plays = 1 if loop is None else loop
    if format_ is Format.GIF:
        # Frames that are not opaque must not show the one before through: each is cleared before the next.
        options |= {"disposal": 1 if opaque else 2, "optimize": False}
        # A GIF counts how often it plays again, 0 being for ever, and plays once where it says nothing.
        return options if plays == 1 else {**options, "loop": min(max(plays - 1, 0), MOST_PLAYS)}
    return {**options, "loop": min(plays, MOST_PLAYS)}


def _duration(duration: float, format_: Format) -> float:
    """The nearest time, in milliseconds, that the format can show a frame for."""
    duration = min(duration, LONGEST_FRAME.get(format_, duration))
    if format_ is Format.AVIF:
        return round(duration)
    if (
        format_ is Format.PNG
        and Fraction(duration / 1000).limit_denominator(LARGEST_FRACTION).numerator > LARGEST_FRACTION
    ):
        return round(duration, -3)
    return duration


def _is_opaque(image: Image.Image) -> bool:
    return image.mode != "RGBA" or image.getchannel("A").getextrema() == (255, 255)


def _fitted(image: Image.Image, format_: Format, *, opaque: bool) -> Image.Image:
    """The picture in a mode that the format can hold, with transparency only where there is some."""
    if image.mode != "RGBA":
        return image
    if opaque:
        return image.convert("RGB")
    if format_ is Format.JPEG:
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    if format_ is Format.GIF:
        image = image.copy()
        image.putalpha(image.getchannel("A").point(lambda alpha: 255 if alpha >= GIF_OPAQUE_FROM else 0))
    return image
