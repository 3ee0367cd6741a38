"""Run a file through the pipeline, and get its rendition or its rejection."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image

from resizer.errors import Reason
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome, Report
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support.memory_s3 import MemoryS3
from tests.support.pictures import opened, photo_like, psnr

CHECKS: Final[dict[str, Callable[[], None]]] = {}  # by the first cell of their row
SEEN: Final[set[Reason]] = set()  # why files were rejected while a check ran
PICTURE: Final = photo_like(120, 90)


def row(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the check of the row with this first cell."""

    def register(check: Callable[[], None]) -> Callable[[], None]:
        assert name not in CHECKS
        CHECKS[name] = check
        return check

    return register


@dataclass(frozen=True, slots=True)
class Rendition:
    """The only rendition of a file: its warnings and its bytes."""

    warnings: tuple[str, ...]
    data: bytes

    @property
    def image(self) -> Image.Image:
        """The rendition, loaded."""
        return opened(self.data)

    @property
    def kind(self) -> str | None:
        """Its format."""
        return self.image.format

    @property
    def frames(self) -> list[tuple[int, ...]]:
        """The colour of each frame's first pixel."""
        image = Image.open(io.BytesIO(self.data))
        colours = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            colours.append(tuple(image.convert("RGBA").tobytes()[:4]))
        return colours

    def is_like(self, picture: Image.Image, least: float = 26) -> bool:
        """Whether its PSNR to a picture of the same size is above `least` dB, both on white."""
        return psnr(*(_on_white(each.convert("RGBA")) for each in (self.image, picture))) > least


def _on_white(picture: Image.Image) -> Image.Image:
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return white.convert("RGB")


def _report(data: bytes, formats: tuple[str, ...], encoding: str | None, settings: Any) -> tuple[Report, MemoryS3]:
    s3, headers = MemoryS3(), {} if encoding is None else {"ContentEncoding": encoding}
    s3.put_object(Bucket="photos", Key="picture.xyz", Body=data, **headers)
    chosen = Settings(defaults=Rule.of_widths((settings.pop("width", 1000),), formats=formats), **settings)
    return process(SourceObject("photos", "picture.xyz"), chosen, s3), s3


def resized(
    data: bytes, *, formats: tuple[str, ...] = ("source",), encoding: str | None = None, **settings: Any
) -> Rendition:
    """The rendition of a file without a telling name, in its own size or `width` pixels wide."""
    report, s3 = _report(data, formats, encoding, settings)
    assert report.outcome is Outcome.RESIZED, report.detail
    (key,) = s3.keys("resized/")
    stored = s3.current("photos", key)
    assert stored is not None
    assert stored.body is not None
    return Rendition(tuple(report.warnings), stored.body)


def rejected(reason: Reason, data: bytes, *, encoding: str | None = None, **settings: Any) -> None:
    """Assert that a file is rejected for this reason and nothing is written, and add the reason to `SEEN`."""
    report, s3 = _report(data, settings.pop("formats", ("source",)), encoding, settings)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, reason), report.detail
    assert not s3.keys("resized/")
    SEEN.add(reason)


def same(one: Rendition, other: Rendition) -> bool:
    """Whether two renditions have the same pixels."""
    first, second = (np.asarray(each.image.convert("RGBA")) for each in (one, other))
    return np.array_equal(first, second)
