"""What renditions a source gets: rules by its key, frozen. `settings.file` reads them; nothing here parses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from resizer.settings import globs

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_WIDTHS = (1000, 640, 480)


class Fit(StrEnum):
    """How a picture fills the box of a rendition."""

    INSIDE = "inside"  # as large as fits the box
    COVER = "cover"  # fills the box, cropped
    CONTAIN = "contain"  # inside, with a background around it


class Effort(StrEnum):
    """How much CPU an encoder may spend."""

    FAST = "fast"  # least CPU
    BALANCED = "balanced"
    SMALL = "small"  # fewest bytes: progressive, slower encoders


@dataclass(frozen=True, slots=True)
class Quality:
    """Encoder quality per lossy format, 1 to 100."""

    jpeg: int = 80
    webp: int = 78
    avif: int = 55


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionSpec:
    """One rendition of a rule; `width` and `height` are the box in pixels, and at least one of them is given.

    `gravity` says what a crop keeps: `center`, a compass point such as `north`, `attention`, or fractions from the left
    and the top. `background` is `#rrggbb` or `#rrggbbaa`; without one it is transparent where the format can, else
    white. `formats` holds `source` for the source's own, or formats by name.
    """

    name: str
    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.INSIDE
    gravity: str | tuple[float, float] = "center"
    background: str | None = None
    formats: tuple[str, ...] = ("source",)
    quality: Quality = field(default_factory=Quality)
    effort: Effort = Effort.BALANCED
    watermark: str | None = None
    enlarge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """A picture that is laid over renditions: `key` is in the source bucket, where no source lies.

    `width` and `margin` are fractions of the rendition's width, `opacity` is 0 to 1.
    """

    key: str
    gravity: str | tuple[float, float] = "southeast"
    width: float = 0.2
    opacity: float = 1.0
    margin: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is made of the sources whose keys match one of the globs; the defaults match every key.

    `formats`, `quality` and `effort` are what a rendition has that says nothing else. `cache_control` is None where
    the source's own is copied. `placeholder` is true wherever `manifest` is.
    """

    match: tuple[str, ...] = ("**",)
    renditions: tuple[RenditionSpec, ...] = ()
    formats: tuple[str, ...] = ("source",)
    quality: Quality = field(default_factory=Quality)
    effort: Effort = Effort.BALANCED
    skip: bool = False
    cache_control: str | None = None
    manifest: bool = False
    placeholder: bool = False

    @classmethod
    def of_widths(
        cls,
        widths: Sequence[int] = DEFAULT_WIDTHS,
        *,
        formats: tuple[str, ...] = ("source",),
        quality: Quality | None = None,
        cache_control: str | None = None,
    ) -> Self:
        """A rule for every key with one rendition for each width in pixels, named by it."""
        rule = cls(formats=formats, quality=quality or Quality(), cache_control=cache_control)
        return rule.with_widths(widths)

    @property
    def writes(self) -> int:
        """The number of objects written for one source."""
        return sum(len(spec.formats) for spec in self.renditions) + self.manifest

    def with_widths(self, widths: Sequence[int]) -> Self:
        """The same rule with plain widths instead of its renditions, and without a manifest."""
        specs = tuple(
            RenditionSpec(name=str(width), width=width, formats=self.formats, quality=self.quality, effort=self.effort)
            for width in widths
        )
        return replace(self, renditions=specs, manifest=False)

    def matches(self, key: str) -> bool:
        """Whether the rule is for a source with this key."""
        return any(globs.matches(glob, key) for glob in self.match)
