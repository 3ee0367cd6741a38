"""Rules: which renditions a source gets, by its key."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Self

DEFAULT_WIDTHS = (1000, 640, 480)


class Fit(StrEnum):
    """How a picture fills the box of a rendition."""

    INSIDE = "inside"  # fits into the box
    COVER = "cover"  # fills the box, and is cropped
    CONTAIN = "contain"  # fits into the box, with a background around it


class Effort(StrEnum):
    """How much CPU an encoder may spend."""

    FAST = "fast"  # lowest CPU time
    BALANCED = "balanced"
    SMALL = "small"  # smallest files: progressive JPEGs, slower encoders


@dataclass(frozen=True, slots=True)
class Quality:
    """Encoder quality per lossy format, 1 to 100."""

    jpeg: int = 80
    webp: int = 78
    avif: int = 55


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionSpec:
    """One rendition of a rule; `width` and `height` are the box in pixels, and at least one of them is given.

    `gravity` says which part a crop keeps: `center`, a compass point such as `north`, `attention`, or fractions from
    the left and the top. `background` is `#rrggbb` or `#rrggbbaa`; without one it is transparent if the format can be,
    else white. `formats` holds `source` for the source's own, or formats by name.
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
    """A picture that is laid over renditions: `key` is in the source bucket, but is not a source.

    `width` and `margin` are fractions of the rendition's width, `opacity` is 0 to 1.
    """

    key: str
    gravity: str | tuple[float, float] = "southeast"
    width: float = 0.2
    opacity: float = 1.0
    margin: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The renditions of sources whose keys match one of the globs; the defaults match every key.

    Renditions inherit `formats`, `quality` and `effort`. `cache_control` is None if the source's own is copied.
    `placeholder` is true if `manifest` is.
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
    def of_widths(cls, widths: Sequence[int] = DEFAULT_WIDTHS, **fields: Any) -> Self:
        """A rule for every key with one rendition for each width in pixels, named by it."""
        return cls(**fields).with_widths(widths)

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
        return any(glob_matches(glob, key) for glob in self.match)


def glob_matches(glob: str, key: str) -> bool:
    """Whether a key matches a glob: `*`, `?` and `[a-z]` within a folder, `**` across folders; case-sensitive.

    Only slashes divide a key: `a//b` has a folder without a name, and `.` and `..` are names like any other, as they
    are to S3. `photos/**` matches what is in the folder, not a key `photos`. A hostile key takes no longer than its
    length multiplied by the glob's.
    """
    names, parts = key.split("/"), glob.split("/")
    if parts[-1] == "**":
        parts.append("*")
    ends = {0}  # how many names the parts so far can match
    for part in parts:
        if part == "**":
            ends = set(range(min(ends), len(names)))
        else:
            ends = {end + 1 for end in ends if end < len(names) and fnmatchcase(names[end], part)}
        if not ends:
            return False
    return len(names) in ends
