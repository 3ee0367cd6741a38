"""The frozen values that pass from step to step."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

    from resizer.planning.geometry import Placement
    from resizer.settings.rules import RenditionSpec

# Decoding at less than 1.5 times the largest rendition visibly changes the result: 38 dB PSNR instead of 46 to 56 dB
# against a full decode, measured on photos before encoding.
OVERSAMPLING: Final = 1.5
MAX_EXIF_BYTES: Final = 1_048_576  # longer EXIF is not read; valid EXIF fits into a JPEG segment of 64 KB


class Change(StrEnum):
    """What happened to an object."""

    CREATED = "created"
    REMOVED = "removed"
    OTHER = "other"


class Format(StrEnum):
    """A format of renditions, by Pillow's name for it."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    AVIF = "AVIF"


# Extensions of images that can be read. They only matter in file names: the bytes decide a file's format.
IMAGE_EXTENSIONS: Final = frozenset(
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".mpo", ".png", ".apng", ".webp", ".gif", ".avif", ".heic", ".heif",
        ".hif", ".tif", ".tiff", ".bmp", ".dib", ".ico", ".cur", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx",
    }
)  # fmt: skip
# Renditions keep these formats, because all browsers show them.
KEPT: Final = frozenset({Format.JPEG, Format.PNG, Format.WEBP, Format.GIF})


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One object that an event names; `key` is decoded. A field is None if the event does not have it.

    `etag` has no quotes, `size` is in bytes, `sequencer` is a hexadecimal string of varying length. `widths` override
    the settings. `forwarded` marks a record from a function with less memory.
    """

    bucket: str
    key: str
    change: Change = Change.CREATED
    etag: str | None = None
    size: int | None = None
    sequencer: str | None = None
    version_id: str | None = None
    widths: tuple[int, ...] | None = None
    forwarded: bool = False

    @property
    def uri(self) -> str:
        """`s3://bucket/key`, for messages."""
        return f"s3://{self.bucket}/{self.key}"


class CodePoints(NamedTuple):  # faster at a cold start than a dataclass
    """A file's colour space by ITU-T H.273: the numbers of its `primaries`, `transfer` and `matrix`.

    The matrix describes the decoder's output, not the YUV inside the file.
    """

    primaries: int
    transfer: int
    matrix: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """An image's properties: `width` and `height` are in pixels as stored, before `orientation` (EXIF 1 to 8).

    `loop` is how often an animation plays (0: for ever, None: not given). In addition to Pillow's pixels and the
    figures in the format's class, the decoder needs `buffered_bytes` while it decodes, and `held_bytes` until the
    picture is resized. `code_points` describe the colours, perhaps in addition to a profile.
    """

    format: str
    mode: str
    width: int
    height: int
    frames: int = 1
    orientation: int = 1
    has_transparency: bool = False
    loop: int | None = None
    buffered_bytes: int = 0
    held_bytes: int = 0
    code_points: CodePoints | None = None

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels as viewers show it: EXIF orientations 5 to 8 swap them."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    @property
    def own_format(self) -> Format:
        """The default format of renditions: the source's own if all browsers show it, else PNG or JPEG."""
        other = Format.PNG if self.has_transparency else Format.JPEG
        return Format(self.format) if self.format in KEPT else other

    @property
    def pixels(self) -> int:
        """Width x height x frames."""
        return self.width * self.height * self.frames


@dataclass(frozen=True, slots=True)
class Frame:
    """One complete frame of an image; `duration` is in milliseconds, None outside animations.

    `few_colours` marks a PNG with at most 256 colours, most likely a drawing. `crop_box` is the picture's exact width
    and height in pixels, if a decoder that scales down has rounded them up.
    """

    pixels: Image
    duration: float | None = None
    few_colours: bool = False
    crop_box: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What a page shows until the picture has loaded: a ThumbHash in base64, and the main colour as `#rrggbb`.

    The colour is None if the whole picture is transparent.
    """

    thumbhash: str
    color: str | None


@dataclass(frozen=True, slots=True)
class RenditionPlan:
    """One rendition to make: its key, format and layout, and its `spec` from the settings."""

    key: str
    format: Format
    placement: Placement
    spec: RenditionSpec

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.placement.canvas

    def rank(self) -> tuple[int, int, int, str]:
        """Its sort key: width, height, then name, with numbers in numeric order."""
        name = self.spec.name
        return *self.size, int(name) if name.isdecimal() else sys.maxsize, name

    @property
    def content_type(self) -> str:
        """The rendition's `Content-Type`."""
        return f"image/{self.format.lower()}"


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoded rendition, ready to be stored."""

    plan: RenditionPlan
    body: bytes


class StoredRendition(NamedTuple):
    """A rendition in S3: its plan, its size in bytes, whether it is new, and the duration of the upload."""

    plan: RenditionPlan
    size: int
    written: bool = True
    milliseconds: float = 0.0

    def described(self) -> dict[str, Any]:
        """Its fields in answers and in manifests."""
        width, height = self.plan.size
        name = self.plan.spec.name
        return {"name": name, "key": self.plan.key, "width": width, "height": height, "bytes": self.size}
