"""Loads watermarks from S3 once per Lambda environment, and decodes them like any picture."""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, cast

from resizer.color.srgb import source_colors, to_srgb
from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from resizer.errors import Rejected, SourceGone, StorageError
from resizer.layout.compose import Overlay
from resizer.layout.views import finished
from resizer.memory.encoding import Planned
from resizer.memory.process import available
from resizer.model import Format, SourceObject
from resizer.planning.geometry import whole
from resizer.s3.source import open_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL.Image import Image

    from resizer.deadline import Clock
    from resizer.model import Header, RenditionPlan
    from resizer.s3 import S3
    from resizer.settings import Settings

_pictures: dict[SourceObject, Image] = {}


def load_overlays(
    s3: S3, bucket: str, settings: Settings, clock: Clock, plans: Iterable[RenditionPlan]
) -> dict[str, Overlay]:
    """The watermarks that the plans need, by their names in the settings.

    Raises `StorageError` if one cannot be loaded: the upload is retried until the watermark exists.
    """
    names = {plan.spec.watermark for plan in plans if plan.spec.watermark}
    overlays = {}
    for name in names:
        source = SourceObject(bucket, settings.watermarks[name].key)
        if source not in _pictures:
            _pictures[source] = _fetch(s3, source, settings, clock)
        overlays[name] = Overlay(_pictures[source], settings.watermarks[name])
    return overlays


def _fetch(s3: S3, source: SourceObject, settings: Settings, clock: Clock) -> Image:
    def planned(header: Header) -> list[Planned]:
        return [Planned(whole(header.upright_size, header.upright_size), (Format.PNG,))]

    try:
        with open_source(s3, source, settings.max_bytes, clock.need) as stream:
            limits = Limits(
                max_pixels=settings.max_pixels,
                planned=planned,
                file_size=stream.size,
                memory=available(settings.function_memory),
            )
            image, header = open_image(cast("IO[bytes]", stream), limits)
            colors = source_colors(image.info, header, _ignore)
            frame = next(decode(image, header, (header.width, header.height)))
            return finished(frame.pixels, header, partial(to_srgb, colors=colors, warn=_ignore)).convert("RGBA")
    except (Rejected, SourceGone) as problem:
        raise StorageError(f"The watermark {source.uri} cannot be used: {problem} Upload a picture there.") from problem


def _ignore(_: str) -> None:
    """Ignore warnings about the watermark: they do not belong in each picture's log."""
